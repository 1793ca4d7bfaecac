"""
The schema of the accounts, revision by revision; the rules are the session store's
(``quart_jwt.stores.sql.migrations``).
"""
