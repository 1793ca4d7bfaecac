"""A small run, made up, in which the interesting figures are known."""

from typing import Any

from benchmarks.contenders import families
from benchmarks.contenders import WAITING
from benchmarks.crowd import SIZES
from benchmarks.served import cases
from benchmarks.store_servers import STORES


def sample(**figures: float) -> dict[str, float]:
    """One round of one contender."""
    plain = {
        "requests": 1_000.0,
        "requests_per_s": 1_000.0,
        "p50_ms": 1.0,
        "p99_ms": 2.0,
        "cpu_us": 100.0,
        "busy": 1.0,
        "failed": 0.0,
    }
    return {**plain, **figures}


def storm(**figures: float) -> dict[str, float]:
    """One round of a storm."""
    plain = {
        "quiet_p50_ms": 1.0,
        "quiet_p99_ms": 2.0,
        "storm_p50_ms": 1.0,
        "storm_p99_ms": 3.0,
        "quiet_lag_p99_ms": 1.0,
        "quiet_lag_max_ms": 2.0,
        "lag_p99_ms": 5.0,
        "lag_max_ms": 9.0,
        "logins_per_s": 40.0,
        "failed": 0.0,
    }
    return {**plain, **figures}


def findings() -> dict[str, Any]:
    """A run of two rounds in which everybody is equal."""
    contenders = [one for each in families(every_server=True).values() for one in each]
    return {
        "name": "made up",
        "machine": {"cpus": "2"},
        "plan": {
            "laps": 1,
            "rounds": 2,
            "slice_s": 1,
            "connections": 32,
            "wait_connections": 1_000,
        },
        "notes": ["nothing was measured"],
        "served": {case.key: [sample(), sample()] for case in cases()},
        "crowd": {
            str(size): sample(
                logins=9.0, not_ready=0.0, asked_ready=80.0, p99_ms_after=2.0
            )
            for size in SIZES
        },
        "served_idle": {
            store: {"busy": 0.004, "worker_mib": 80.0, "keeper_mib": 24.0}
            for store in STORES
        },
        "throughput": {one.key: [sample(), sample()] for one in contenders},
        "store_wait": {one.key: [sample(), sample()] for one in WAITING},
        "storms": {"argon2": [storm(), storm()], "rsa": [storm(), storm()]},
        "idle": {
            "idle@hypercorn": {
                "connections": 10_000.0,
                "opened_s": 1.0,
                "before_mib": 50.0,
                "after_mib": 250.0,
                "kib_each": 20.5,
            }
        },
        "distinct": {
            "tokens": 1_000_000.0,
            "before_mib": 50.0,
            "after_mib": 80.0,
            "grown_mib": 30.0,
            "entries": 9_000.0,
            "bytes": 16_000.0,
            "max_bytes": 16_000.0,
        },
        "micro": {
            name: {"median_us": 10.0, "min_us": 9.0, "max_us": 11.0}
            for name in (
                "ours: verify, warm",
                "ours: decode_token, warm",
                "ours: decode_token, first sight",
                "ours: refusal, forged",
                "ours: refusal, 8 KiB of garbage",
                "PyJWT: decode",
                "Flask-JWT-Extended: decode_token",
                "joserfc: decode and validate",
                "ours: create_access_token",
                "ours: create_access_token_async",
                "ours: create_token_pair",
                "Flask-JWT-Extended: create_access_token",
                "Flask-JWT-Extended: both tokens",
            )
        },
        "added": {"bare": 100.0, "unprotected": 100.1, "protected": 104.0},
    }
