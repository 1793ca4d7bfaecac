"""
The current request or websocket: its credential and what verifying it gave.
"""
