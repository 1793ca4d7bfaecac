"""
The gate: a token that ``verify`` accepted a moment ago is recognised by its text.

There is one gate for each state of the settings and each requirement of a route; it
opens when ``verify`` has accepted a first request under both. It decides nothing: it
finds the note that ``verify`` left on the token's entry in the cache, and compares
what can have changed since, which is the time, the keys of other issuers, and
revocations as the feed in memory has them. Nothing is awaited and nothing is locked,
so it serves any thread. Everything else is left to ``verify``.
"""

from collections.abc import Callable
from collections.abc import Hashable

from quart import Websocket

from quart_jwt.exceptions import JWTExtendedException
from quart_jwt.extension.hooks.loaders import Loaders
from quart_jwt.extension.request.current import SETTINGS
from quart_jwt.extension.request.current import this_app
from quart_jwt.extension.request.current import Verified
from quart_jwt.extension.request.presentation import Credential
from quart_jwt.extension.request.presentation import Presentation
from quart_jwt.extension.request.presentation import presentation_of
from quart_jwt.extension.request.requirement import places_of
from quart_jwt.extension.request.requirement import Requirement
from quart_jwt.extension.request.subject import Subject
from quart_jwt.extension.request.subject import VERIFIED
from quart_jwt.extension.settings.settings import EXEMPT_METHODS
from quart_jwt.extension.settings.settings import Settings
from quart_jwt.tokens.locations import MAX_HEADER_CHARS
from quart_jwt.tokens.verified import Entry

MAX_GATES = 256
"""Gates under one state of the settings; requirements made at run time are not more."""


class Gate:
    """
    Recognises the tokens that meet one requirement.

    Args:
        jwt: The manager: its hooks, its clock.
        settings: The state of the settings.
        requirement: What is asked.
    """

    def __init__(
        self, jwt: Loaders, settings: Settings, requirement: Requirement
    ) -> None:
        hooks, skips = jwt.verifying, requirement.skip_revocation_check
        self._jwt = jwt
        self._hooks = hooks
        self._asks = hooks.any()
        self._key = requirement.key
        self._cache = settings.verified
        self._entries = settings.verified.entries
        self._sessions = None if skips or hooks.blocklist else settings.sessions
        self._identity_claim = settings.identity_claim_key
        self._places = places_of(requirement, settings)
        if "headers" in self._places:
            self._header = settings.header_name.lower()
            self._subprotocol = settings.websocket_subprotocol
            self._scheme = _scheme_prefix(settings)
        if "cookies" in self._places:
            refresh = requirement.refresh
            self._cookie = (
                settings.refresh_cookie_name if refresh else settings.access_cookie_name
            )
            self._protected = settings.cookie_csrf_protect
            self._csrf_methods = settings.csrf_methods

    def is_for(self, jwt: Loaders) -> bool:
        """Whether it was made for this manager and the hooks that it has now."""
        return jwt is self._jwt and jwt.verifying is self._hooks

    def entry_of(self, text: str) -> Entry | None:
        """
        The entry of a token that meets the requirement now; None says nothing.

        Args:
            text: The token, as it was presented.
        """
        entry = self._entries.get(text)
        if entry is None:
            return None
        passed = entry.notes.get(self._key)
        if passed is None or self._jwt.verifying is not self._hooks:
            return None
        since, until, issuer_keys, ref = passed
        if not since <= self._jwt.clock() < until:
            return None
        if issuer_keys is not None and not issuer_keys.counts(entry.token.key):
            return None
        if self._sessions is not None and not self._sessions.is_known_good(ref):
            return None
        entry.used = True
        self._cache.hits += 1
        return entry

    def cookie_in(self, presentation: Presentation) -> str | None:
        """The token in a cookie that needs no more than itself; empty where there is
        no such cookie, and None where ``verify`` has to read it.
        """
        if self._protected and (
            presentation.opens_websocket or presentation.method in self._csrf_methods
        ):
            return None
        try:
            return presentation.cookie(self._cookie) or ""
        except JWTExtendedException:
            return None


class RequestGate(Gate):
    """
    A gate for requests and websocket handshakes.

    It reads the header itself, for that is what most requests carry, and only the
    plain spelling: the scheme, one blank, the token, in the only header of that name.

    Args:
        jwt: The manager.
        settings: The state of the settings.
        requirement: What the route asks.
    """

    def recognise(self, subject: Subject) -> Verified | Credential | None:
        """What ``recognise`` gives, for this gate's requirement."""
        for place in self._places:
            if place == "headers":
                text = self._header_in(subject)
            elif place == "cookies":
                text = self.cookie_in(presentation_of(subject))
            else:  # the other places take parsing anyway
                return None
            if text is None:
                return None
            if text:
                entry = None if self._asks else self.entry_of(text)
                if entry is not None:
                    return Verified(entry.token, place, self._identity_claim)
                return Credential(text, place) if _is_one_word(text) else None
        return None

    def _header_in(self, subject: Subject) -> str | None:
        """The same for the header."""
        wanted, length, scheme = self._header, len(self._header), self._scheme
        text = ""
        # The request's own headers, which the app may have changed.
        for name, value in subject.headers:
            if len(name) == length and name.lower() == wanted:
                if text or scheme is None or not value.startswith(scheme):
                    return None
                text = value[len(scheme) :]
                if not text:
                    return None
        if not text and self._subprotocol and isinstance(subject, Websocket):
            return None  # the handshake may carry the token there, as the header's
        return text


def _is_one_word(text: str) -> bool:
    """Whether the header's grammar leaves nothing to read in it."""
    return text.split() == [text] and "," not in text and len(text) < MAX_HEADER_CHARS


def _scheme_prefix(settings: Settings) -> str | None:
    """What stands before a token in its header; None for a scheme that is no word."""
    scheme = settings.header_type
    if not scheme:
        return ""
    is_word = scheme.split() == [scheme] and "," not in scheme and scheme.isascii()
    return f"{scheme} " if is_word else None


def open_gate(
    jwt: Loaders, settings: Settings, name: Hashable, make: Callable[[], Gate]
) -> None:
    """
    Recognise from now on what ``verify`` accepts.

    Args:
        jwt: The manager; keys that a hook gives are for the hook to give each time.
        settings: The state of the settings under which it has accepted something.
        name: Whose gate it is.
        make: Makes the gate, unless it is open.
    """
    gate = settings.gates.get(name)
    if jwt.verifying.key is not None or (gate is not None and gate.is_for(jwt)):
        return
    if len(settings.gates) >= MAX_GATES:
        settings.gates.clear()
    settings.gates[name] = make()


def recognise(
    subject: Subject, requirement: Requirement
) -> Verified | Credential | None:
    """
    Let a request pass that its gate recognises, without awaiting anything.

    Args:
        subject: The current request or handshake.
        requirement: What the route asks.

    Returns:
        What the request may rely on from now on. Otherwise ``verify`` has to be asked:
        with the credential, if the gate could read it, or with the request.
    """
    app = this_app()
    followed = app.extensions.get(SETTINGS)
    if followed is None or subject.method in EXEMPT_METHODS:
        return None
    gate = followed(app.config).gates.get(requirement.key)
    if gate is None:
        return None
    found: Verified | Credential | None = gate.recognise(subject)
    if isinstance(found, Verified):
        subject.__dict__[VERIFIED] = found
    return found
