"""
Create, decode and set tokens: Flask-JWT-Extended's functions and their awaitable twins.
"""
