"""
The limit of open descriptors: a connection is one, and the usual 1,024 are few.

The soft limit is only a default: raising it to the hard one is every process's
own right. It is inherited, so workers have what their supervisor has.
"""

import contextlib
import resource

FEW = 4_096
"""Fewer connections than that a gateway's own limits can ask for."""


def raise_descriptor_limit() -> int:
    """Allow as many descriptors as the system lets us have, and return how many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        # Some systems say "unlimited" and mean less: then the soft limit stays.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            return hard
    return soft
