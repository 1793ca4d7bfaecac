import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from quart_jwt.migrate.command import migrate_project

NOISE = [
    "x  =  {'a':1 ,\t'b' : [ 2,3 ]  }   # odd, and ours",
    '"""A string that says from flask import Flask."""',
    "def quiet( a,b = 1,*, c ):\n      return  (a\n  +b)",
    "class  Odd (object) :\n\tpass",
    "#: request.json in a comment",
    "if  True : y = 1 ;  z = 2",
    "text = f'{ x !r:>{ 10 }} request.get_json()'",
    "\n\n",
    "request_json = 'client.get(\"/\").json'",
    "lam = lambda  json : json . data",
]
"""Lines that a migration has nothing to do with, oddly written on purpose."""

BLOCKS = {
    "@app.post('/{n}')\ndef view_{n}():\n    return  request . json": (
        "@app.post('/{n}')\n"
        "async def view_{n}():\n"
        "    return  await request . get_json()"
    ),
    "def helper_{n}( ):\n    return request.get_json( )  # read": (
        "async def helper_{n}( ):\n    return await request.get_json( )  # read"
    ),
    "@app.get('/{n}')\n@jwt_required( )\ndef view_{n}():\n    return get_jwt()": (
        "@app.get('/{n}')\n@jwt_required( )\ndef view_{n}():\n    return get_jwt()"
    ),
}
"""What is rewritten, and what becomes of it."""

HEAD = (
    "from flask import request\n"
    "from flask_jwt_extended import get_jwt, jwt_required\n"
    "from flask import Flask\n"
    "app = Flask( __name__ )\n"
)
NEW_HEAD = (
    "from quart import request\n"
    "from quart_jwt import get_jwt, jwt_required\n"
    "from quart_jwt.compat import Quart\n"
    "app = Quart( __name__ )\n"
)

PIECES = st.lists(st.sampled_from([*NOISE, *BLOCKS]), max_size=8)


def _written(pieces: list[str], head: str, *, migrated: bool, end: str) -> str:
    text = head
    for number, piece in enumerate(pieces):
        block = BLOCKS.get(piece, piece) if migrated else piece
        text += (block.replace("{n}", str(number)) if piece in BLOCKS else block) + "\n"
    return text.replace("\n", end)


@settings(max_examples=20, deadline=None)
@given(PIECES, st.sampled_from(["\n", "\r\n"]))
def test_nothing_changes_but_what_is_rewritten(pieces: list[str], end: str) -> None:
    """Between the rewritten nodes every byte stays: layout, comments, line ends."""
    before = _written(pieces, HEAD, migrated=False, end=end)
    expected = _written(pieces, NEW_HEAD, migrated=True, end=end)

    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "app.py").write_bytes(before.encode())
        changes, findings = migrate_project(Path(folder))

    assert [expected] == [change.after for change in changes]
    assert findings == []


@settings(max_examples=20, deadline=None)
@given(st.lists(st.sampled_from(NOISE), max_size=8))
def test_a_file_without_flask_stays_as_it_is(pieces: list[str]) -> None:
    """Names are resolved, never matched as text."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "app.py").write_text("\n".join(pieces), "utf-8")
        changes, findings = migrate_project(Path(folder))

    assert (changes, findings) == ([], [])
