"""
How the pages look: templates, words in two languages, and what operators set.
"""

import base64
import hashlib
import json
import mimetypes
from pathlib import Path
from typing import Any

from jinja2 import Environment
from jinja2 import FileSystemLoader
from jinja2 import StrictUndefined
from jinja2 import TemplateError
from quart import Request
from quart import Response

from quart_jwt.service.ground.errors import SettingsError
from quart_jwt.service.settings.sign_in import SignIn
from quart_jwt.service.settings.sources import PREFIX

TEMPLATES = Path(__file__).parent / "templates"
PAGES = (
    *("sign_in.html", "sign_out.html", "refused.html", "forbidden.html"),
    "style.css",
)
WORDS: dict[str, dict[str, Any]] = json.loads(
    (Path(__file__).parent / "words.json").read_text("utf-8")
)
LANGUAGES = tuple(WORDS)
LANG = "lang"

MAX_LOGO_BYTES = 16 * 1024
"""The whole page is to stay under 30 KB."""
LOGO_TYPES = ("image/svg+xml", "image/png", "image/webp")

GAMMA = 2.2
"""About that of sRGB."""
_DARK_TEXT_FROM = 0.18
"""Relative luminance (WCAG 2.2) from which dark text has more contrast than white."""


class Looks:
    """
    Renders the pages.

    Args:
        settings: What the operator set.

    Raises:
        SettingsError: The logo or a template cannot be used.
    """

    def __init__(self, settings: SignIn) -> None:
        own = [] if settings.templates is None else [settings.templates]
        loader = FileSystemLoader([*own, TEMPLATES])
        self._environment = Environment(
            loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )
        self._environment.globals.update(
            name=settings.name,
            has_logo=settings.logo is not None,
            colors={
                "light": _accent(settings.color),
                "dark": _accent(settings.dark_color),
            },
        )
        try:
            self._pages = {one: self._environment.get_template(one) for one in PAGES}
        except TemplateError as error:
            raise SettingsError(
                [f"{PREFIX}SIGN_IN_TEMPLATES has a faulty template: {error.message}"]
            ) from None
        self.logo: tuple[bytes, str] | None = (
            None if settings.logo is None else _logo(settings.logo)
        )
        self.style: str = self._pages["style.css"].render()
        digest = hashlib.sha256(self.style.encode()).digest()
        encoded = base64.b64encode(digest).decode("ascii")
        self.style_hash: str = f"'sha256-{encoded}'"

    def page(self, name: str, request: Request, **facts: Any) -> Response:
        """
        Return a page in the language of a request.

        Args:
            name: One of ``PAGES``.
            request: The request.
            facts: What the page says.
        """
        language = language_of(request)
        body = self._pages[name].render(
            words=WORDS[language],
            language=language,
            languages={one: WORDS[one]["language"] for one in LANGUAGES},
            **facts,
        )
        return Response(body, mimetype="text/html")


def language_of(request: Request) -> str:
    """Return the language of ``lang`` in the query, or the one the browser prefers."""
    chosen = request.args.get(LANG)
    if chosen in LANGUAGES:
        return str(chosen)
    preferred = request.accept_languages.best_match(LANGUAGES, LANGUAGES[0])
    return str(preferred)


def _accent(color: str) -> dict[str, str]:
    """Return a colour and the text colour that is readable on it (WCAG 2.2)."""
    channels = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    weights = (0.2126, 0.7152, 0.0722)
    luminance = sum(
        weight * one**GAMMA for weight, one in zip(weights, channels, strict=True)
    )
    text = "#10131a" if luminance >= _DARK_TEXT_FROM else "#ffffff"
    return {"color": color, "text": text}


def _logo(path: Path) -> tuple[bytes, str]:
    """Return a logo and its media type."""
    kind = mimetypes.guess_type(path.name)[0]
    setting = f"{PREFIX}SIGN_IN_LOGO"
    if kind not in LOGO_TYPES:
        raise SettingsError([f"{setting} must be an SVG, PNG or WebP file"])
    try:
        body = path.read_bytes()
    except OSError as error:
        raise SettingsError([f"{setting} cannot be read: {error.strerror}"]) from None
    if len(body) > MAX_LOGO_BYTES:
        raise SettingsError([f"{setting} must have at most {MAX_LOGO_BYTES} bytes"])
    return body, str(kind)
