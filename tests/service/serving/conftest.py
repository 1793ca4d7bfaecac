"""What serves connections is tested on each event loop."""

import pytest

from event_loops import ASYNCIO
from event_loops import EACH
from event_loops import Factories

ON_EACH_LOOP = frozenset(
    {
        "test_draining.py",
        "test_heartbeat.py",
        "test_http1.py",
        "test_listeners.py",
        "test_server.py",
        "test_worker.py",
    }
)


def pytest_asyncio_loop_factories(item: pytest.Item) -> Factories:
    """Run the tests of some modules twice."""
    return EACH if item.path.name in ON_EACH_LOOP else ASYNCIO
