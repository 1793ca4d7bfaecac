"""How often somebody may try: counted per account and per address, in the store."""
