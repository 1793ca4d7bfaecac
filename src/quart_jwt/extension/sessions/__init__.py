"""Sessions: sign in, refresh, revoke, list."""
