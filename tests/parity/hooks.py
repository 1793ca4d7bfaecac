"""
The hooks of an app, each set by its name; all plain ``def``.

They are written once and know their side only through its kit.
"""

from collections.abc import Callable
from typing import Any

import jwt

from parity.case import Kit
from parity.keys import OTHER_SECRET
from parity.keys import PAIRS
from parity.keys import SECRET
from parity.mint import REVOKED

Json = dict[str, Any]
Install = Callable[[Any, Kit], None]

SYMMETRIC_ONLY = ("keyed", "all-fifteen")
"""Hooks that give a secret whatever the algorithm is."""

_HOOKED_LOADERS = (
    ("token_in_blocklist_loader", "blocklist"),
    ("token_verification_loader", "verification"),
    ("user_lookup_loader", "lookup"),
    ("decode_key_loader", "decode-key"),
)


def _is_revoked(header: Json, payload: Json) -> bool:
    return bool(payload["jti"] == REVOKED)


def _is_admin(header: Json, payload: Json) -> bool:
    return payload.get("role") == "admin"


def _user(header: Json, payload: Json) -> Json | None:
    """The user, who tells what the look-up was given."""
    if payload.get("sub") == "ghost":
        return None
    return {"name": payload.get("sub"), "header": header, "payload": payload}


def _key_by_id(header: Json, payload: Json) -> str:
    return OTHER_SECRET if header.get("kid") == "key-1" else SECRET


def _nothing(manager: Any, kit: Kit) -> None:
    """No hook at all."""


def _working(manager: Any, kit: Kit) -> None:
    """A blocklist and a user look-up, as most apps have them."""
    manager.token_in_blocklist_loader(_is_revoked)
    manager.user_lookup_loader(_user)


def _verifying(manager: Any, kit: Kit) -> None:
    """All three questions at once: what is asked first shows."""
    _working(manager, kit)
    manager.token_verification_loader(_is_admin)


def _keyed(manager: Any, kit: Kit) -> None:
    """Keys by the identity on issue, by ``kid`` on decode."""
    manager.decode_key_loader(_key_by_id)
    manager.encode_key_loader(lambda who: OTHER_SECRET if who == "bob" else SECRET)
    manager.additional_headers_loader(
        lambda who: {"kid": "key-1"} if who == "bob" else {}
    )


def _adding(manager: Any, kit: Kit) -> None:
    """Claims, headers and an identity made from the object given."""
    manager.additional_claims_loader(lambda who: {"from": "loader", "who": str(who)})
    manager.additional_headers_loader(lambda _who: {"from": "loader", "typ": "at+jwt"})
    manager.user_identity_loader(lambda who: f"id-{who}")


def _overriding(manager: Any, kit: Kit) -> None:
    """Claims that replace those which every token has."""
    manager.additional_claims_loader(
        lambda _who: {
            "jti": "fixed",
            "type": "odd",
            "fresh": True,
            "exp": 4_000_000_000,
        }
    )


def _telling(manager: Any, kit: Kit) -> None:
    """Every answer replaced: each has its own status and tells what it was given."""
    _verifying(manager, kit)

    def judged(status: int) -> Callable[[Json, Json], Any]:
        def tell(header: Json, payload: Json) -> Any:
            return kit.jsonify(status=status, header=header, payload=payload), status

        return tell

    def reasoned(status: int) -> Callable[[str], Any]:
        return lambda reason: ({"status": status, "reason": reason}, status)

    manager.expired_token_loader(judged(460))
    manager.needs_fresh_token_loader(judged(461))
    manager.revoked_token_loader(judged(462))
    manager.user_lookup_error_loader(judged(463))
    manager.token_verification_failed_loader(judged(464))
    manager.invalid_token_loader(reasoned(465))
    manager.unauthorized_loader(reasoned(466))


def _all_fifteen(manager: Any, kit: Kit) -> None:
    """Every loader there is."""
    _telling(manager, kit)
    _keyed(manager, kit)
    _adding(manager, kit)


def _broken_answers(manager: Any, kit: Kit) -> None:
    """Answers that cannot be made."""
    _working(manager, kit)

    def fail(*given: Any) -> Any:
        raise RuntimeError("the answer cannot be made")

    manager.expired_token_loader(fail)
    manager.revoked_token_loader(fail)
    manager.invalid_token_loader(fail)
    manager.unauthorized_loader(fail)


def _plain_answers(manager: Any, kit: Kit) -> None:
    """Answers in the other forms that a view may return."""
    _working(manager, kit)
    manager.expired_token_loader(lambda _header, _payload: "expired")
    manager.invalid_token_loader(lambda reason: (reason, 418, {"X-Reason": "bad"}))
    manager.unauthorized_loader(lambda reason: kit.jsonify([reason]))
    manager.revoked_token_loader(lambda _header, payload: ["revoked", payload])


