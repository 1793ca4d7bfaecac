"""
The terminal, for password prompts.
"""

import os
import sys

CONTROLLING = "/dev/tty"
"""What ``getpass`` asks at, wherever standard input comes from."""


def has_terminal() -> bool:
    """Whether ``getpass`` can ask without showing what is typed."""
    if sys.stdin is not None and sys.stdin.isatty():
        return True
    try:
        os.close(os.open(CONTROLLING, os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True
