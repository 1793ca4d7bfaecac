"""
Requests: how a token travels, the right and the wrong ways.

A carrier follows the names that a configuration gives to headers, cookies,
arguments and keys, so that the token arrives where the app looks for it.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote
from urllib.parse import urlencode

from parity.case import Request
from parity.configs import CONFIGS
from parity.mint import CSRF

JSON = ("Content-Type", "application/json")
FORM = ("Content-Type", "application/x-www-form-urlencoded")

_DEFAULTS = {
    "JWT_HEADER_NAME": "Authorization",
    "JWT_HEADER_TYPE": "Bearer",
    "JWT_ACCESS_COOKIE_NAME": "access_token_cookie",
    "JWT_REFRESH_COOKIE_NAME": "refresh_token_cookie",
    "JWT_ACCESS_CSRF_HEADER_NAME": "X-CSRF-TOKEN",
    "JWT_REFRESH_CSRF_HEADER_NAME": "X-CSRF-TOKEN",
    "JWT_ACCESS_CSRF_FIELD_NAME": "csrf_token",
    "JWT_REFRESH_CSRF_FIELD_NAME": "csrf_token",
    "JWT_QUERY_STRING_NAME": "jwt",
    "JWT_QUERY_STRING_VALUE_PREFIX": "",
    "JWT_JSON_KEY": "access_token",
    "JWT_REFRESH_JSON_KEY": "refresh_token",
}


def option(config: str, name: str) -> Any:
    """What an option is in a configuration."""
    return CONFIGS[config].get(name, _DEFAULTS.get(name))


def _kind(*, refresh: bool) -> str:
    return "REFRESH" if refresh else "ACCESS"


def header(config: str, token: str) -> Request:
    """The token in the authorization header."""
    scheme = option(config, "JWT_HEADER_TYPE")
    value = f"{scheme} {token}" if scheme else token
    return Request(headers=((option(config, "JWT_HEADER_NAME") or "A", value),))


def cookie(config: str, token: str, *, refresh: bool = False) -> Request:
    """The token in its cookie, without a CSRF value."""
    name = option(config, f"JWT_{_kind(refresh=refresh)}_COOKIE_NAME")
    return Request(headers=(("Cookie", f"{name}={token}"),))


def query(config: str, token: str) -> Request:
    """The token in the query string."""
    prefix = option(config, "JWT_QUERY_STRING_VALUE_PREFIX")
    name = option(config, "JWT_QUERY_STRING_NAME")
    return Request(query=urlencode({name: prefix + token}))


def body(config: str, token: Any, *, refresh: bool = False) -> Request:
    """The token in a JSON body."""
    name = option(config, "JWT_REFRESH_JSON_KEY" if refresh else "JWT_JSON_KEY")
    content = json.dumps({name: token}).encode()
    return Request(method="POST", headers=(JSON,), body=content)


def carry(location: str, config: str, token: str, *, refresh: bool = False) -> Request:
    """The token at a location."""
    if location == "headers":
        return header(config, token)
    if location == "cookies":
        return cookie(config, token, refresh=refresh)
    if location == "query_string":
        return query(config, token)
    return body(config, token, refresh=refresh)


def together(*requests: Request) -> Request:
    """One request that carries what all of these carry."""
    whole = Request()
    for part in requests:
        whole = Request(
            method=part.method if part.method != "GET" else whole.method,
            headers=whole.headers + part.headers,
            query=part.query or whole.query,
            body=part.body or whole.body,
        )
    return whole


def header_values(token: str) -> dict[str, str]:
    """Values of an authorization header, by what is odd about them."""
    return {
        "good": f"Bearer {token}",
        "JWT": f"JWT {token}",
        "bare": token,
        "word-only": "Bearer",
        "word-and-space": "Bearer ",
        "double-space": f"Bearer  {token}",
        "tab": f"Bearer\t{token}",
        "leading-space": f"  Bearer {token}  ",
        "extra-word": f"Bearer {token} extra",
        "two-bearers": f"Bearer {token}, Bearer {token}",
        "two-bearers-tight": f"Bearer {token},Bearer {token}",
        "basic-first": f"Basic dXNlcjpw, Bearer {token}",
        "basic-last": f"Bearer {token}, Basic dXNlcjpw",
        "basic-only": "Basic dXNlcjpwYXNz",
        "trailing-comma": f"Bearer {token},",
        "leading-comma": f",Bearer {token}",
        "many-commas": f",,Bearer {token},,,",
        "inner-commas": f"Basic x,,, Bearer {token}",
        "comma-no-space": f"Basic x,Bearer {token}",
        "comma-spaces": f"Basic x,   Bearer {token}",
        "comma-only": ",",
        "space-between": f"Basic x, ,Bearer {token}",
        "empty": "",
        "prefixed-word": f"Bearer{token}",
        "colon": f"Bearer: {token}",
        "quoted": f'Bearer "{token}"',
        "latin-1": f"Bearer {token}\u00e9",
        "latin-1-scheme": f"B\u00e9arer {token}",
    }


def query_strings(name: str, token: str) -> dict[str, str]:
    """Query strings, by what is odd about them."""
    return {
        "good": f"{name}={token}",
        "absent": "",
        "empty": f"{name}=",
        "no-value": name,
        "other": f"x={token}",
        "upper": f"{name.upper()}={token}",
        "first-of-two": f"{name}={token}&{name}=garbage",
        "second-of-two": f"{name}=garbage&{name}={token}",
        "empty-first": f"{name}=&{name}={token}",
        "bearer": f"{name}=Bearer%20{token}",
        "bearer-plus": f"{name}=Bearer+{token}",
        "bearer-lower": f"{name}=bearer%20{token}",
        "prefix-only": f"{name}=Bearer%20",
        "space": f"{name}=%20{token}",
        "among": f"a=1&{name}={token}&b=2",
        "encoded": f"{name}={quote(token, safe='').replace('.', '%2E')}",
        "not-utf-8": f"{name}=%ff{token}",
        "unicode": f"{name}=%C3%A9{token}",
        "semicolon": f"a=1;{name}={token}",
    }


def json_requests(name: str, token: str) -> dict[str, Request]:
    """Requests with a JSON body, or nearly, by what is odd about them."""
    good = json.dumps({name: token}).encode()

    def sent(content: bytes, mimetype: str | None = "application/json") -> Request:
        headers = (("Content-Type", mimetype),) if mimetype is not None else ()
        return Request(method="POST", headers=headers, body=content)

    def held(value: Any) -> Request:
        return sent(json.dumps({name: value}).encode())

    types = {
        "charset": "application/json; charset=utf-8",
        "charset-latin": "application/json; charset=latin-1",
        "upper": "APPLICATION/JSON",
        "suffix": "application/vnd.api+json",
        "problem": "application/problem+json",
        "text-json": "text/json",
        "text": "text/plain",
        "form": FORM[1],
        "sequence": "application/json-seq",
        "empty": "",
        "none": None,
        "broken": "application/json;;=",
    }
    bodies = {
        "absent": b"",
        "malformed": b"{",
        "not-json": b"access_token=x",
        "null": b"null",
        "false": b"false",
        "zero": b"0",
        "empty-object": b"{}",
        "empty-list": b"[]",
        "empty-string": b'""',
        "other-key": b'{"other": 1}',
        "upper-key": good.replace(name.encode(), name.upper().encode()),
        "not-utf-8": good.replace(b"ey", b"\xff", 1),
        "trailing": good + b"x",
        "space": b"  " + good + b"\n",
        "escaped": good.replace(b".", b"\\u002e"),
    }
    values = {"empty": "", "null": None, "false": False, "zero": 0}
    odd = {"int": 7, "true": True, "list": [token], "dict": {"a": 1}, "float": 1.5}
    return {
        "good": sent(good),
        "get": replace(sent(good), method="GET"),
        "put": replace(sent(good), method="PUT"),
        **{f"type-{key}": sent(good, mimetype) for key, mimetype in types.items()},
        **{f"body-{key}": sent(content) for key, content in bodies.items()},
        **{f"value-{key}": held(value) for key, value in (values | odd).items()},
    }


def csrf_requests(config: str, *, refresh: bool) -> Iterator[tuple[str, Request]]:
    """What goes with a cookie as its CSRF value, each by its name."""
    kind = _kind(refresh=refresh)
    name = option(config, f"JWT_{kind}_CSRF_HEADER_NAME")
    field = option(config, f"JWT_{kind}_CSRF_FIELD_NAME")
    wrong = CSRF.replace("6", "7", 1)
    yield "missing", Request()
    for label, value in (("right", CSRF), ("wrong", wrong), ("empty", "")):
        yield label, Request(headers=((name, value),))
    yield "prefix", Request(headers=((name, CSRF[:-1]),))
    yield "upper", Request(headers=((name, CSRF.upper()),))
    yield "default-header", Request(headers=(("X-CSRF-TOKEN", CSRF),))
    for label, value in (("form", CSRF), ("form-wrong", wrong)):
        content = urlencode({field: value}).encode()
        yield label, Request(headers=(FORM,), body=content)
    yield (
        "form-default-field",
        Request(headers=(FORM,), body=urlencode({"csrf_token": CSRF}).encode()),
    )
    content = urlencode({field: CSRF}).encode()
    yield "wrong-header-form", Request(headers=((name, wrong), FORM), body=content)
    yield "multipart", _multipart(field, CSRF)


def _multipart(field: str, value: str) -> Request:
    content = (
        f'--b\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'
        "--b--\r\n"
    )
    return Request(
        headers=(("Content-Type", "multipart/form-data; boundary=b"),),
        body=content.encode(),
    )
