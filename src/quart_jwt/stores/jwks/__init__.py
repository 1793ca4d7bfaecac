"""The public keys of other issuers, fetched over HTTP and kept."""
