"""The database of accounts, clients and keys, and its schema."""
