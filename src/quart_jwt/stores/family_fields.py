"""
A family laid out flat: one name and one value for each thing that a store keeps of it.
"""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from quart_jwt.tokens.rotation import Family
from quart_jwt.tokens.rotation import Stamp

_STAMP = [field.name for field in fields(Stamp)]
_OTHERS = [field.name for field in fields(Family) if field.name != "current"]

_NUMBERS: Mapping[str, type] = {
    "current_iat": int,
    "current_exp": int,
    "absolute_exp": int,
    "rotated_at": float,
    "created_at": float,
    "refreshed_at": float,
    "keep_until": float,
    "access_until": float,
    "revoked_at": float,
    "epoch": int,
}

TYPES: Mapping[str, type] = {
    name: _NUMBERS.get(name, str)
    for name in (*_OTHERS, *(f"current_{name}" for name in _STAMP))
}
"""Every field, and what it is made of where a store keeps text only."""

FIXED = {"family_id", "subject", "created_at", "absolute_exp", "user_agent", "address"}
"""What a family keeps from its sign-in to its end."""
MOVING = tuple(name for name in TYPES if name not in FIXED)
"""What a rotation or an ending may change; a new field belongs to it."""


def flat(family: Family) -> dict[str, Any]:
    """The fields of a family, those of its current stamp as ``current_…``."""
    stamp = {f"current_{name}": getattr(family.current, name) for name in _STAMP}
    return {name: getattr(family, name) for name in _OTHERS} | stamp


def family_of(values: Mapping[Any, Any]) -> Family:
    """The family of these fields; others are left aside."""
    stamp = Stamp(**{name: values[f"current_{name}"] for name in _STAMP})
    return Family(current=stamp, **{name: values[name] for name in _OTHERS})
