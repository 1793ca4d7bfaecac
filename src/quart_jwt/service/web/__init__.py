"""What each request means, and what each error answers."""
