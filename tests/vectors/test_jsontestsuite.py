"""JSONTestSuite as header and as payload of well-signed tokens, over HTTP."""

import json
from typing import Any

import pytest

from advisories.door import Door
from forging import forge
from forging import HEADER
from vector_files import cases
from vectors.json_suite import accepted_objects
from vectors.json_suite import Document
from vectors.json_suite import either
from vectors.json_suite import rejected


@pytest.fixture(name="door", scope="module")
def _door() -> Door:
    return Door()


@pytest.mark.parametrize("place", ["header", "payload"])
@pytest.mark.parametrize("document", cases(rejected))
async def test_what_is_no_json_is_refused(
    document: Document, place: str, door: Door
) -> None:
    """An `n_` document is a refusal in either place, whatever the MAC."""
    await _answered(door, place, document, {401, 422})


@pytest.mark.parametrize("place", ["header", "payload"])
@pytest.mark.parametrize("document", cases(either))
async def test_what_may_be_json_is_answered(
    document: Document, place: str, door: Door
) -> None:
    """An `i_` document is no server error in either place."""
    await _answered(door, place, document, {200, 401, 422})


@pytest.mark.parametrize("document", cases(accepted_objects))
async def test_what_is_json_is_read(document: Document, door: Door) -> None:
    """A `y_` object is read, as part of the claims, and comes out as it was."""
    members: Any = json.loads(document.content)
    claims = await door.accepts(forge(HEADER, {"sub": "ann", "a": members}))

    assert members == claims["a"]


async def _answered(
    door: Door, place: str, document: Document, statuses: set[int]
) -> None:
    content = document.content
    # The greatest documents would be refused for their length alone.
    parts = (content, {}) if place == "header" else (HEADER, content)
    answer = await door.get(forge(*parts))

    assert answer.status_code in statuses
    assert await answer.get_json()
