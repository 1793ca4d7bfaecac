"""Processes and sockets: how the application meets its clients."""
