"""
``python -m quart_jwt``: same as the command ``quart-jwt``.
"""

from quart_jwt.cli import main

if __name__ == "__main__":
    main()
