"""
The states that a token can be in, each by its name.

Not here: the states in which quart-jwt means to differ; they stand in
``test_differences_*.py``.
"""

import json
from itertools import combinations
from typing import Any

from parity.keys import OTHER_SECRET
from parity.keys import SECRET
from parity.mint import ABSENT
from parity.mint import CLAIMS
from parity.mint import HOUR
from parity.mint import mint
from parity.mint import NOW
from parity.mint import REVOKED
from parity.mint import segment
from parity.mint import sign

Changes = dict[str, Any]

SOUND: dict[str, Changes] = {
    "good": {},
    "fresh": {"fresh": True},
    "fresh-until-past": {"fresh": NOW - HOUR},
    "fresh-until-future": {"fresh": NOW + HOUR},
    "fresh-until-float": {"fresh": NOW + HOUR + 0.25},
    "fresh-zero": {"fresh": 0},
    "no-fresh": {"fresh": ABSENT},
    "refresh": {"type": "refresh"},
    "fresh-refresh": {"type": "refresh", "fresh": True},
    "no-type": {"type": ABSENT},
    "revoked": {"jti": REVOKED},
    "no-jti": {"jti": ABSENT},
    "empty-jti": {"jti": ""},
    "no-exp": {"exp": ABSENT},
    "no-iat": {"iat": ABSENT},
    "no-nbf": {"nbf": ABSENT},
    "bare": {n: ABSENT for n in CLAIMS if n != "sub"},
    "float-dates": {"exp": NOW + HOUR + 0.5, "iat": NOW - 60.5, "nbf": NOW - 60.5},
    "epoch-dates": {"iat": 0, "nbf": 0},
    "far-exp": {"exp": 2**53 - 1},
    "no-csrf": {"csrf": ABSENT},
    "other-csrf": {"csrf": "00000000-0000-4000-8000-00000000c5f0"},
    "empty-sub": {"sub": ""},
    "unicode-sub": {"sub": "Zoë 🐍 Ω"},
    "ghost": {"sub": "ghost"},
    "admin": {"role": "admin", "nested": {"list": [1, 2.5, None, {"a": True}]}},
    "user-claim": {"user": "bob"},
    "int-user-claim": {"user": 42, "sub": ABSENT},
    "huge-int": {"n": 10**30},
    "aud": {"aud": "shop"},
    "aud-list": {"aud": ["mail", "shop"]},
    "iss": {"iss": "https://issuer.example"},
    "aud-iss": {"aud": "shop", "iss": "https://issuer.example"},
    "expired-within-leeway": {"exp": NOW - 10},
    "nbf-within-leeway": {"nbf": NOW + 20},
    "no-sub": {"sub": ABSENT},
    "null-sub": {"sub": None},
    "int-sub": {"sub": 42},
    "list-sub": {"sub": ["ann"]},
    "dict-sub": {"sub": {"name": "ann"}},
}
"""Tokens that some configuration accepts, by what differs from a good one."""

FAULTS: dict[str, Changes] = {
    "iat-future": {"iat": NOW + HOUR},
    "nbf-future": {"nbf": NOW + HOUR},
    "expired": {"exp": NOW - HOUR},
    "iat-null": {"iat": None},
    "iat-list": {"iat": [NOW]},
    "nbf-null": {"nbf": None},
    "nbf-dict": {"nbf": {}},
    "exp-null": {"exp": None},
    "exp-list": {"exp": []},
    "iss-wrong": {"iss": "https://issuer.example.evil"},
    "iss-int": {"iss": 3},
    "iss-null": {"iss": None},
    "aud-wrong": {"aud": "sho"},
    "aud-list-wrong": {"aud": ["sh", "op"]},
    "aud-int-list": {"aud": ["shop", 1]},
    "aud-empty": {"aud": ""},
    "aud-empty-list": {"aud": []},
    "aud-dict": {"aud": {"shop": 1}},
    "int-jti": {"jti": 42},
    "null-jti": {"jti": None},
    "list-jti": {"jti": []},
}
"""Claims that are refused at least where their check is configured."""

_PAIRED = (
    *("iat-future", "nbf-future", "expired", "exp-null", "iss-wrong", "aud-wrong"),
    "int-jti",
)
_PAIRED_SOUND = ("no-sub", "int-sub", "other-csrf", "refresh", "revoked", "ghost")


def _pairs() -> dict[str, str]:
    """Tokens with two faults: which one is told shows the order of checks."""
    parts = {name: FAULTS[name] for name in _PAIRED}
    parts |= {name: SOUND[name] for name in _PAIRED_SOUND}
    found: dict[str, str] = {}
    for (one, first), (two, second) in combinations(parts.items(), 2):
        if not first.keys() & second.keys():
            found[f"{one}+{two}"] = mint({**first, **second})
    return found


