from collections.abc import Iterator
from pathlib import Path

import pytest

from service.observability.disk import mounted


@pytest.fixture(name="small_disk")
def _small_disk(tmp_path: Path) -> Iterator[Path]:
    with mounted(tmp_path / "disk") as disk:
        yield disk
