"""
JSON as a JWT may hold it.

RFC 8725 §3.7 asks for UTF-8; RFC 7519 §4 lets a parser reject duplicate names,
and ours does: two readers must never see two different subjects. Also refused:
NaN and Infinity, nesting deeper than ``MAX_DEPTH``, lone surrogates and NUL
(PostgreSQL, Redis and log files cannot hold them).
"""

import json
from collections.abc import Iterator
from json.decoder import JSONDecoder
from math import isinf
from typing import Any
from typing import NoReturn

MAX_DEPTH = 32
"""Levels of nesting; claims in the wild have two or three."""


def loads(data: bytes) -> Any:
    """
    Parse one JSON document strictly.

    Args:
        data: The document, in UTF-8.

    Raises:
        ValueError: For everything that is not strict JSON; the message names
            the fault and never repeats the document.
    """
    text = data.decode("utf-8")
    try:
        value, end = _DECODER.raw_decode(text) if text[:1] == "{" else (None, -1)
        if end != len(text):  # blanks around it, or a fault: the longer way
            value = _DECODER.decode(text)
    except RecursionError:
        raise ValueError("too deeply nested") from None
    if text.count("{") + text.count("[") > MAX_DEPTH:
        _check_depth(value)
    if "\\u" in text:
        check_strings(value)
    return value


def dumps(value: Any, default: Any = None) -> bytes:
    """
    Write one JSON document, compactly and in ASCII, that ``loads`` accepts.

    Raises:
        TypeError: The value holds something that is not JSON.
        ValueError: It holds NaN, a lone surrogate, NUL, or itself; it is nested
            too deeply, or two of its names are one in JSON.
    """
    is_flat = _is_flat(value)
    try:
        text = (_PLAIN_ENCODER if is_flat else _encoder(default)).encode(value)
    except RecursionError:
        raise ValueError("too deeply nested") from None
    document = text.encode("ascii")
    if "\\u" in text or not is_flat:
        loads(document)
    return document


def _encoder(default: Any) -> json.JSONEncoder:
    return json.JSONEncoder(separators=(",", ":"), default=default, allow_nan=False)


_PLAIN_ENCODER = _encoder(None)


def _is_flat(value: Any) -> bool:
    """Whether it is an object of plain values: nothing in it can be written twice, and
    nothing is nested.
    """
    return (
        type(value) is dict
        and _NAMES.issuperset(map(type, value))
        and _PLAIN.issuperset(map(type, value.values()))
    )


_NAMES = frozenset({str})
_PLAIN = frozenset({str, int, float, bool, type(None)})


def check_strings(value: Any) -> None:
    """Raise ValueError if a string in ``value`` is not storable text."""
    for string in _strings(value):
        if "\0" in string:
            raise ValueError("NUL in a string")
        try:
            string.encode("utf-8")
        except UnicodeEncodeError:
            raise ValueError("lone surrogate in a string") from None


def _strings(value: Any) -> Iterator[str]:
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            pending.extend(item.keys())
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [child for item in level for child in _containers(item)]
        if not level:
            return
    raise ValueError("too deeply nested")


def _containers(item: Any) -> Iterator[Any]:
    children = item.values() if isinstance(item, dict) else item
    return (child for child in children if isinstance(child, dict | list))


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("duplicate name in an object")
    return members


def _no_constant(_name: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON")


def _finite(literal: str) -> float:
    number = float(literal)
    if isinf(number):
        raise ValueError("number out of range")
    return number


_DECODER = JSONDecoder(
    object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_finite
)
