"""
What the report names in Python code, one subject a module.

A check reads a file as it is now, before or after the imports have changed, and gives
the same findings for both.
"""
