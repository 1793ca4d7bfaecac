from pathlib import Path

import pytest
from click.testing import CliRunner

from docs.blocks import blocks_of
from docs.blocks import ROOT
from docs.blocks import sides_of
from migrate.convert.conversion import run
from quart_jwt.migrate.command import migrate

STAGES = [
    sides_of(block)
    for block in blocks_of(ROOT / "docs" / "flask" / "convert.md")
    if block.language == "diff"
]


@pytest.mark.parametrize("stage", [1, 2, 3])
def test_stage_of_the_guide_is_what_the_commands_do(tmp_path: Path, stage: int) -> None:
    """Each stage begins where the last one ended, and gives what the page shows."""
    after = STAGES[stage - 1][1]
    before = STAGES[0][0] if stage == 1 else STAGES[stage - 2][1]
    shop = tmp_path / "shop.py"
    shop.write_text(before, "utf-8")

    if stage == 1:
        CliRunner().invoke(migrate, ["--write", str(tmp_path)])
    elif stage == 2:
        run(tmp_path, "--waiting", "--write")
    else:
        run(tmp_path, "--write")
        assert STAGES[2][0] == shop.read_text("utf-8")
        run(tmp_path, "--finish", "--write")

    assert after == shop.read_text("utf-8")
