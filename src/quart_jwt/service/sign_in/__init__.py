"""The sign-in page for browsers, behind a gateway or beside it."""