def _spoiled() -> dict[str, str]:
    """Texts that are no good token whatever the claims are."""
    good = mint()
    header, payload, signature = good.split(".")
    claims = json.dumps(dict(CLAIMS)).encode()
    jose = b'{"alg":"HS256","typ":"JWT"}'

    def signed(head: bytes, body: bytes) -> str:
        return sign(head, body, algorithm="HS256", key=SECRET)

    def headed(**parameters: Any) -> str:
        return mint(header=parameters)

    return {
        "garbage": "garbage",
        "one-dot": f"{header}.{payload}",
        "four-segments": f"{good}.{signature}",
        "five-segments": f"{good}.a.b",
        "dots": "..",
        "leading-dot": f".{payload}.{signature}",
        "no-payload": f"{header}..{signature}",
        "no-signature": f"{header}.{payload}.",
        "bad-header-characters": f"!!!!.{payload}.{signature}",
        "bad-payload-characters": f"{header}.!!!!.{signature}",
        "bad-signature-characters": f"{header}.{payload}.!!!!",
        "odd-header": f"{header}a.{payload}.{signature}",
        "odd-signature": f"{header}.{payload}.{signature[:-2]}",
        "short-signature": f"{header}.{payload}.{signature[:-3]}",
        "plus-and-slash": f"{header}.{payload}.{'+/' * 21}A",
        "other-secret": mint(key=OTHER_SECRET),
        "other-payload": f"{header}.{segment(claims[:-1] + b' }')}.{signature}",
        "other-secret-expired": mint(FAULTS["expired"], key=OTHER_SECRET),
        "HS512": mint(algorithm="HS512"),
        "RS256": mint(algorithm="RS256"),
        "alg-none": f"{segment(jose.replace(b'HS256', b'none'))}.{payload}.",
        "alg-none-signed": headed(alg="none"),
        "alg-None": headed(alg="None"),
        "alg-lower": headed(alg="hs256"),
        "alg-absent": headed(alg=ABSENT),
        "alg-null": headed(alg=None),
        "alg-empty": headed(alg=""),
        "alg-zero": headed(alg=0),
        "alg-list": headed(alg=["HS256"]),
        "alg-dict": headed(alg={}),
        "alg-unknown": headed(alg="XX999"),
        "kid-int": headed(kid=1),
        "kid-null": headed(kid=None),
        "kid-list": headed(kid=[]),
        "header-list": signed(b"[]", claims),
        "header-string": signed(b'"a"', claims),
        "header-null": signed(b"null", claims),
        "header-not-json": signed(b"{", claims),
        "header-empty": signed(b"", claims),
        "payload-list": signed(jose, b"[]"),
        "payload-string": signed(jose, b'"a"'),
        "payload-null": signed(jose, b"null"),
        "payload-number": signed(jose, b"1"),
        "payload-not-json": signed(jose, b'{"sub":'),
        "payload-words": signed(jose, b"not json"),
        "payload-not-utf-8": signed(jose, claims.replace(b"ann", b"ann\xe9")),
        "payload-many-digits": signed(jose, b'{"n":' + b"9" * 4400 + b"}"),
        "header-not-utf-8": signed(jose.replace(b"JWT", b"\xff"), claims),
        "payload-trailing": signed(jose, claims + b"x"),
        "payload-empty": signed(jose, b""),
        "payload-empty-object": signed(jose, b"{}"),
    }


def _headed() -> dict[str, str]:
    """Good tokens with a header that nobody has to mind."""
    headers: dict[str, Changes] = {
        "typ-absent": {"typ": ABSENT},
        "typ-other": {"typ": "at+jwt"},
        "typ-null": {"typ": None},
        "kid": {"kid": "key-1"},
        "kid-path": {"kid": "../../dev/null"},
        "kid-256": {"kid": "k" * 256},
        "extra-header": {"x": [1, {"y": None}]},
    }
    return {name: mint(header=header) for name, header in headers.items()}


def _nested(depth: int) -> str:
    value: Any = "bottom"
    for _ in range(depth):
        value = [value]
    return mint({"deep": value})


ACCEPTABLE: dict[str, str] = {
    **{name: mint(changes) for name, changes in SOUND.items()},
    **_headed(),
    "nested": _nested(20),
    "spaced-json": sign(
        b' {"alg" : "HS256"} ',
        json.dumps(dict(CLAIMS), indent=1).encode(),
        algorithm="HS256",
        key=SECRET,
    ),
    "unescaped-json": sign(
        b'{"alg":"HS256"}',
        json.dumps({**CLAIMS, "sub": "Zoë"}, ensure_ascii=False).encode(),
        algorithm="HS256",
        key=SECRET,
    ),
    "large": mint({"blob": "x" * 5000}),
}
REFUSED: dict[str, str] = {
    **{name: mint(changes) for name, changes in FAULTS.items()},
    **_spoiled(),
}
PAIRS = _pairs()
TOKENS: dict[str, str] = {**ACCEPTABLE, **REFUSED, **PAIRS}
