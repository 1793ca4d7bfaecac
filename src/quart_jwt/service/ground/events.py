"""
Security events: what an operator wants to know and to keep.

Code reports an event with ``happened``; the audit log and the metrics subscribe, so
that code does not depend on them. An event names a user or a session and never holds a
password, a token or a key.
"""

import logging
from dataclasses import dataclass
from enum import StrEnum

from blinker import NamedSignal
from blinker import Signal
from blinker import signal as named_signal

logger: logging.Logger = logging.getLogger(__name__)


class Kind(StrEnum):
    """
    Every event there is; the value is its stable name in logs and metrics.
    """

    SIGNED_IN = "signed_in"
    SIGN_IN_REFUSED = "sign_in_refused"
    THROTTLED = "throttled"
    REGISTERED = "registered"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - the name of an event
    PASSWORD_CHANGE_REFUSED = "password_change_refused"  # noqa: S105 - the same
    REFRESHED = "refreshed"
    REFRESH_REUSED = "refresh_reused"
    SESSION_ENDED = "session_ended"
    SESSIONS_ENDED = "sessions_ended"
    TOKEN_REVOKED = "token_revoked"  # noqa: S105 - the name of an event
    CLIENT_REFUSED = "client_refused"
    USER_ADDED = "user_added"
    USER_DISABLED = "user_disabled"
    USER_ENABLED = "user_enabled"
    USER_GRANTS_CHANGED = "user_grants_changed"
    USER_REMOVED = "user_removed"
    USER_RENAMED = "user_renamed"
    CLIENT_ADDED = "client_added"
    CLIENT_REMOVED = "client_removed"
    KEY_PUBLISHED = "key_published"
    KEY_RETIRED = "key_retired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """
    One event.

    Attributes:
        kind: What has happened.
        subject: The user that it concerns, if such a user exists: what is typed into
            a name field by mistake is often a password.
        session_id: The session that it concerns, if it is about one.
        reason: Why, in a word of a small set; never what a client has sent.
        key_id: The key that it concerns, if it is about one.
        client: The program with credentials that it concerns, if it is about one.
        actor: The operator, by the name of the system's user, if one did it on the
            command line.
        new_name: What the user is called from now on, if that has changed.
    """

    kind: Kind
    subject: str | None = None
    session_id: str | None = None
    reason: str | None = None
    key_id: str | None = None
    client: str | None = None
    actor: str | None = None
    new_name: str | None = None


security_events: NamedSignal = named_signal("quart-jwt-service-security-events")
"""Sends one ``Event`` as its sender."""

answer_refused: Signal = Signal("Sends the code of each refusal that an app answers.")


def happened(
    kind: Kind,
    *,
    subject: str | None = None,
    session_id: str | None = None,
    reason: str | None = None,
    key_id: str | None = None,
    client: str | None = None,
    actor: str | None = None,
    new_name: str | None = None,
) -> None:
    """Tell everyone who listens; a listener must not block."""
    tell(
        security_events,
        Event(
            kind=kind,
            subject=subject,
            session_id=session_id,
            reason=reason,
            key_id=key_id,
            client=client,
            actor=actor,
            new_name=new_name,
        ),
    )


def tell(signal: Signal, what: object) -> None:
    """
    Tell something to everyone who listens, also after one of them has raised.

    A listener must not decide about a request, and an answer must not say that one
    has failed: it may say whether a name exists.

    Args:
        signal: What they listen to.
        what: Its sender.
    """
    for receiver in signal.receivers_for(what) if signal.receivers else ():
        try:
            receiver(what)
        except Exception:
            logger.exception("A listener to security events or refusals failed")
