"""
The capacity table: ``quart-jwt load --capacity`` on SQLite, PostgreSQL and Redis.

``python -m benchmarks.capacity`` writes ``benchmarks/results/capacity.json`` and prints
the table of ``docs/operate/load-testing.md``. Nothing else should run meanwhile.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from datetime import datetime
from datetime import UTC
from pathlib import Path
from typing import Any

from benchmarks.store_servers import store
from benchmarks.store_servers import STORES
from quart_jwt.service.load.capacity import table

RESULTS = Path(__file__).parent / "results" / "capacity.json"
P99_MS = 50
STEP_S = 2.0
"""Seconds at each rate: at most ten rates for each of twelve figures, in 10 minutes."""


def main() -> None:
    """Measure the stores and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stores", nargs="+", choices=STORES, default=STORES)
    parser.add_argument("--step", type=float, default=STEP_S, metavar="SECONDS")
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--p99", type=float, default=P99_MS, metavar="MS")
    options = parser.parse_args()
    rows = [_row(name, options.step, options.p99) for name in options.stores]
    date = f"{datetime.now(UTC):%Y-%m-%d}"
    value = {"date": date, "p99_ms": options.p99, "rows": rows}
    options.out.write_text(json.dumps(value, indent=2) + "\n", "utf-8")
    sys.stdout.write(table(rows))


def _row(name: str, step_s: float, p99_ms: float) -> Any:
    with store(name) as url, tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "row.json"
        settings = {
            "sqlite": [],
            "postgresql": ["--set", f"DATABASE_URL={url}"],
            "redis": ["--set", f"STORE_URL={url}"],
        }[name]
        if name == "postgresql":  # the load test changes no schema by itself
            _upgrade(url)
        subprocess.run(  # noqa: S603 - our own command
            [
                *(sys.executable, "-m", "quart_jwt", "load"),
                *("--capacity", name, "--json", str(path), *settings),
                *("--p99", str(p99_ms), "--duration", str(step_s)),
            ],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        return json.loads(path.read_text("utf-8"))


def _upgrade(url: str) -> None:
    """Create the tables of the service."""
    subprocess.run(
        (sys.executable, "-m", "quart_jwt", "db", "upgrade"),
        env={
            **os.environ,
            "QUART_JWT_DATABASE_URL": url,
            "QUART_JWT_MODE": "production",
        },
        check=True,
        stdout=subprocess.DEVNULL,
    )


if __name__ == "__main__":
    main()
