"""
The settings of the sign-in page: the sites that it is for, and its looks.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from quart_jwt.service.settings import kinds
from quart_jwt.service.settings.declared import FaultError
from quart_jwt.service.settings.declared import setting

MAX_NAME_CHARACTERS = 60
"""A heading of two lines on a phone."""

_LABEL = re.compile("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
"""RFC 1123 §2.1; names in other scripts are written with ``xn--`` (RFC 5890)."""
_MAX_DOMAIN = 253
_FEWEST_LABELS = 2


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


def cookie_domain(text: str) -> str:
    """
    A domain that cookies can have (RFC 6265 §5.2.3, §5.3): a name below a top level.

    Browsers drop cookies for ``localhost``, for a single label, and for a host that is
    an address. They also drop those for a public suffix of several labels, such as
    ``co.uk``, which only the Public Suffix List knows.
    """
    labels = text.split(".")
    is_name = len(text) <= _MAX_DOMAIN and all(map(_LABEL.fullmatch, labels))
    if not is_name or len(labels) < _FEWEST_LABELS or labels[-1].isdigit():
        raise FaultError(
            "must be a domain such as example.org: in lower case, without a leading "
            "dot, and neither an IP address nor a single label"
        )
    if labels[-1] == "localhost":
        raise FaultError("must not be localhost: browsers drop such cookies")
    return text


def outside(domain: str, origins: tuple[str, ...]) -> tuple[str, ...]:
    """Return the origins to which browsers do not send a cookie of a domain."""
    hosts = ((origin, urlsplit(origin).hostname or "") for origin in origins)
    return tuple(
        origin for origin, host in hosts if not f".{host}".endswith(f".{domain}")
    )


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
