"""A row of the capacity table, measured on the real service."""

from quart_jwt.service.load.capacity import KINDS
from quart_jwt.service.load.capacity import measure
from quart_jwt.service.load.capacity import table
from quart_jwt.service.load.connections import Address
from quart_jwt.service.load.run import Plan
from quart_jwt.service.load.run import Target
from quart_jwt.service.load.shipped import shipped
from quart_jwt.service.load.thresholds import Thresholds
from quart_jwt.service.load.users import made_users


async def test_each_kind_is_measured() -> None:
    """Rates and memory; the first rates are low, and any machine meets them."""
    plan = Plan(
        kind="visit",
        rate=None,
        first_rate=None,
        duration_s=0.2,
        sessions=2,
        timeout_s=120,
        thresholds=Thresholds(p99_ms=120_000, errors_percent=0),
        max_stages=1,
    )
    lines: list[str] = []
    users = made_users(2)
    with shipped(users, workers=1, given={}) as service:
        where = Address.of(service.url)
        target = Target(address=where, users=users, process=service.process)
        capacity = await measure(plan, target, "SQLite", lines.append)

    assert all(capacity.rates[kind] for kind in KINDS)
    assert (capacity.worker_bytes or 0) > 0
    assert capacity.held_bytes is not None
    assert len(lines) == 2 * len(KINDS)


def test_the_table_is_markdown() -> None:
    """A rate that the generator limited, and a kind that met no threshold."""
    row = {
        "store": "Redis",
        "workers": 2,
        "rates": {"login": None, "refresh": 900.4, "protected": 2000, "verify": 5000},
        "limited_by_generator": ["verify"],
        "worker_bytes": 95 * 1024 * 1024,
        "held_bytes": None,
    }
    *_, line = table([row]).splitlines()

    assert line == "| Redis | 2 | none | 900 | 2,000 | ≥ 5,000 | 95 MiB | - |"
