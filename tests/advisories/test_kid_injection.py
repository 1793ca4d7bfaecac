"""Key ids that are paths, queries and commands: a kid here is just a string."""

import builtins
import os
import subprocess
from typing import Any

import pytest

from advisories.door import CLAIMS
from advisories.door import Door
from forging import forge

INJECTIONS = {
    "dev-null": ("../../../../../../dev/null", b""),
    "absolute": ("/dev/null", b""),
    "proc": ("/proc/sys/kernel/randomize_va_space", b"2\n"),
    "windows": ("..\\..\\windows\\win.ini", b""),
    "url": ("file:///dev/null", b""),
    "sql-union": ("x' UNION SELECT 'forged-key-of-the-attacker", b"forged-key"),
    "sql-comment": ("' OR 1=1 --", b"1"),
    "command": ("|sleep 5", b""),
    "backticks": ("`sleep 5`", b""),
    "template": ("{{7*7}}${jndi:ldap://127.0.0.1/x}", b"49"),
    "nul": ("key\0.pem", b""),
    "newline": ("key\r\nX-Evil: 1", b""),
    "surrogate": ("\ud800", b""),
    "empty": ("", b""),
}


@pytest.mark.parametrize("name", INJECTIONS)
async def test_a_kid_opens_nothing(
    name: str, door: Door, paired_door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token under the key that its kid would inject is refused, untouched."""
    kid, key = INJECTIONS[name]
    token = forge({"alg": "HS256", "kid": kid}, CLAIMS, key)
    await door.refuses("warm.up.now")  # whatever is imported late is there now

    def forbidden(*_args: Any, **_kwargs: Any) -> Any:
        pytest.fail("something was opened")

    for module, function in (
        (builtins, "open"),
        (os, "open"),
        (os, "system"),
        (subprocess, "Popen"),
    ):
        monkeypatch.setattr(module, function, forbidden)
    reasons = {await door.refuses(token), await paired_door.refuses(token)}

    assert reasons <= {
        "Signature verification failed",
        "The specified alg value is not allowed",
        "Invalid header string: NUL in a string",
        "Invalid header string: lone surrogate in a string",
    }


@pytest.mark.parametrize("kid", ["known", "../../dev/null", "x" * 256, "é"])
async def test_a_good_token_may_have_any_kid(kid: str, door: Door) -> None:
    """A kid by itself is no fault: nothing is looked up by it."""
    token = forge({"alg": "HS256", "kid": kid}, CLAIMS)

    assert await door.accepts(token) == CLAIMS


@pytest.mark.parametrize(
    "kid", [None, 0, 1, True, [], ["known"], {}, "x" * 257, "x" * 5_000]
)
async def test_a_kid_is_a_short_string(kid: Any, door: Door) -> None:
    """Anything else is refused before a key is chosen, well signed or not."""
    token = forge({"alg": "HS256", "kid": kid}, CLAIMS)

    assert (await door.refuses(token)).startswith("Key ID header parameter ")