def _giving(loader: str, value: Any) -> Install:
    def install(manager: Any, kit: Kit) -> None:
        getattr(manager, loader)(lambda _header, _payload: value)

    return install


def _raising(loader: str, make: Callable[[Kit], Exception]) -> Install:
    def install(manager: Any, kit: Kit) -> None:
        def fail(header: Json, payload: Json) -> Any:
            raise make(kit)

        getattr(manager, loader)(fail)

    return install


_VALUES: dict[str, Any] = {
    "none": None,
    "true": True,
    "false": False,
    "zero": 0,
    "text": "yes",
    "empty": "",
    "list": [0],
}
GIVING: dict[str, Install] = {
    f"{name}-gives-{value_name}": _giving(loader, value)
    for loader, name in _HOOKED_LOADERS
    for value_name, value in _VALUES.items()
    if name != "decode-key"
}
"""Hooks with constant results, of which only some are what is asked for."""

_ERRORS: dict[str, Callable[[Kit], Exception]] = {
    "connection-error": lambda _kit: ConnectionError("the store is away"),
    "key-error": lambda _kit: KeyError("x"),
    "pyjwt-error": lambda _kit: jwt.InvalidTokenError("by the hook"),
    "revoked": lambda kit: _error(kit, "RevokedTokenError", {"h": 1}, {"p": 2}),
    "user-error": lambda kit: _error(kit, "UserLookupError", "gone", {}, {"sub": 1}),
    "csrf": lambda kit: _error(kit, "CSRFError", "by the hook"),
    "decode": lambda kit: _error(kit, "JWTDecodeError", "by the hook"),
}


def _error(kit: Kit, name: str, *arguments: Any) -> Exception:
    error = getattr(kit.exceptions, name)(*arguments)
    assert isinstance(error, Exception)
    return error


RAISING: dict[str, Install] = {
    f"{name}-raises-{error_name}": _raising(loader, make)
    for loader, name in _HOOKED_LOADERS
    for error_name, make in _ERRORS.items()
}
"""Hooks that fail, with errors of their own and with the extension's."""

WHOLE: dict[str, Install] = {
    "none": _nothing,
    "working": _working,
    "verifying": _verifying,
    "keyed": _keyed,
    "adding": _adding,
    "overriding": _overriding,
    "telling": _telling,
    "all-fifteen": _all_fifteen,
    "broken-answers": _broken_answers,
    "plain-answers": _plain_answers,
}


def _awaited(loader: str, value: Any) -> Install:
    """A hook that is ``async def``, under Flask-JWT-Extended never awaited."""

    def install(manager: Any, kit: Kit) -> None:
        async def hook(header: Json, payload: Json) -> Any:
            return value

        getattr(manager, loader)(hook)

    return install


def _awaited_answer(manager: Any, kit: Kit) -> None:
    async def answer(reason: str) -> Any:
        return {"reason": reason}, 499

    manager.unauthorized_loader(answer)


def _pem_for_rsa(manager: Any, kit: Kit) -> None:
    """The public key for RS256 tokens, the secret for all others."""
    manager.decode_key_loader(
        lambda header, _payload: (
            PAIRS["RS256"][1] if header.get("alg") == "RS256" else SECRET
        )
    )


SHARED_CLAIMS: Json = {"from": "loader"}
SHARED_HEADERS: Json = {"from": "loader"}


def _pairing(manager: Any, kit: Kit) -> None:
    """A loader that gives pairs."""
    manager.additional_claims_loader(lambda who: [("from", "loader"), ("who", who)])


def _sharing(manager: Any, kit: Kit) -> None:
    """Loaders that give the same dict each time."""
    manager.additional_claims_loader(lambda _who: SHARED_CLAIMS)
    manager.additional_headers_loader(lambda _who: SHARED_HEADERS)


ODD: dict[str, Install] = {
    "verification-awaits-false": _awaited("token_verification_loader", value=False),
    "lookup-awaits-none": _awaited("user_lookup_loader", value=None),
    "blocklist-awaits-false": _awaited("token_in_blocklist_loader", value=False),
    "unauthorized-awaits": _awaited_answer,
    "pem-for-rsa": _pem_for_rsa,
    "sharing": _sharing,
    "pairing": _pairing,
    **{
        f"decode-key-gives-{name}": _giving("decode_key_loader", value)
        for name, value in _VALUES.items()
    },
    **{
        f"{name}-raises-no-authorization": _raising(
            loader, lambda kit: _error(kit, "NoAuthorizationError", "by the hook")
        )
        for loader, name in _HOOKED_LOADERS
    },
}
"""What the two sides mean differently; in no matrix."""

HOOKS: dict[str, Install] = {**ODD, **WHOLE, **GIVING, **RAISING}
