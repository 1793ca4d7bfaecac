import re
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from docs.blocks import blocks_of
from docs.blocks import ROOT
from quart_jwt.service.commands.main import cli


def test_the_list_of_routes_is_the_commands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page's table is what ``quart-jwt routes`` prints for the page's app."""
    blocks = blocks_of(ROOT / "docs" / "api" / "testing.md")
    (table,) = [one.text for one in blocks if one.text.startswith("METHOD")]
    (tmp_path / "page_app.py").write_text(blocks[0].text)
    monkeypatch.syspath_prepend(str(tmp_path))
    done = CliRunner().invoke(cli, ["routes", "page_app:app"])
    del sys.modules["page_app"]

    assert re.sub(r" +\n", "\n", table) == done.stdout
