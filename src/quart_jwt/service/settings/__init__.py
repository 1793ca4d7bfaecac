"""What an operator wants: read once, checked as a whole."""
