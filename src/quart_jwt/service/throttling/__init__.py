"""Throttling: attempts are counted per account and per address, in the store."""
