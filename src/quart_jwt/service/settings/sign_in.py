"""
The settings of the sign-in page: the sites that it is for, and its looks.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from quart_jwt.service.settings import kinds
from quart_jwt.service.settings.declared import FaultError
from quart_jwt.service.settings.declared import setting

MAX_NAME_CHARACTERS = 60
"""A heading of two lines on a phone."""


def sites(text: str) -> tuple[str, ...]:
    """Origins of sites that browsers open, separated by commas."""
    given = kinds.origins(text)
    if not all(one.startswith(("https://", "http://")) for one in given):
        raise FaultError("must be origins of https or http; * is not possible")
    return given


def site_name(text: str) -> str:
    """A short text for people."""
    if not text.isprintable() or len(text) > MAX_NAME_CHARACTERS:
        raise FaultError(f"must be at most {MAX_NAME_CHARACTERS} printable characters")
    return text


def css_color(text: str) -> str:
    """A colour as CSS has it (CSS Color 4 §5.2), opaque."""
    if not re.fullmatch(r"#[0-9A-Fa-f]{6}", text):
        raise FaultError("must be a colour such as #2f6fdb")
    return text.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """The sign-in page, which is there if it has sites."""

    origins: tuple[str, ...] = setting(
        "SIGN_IN_ORIGINS",
        sites,
        "origins of the sites that the [sign-in page](sign-in.md) returns to, with "
        "commas; without them there is no page",
        default=(),
        unset="none",
    )
    name: str = setting(
        "SIGN_IN_NAME",
        site_name,
        "the name above the sign-in form",
        default="",
        unset="none",
    )
    logo: Path | None = setting(
        "SIGN_IN_LOGO",
        Path,
        "a file, SVG, PNG or WebP, that is shown above the form",
        default=None,
        unset="none",
    )
    color: str = setting(
        "SIGN_IN_COLOR",
        css_color,
        "the colour of buttons and links",
        default="#2559b8",
    )
    dark_color: str = setting(
        "SIGN_IN_DARK_COLOR",
        css_color,
        "the same in dark mode",
        default="#8ab4ff",
    )
    templates: Path | None = setting(
        "SIGN_IN_TEMPLATES",
        Path,
        "a directory with [custom templates](sign-in.md#custom-templates)",
        default=None,
        unset="none",
    )
