"""Every way to change the configuration counts from the next token on."""

from collections.abc import Callable
from typing import Any

import jwt as pyjwt
import pytest
from quart import Quart

from extension.apps import MakeApp
from extension.apps import SECRET
from quart_jwt import create_access_token
from quart_jwt import decode_token

OTHER = SECRET[::-1]
Change = Callable[[dict[str, Any]], Any]


def _or_equal(config: dict[str, Any]) -> None:
    config |= {"JWT_SECRET_KEY": OTHER}


CHANGES: dict[str, Change] = {
    "setitem": lambda config: config.__setitem__("JWT_SECRET_KEY", OTHER),
    "update": lambda config: config.update(JWT_SECRET_KEY=OTHER),
    "or-equal": _or_equal,
    "from-mapping": lambda config: config.from_mapping(JWT_SECRET_KEY=OTHER),  # type: ignore[attr-defined] # Quart's own
    "delitem": lambda config: config.__delitem__("JWT_SECRET_KEY"),
    "pop": lambda config: config.pop("JWT_SECRET_KEY"),
    "popitem": lambda config: config.popitem(),
    "clear": lambda config: config.clear(),
}


@pytest.fixture(name="keyed")
def _keyed(make_app: MakeApp) -> Quart:
    """An app whose last setting is the secret, with another one below it."""
    app = make_app(SECRET_KEY=OTHER)
    app.config["JWT_SECRET_KEY"] = app.config.pop("JWT_SECRET_KEY")
    return app


@pytest.mark.parametrize("name", CHANGES)
async def test_a_change_counts_at_once(keyed: Quart, name: str) -> None:
    """A remembered token of the old secret is refused under the new one."""
    async with keyed.app_context():
        token = create_access_token("joe")
        assert decode_token(token)["sub"] == "joe"
        CHANGES[name](keyed.config)
        refusal = RuntimeError if name == "clear" else pyjwt.InvalidSignatureError
        with pytest.raises(refusal):
            decode_token(token)


async def test_setting_a_default_counts_at_once(keyed: Quart) -> None:
    """The one writer that only adds: a secret where there was none."""
    async with keyed.app_context():
        token = create_access_token("joe")
        keyed.config.clear()
        with pytest.raises(RuntimeError):
            decode_token(token)
        keyed.config.setdefault("JWT_SECRET_KEY", SECRET)
        assert decode_token(token)["sub"] == "joe"
