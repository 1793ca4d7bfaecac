"""
What an operator sees of the service, and who else may see it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from quart_jwt.building_blocks import LOOPBACK
from quart_jwt.building_blocks import trusted_peers
from quart_jwt.service.settings.environment import Reading

LogFormat = Literal["text", "json"]

LOG_FORMAT = "LOG_FORMAT"
LOG_VERIFIED = "LOG_VERIFIED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Observability:
    """
    Metrics, logs and the audit log.

    Attributes:
        metrics_from: Addresses and networks that may read ``/metrics``; empty for
            nobody.
        log_format: How a log line is written.
        log_verified: Whether the access log has a gateway's questions that were
            answered 200.
        audit_log: The file of the audit log; None for standard error.
    """

    metrics_from: tuple[str, ...] = LOOPBACK
    log_format: LogFormat = "text"
    log_verified: bool = False
    audit_log: Path | None = None


def read_observability(reading: Reading) -> Observability:
    """Read the settings of this group; faults are left with the reading."""
    log_format = reading.text(LOG_FORMAT, shown="text") or "text"
    if log_format not in {"text", "json"}:
        reading.fault(LOG_FORMAT, "must be text or json")
    return Observability(
        metrics_from=_metrics_from(reading),
        log_format="json" if log_format == "json" else "text",
        log_verified=reading.flag(LOG_VERIFIED, default=False),
        audit_log=read_audit_log(reading),
    )


def read_audit_log(reading: Reading) -> Path | None:
    """Read where the audit log is."""
    text = reading.text("AUDIT_LOG", shown="standard error")
    return None if text is None else Path(text)


def log_format_of(environ: Mapping[str, str]) -> LogFormat:
    """
    Return how log lines are written, for who configures logging before settings are
    read; what is wrong counts as text here, and is refused by ``read_observability``.
    """
    return "json" if Reading(environ).text(LOG_FORMAT) == "json" else "text"


def logs_verified(environ: Mapping[str, str]) -> bool:
    """Return whether ``log_verified`` is set; see ``log_format_of``."""
    return Reading(environ).flag(LOG_VERIFIED, default=False)


def _metrics_from(reading: Reading) -> tuple[str, ...]:
    text = reading.text("METRICS_FROM", shown=",".join(LOOPBACK))
    if text is None:
        return LOOPBACK
    if text.lower() == "none":
        return ()
    peers = tuple(part.strip() for part in text.split(","))
    try:
        trusted_peers(peers)
    except ValueError:
        reading.fault(
            "METRICS_FROM",
            "must be addresses or networks, separated by commas, or none",
        )
    return peers
