"""A store as an application uses it: with deadlines, followed, and purged."""
