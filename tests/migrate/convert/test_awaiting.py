from pathlib import Path

import pytest

from migrate.convert.conversion import converted
from migrate.convert.conversion import of_shop
from migrate.convert.conversion import write

BODIES = {
    "sleep": ("time.sleep( 1 )  # a nap", "await asyncio.sleep( 1 )  # a nap"),
    "token": (
        "return create_access_token('u' , fresh=True)",
        "return await create_access_token_async('u' , fresh=True)",
    ),
    "verification": (
        "verify_jwt_in_request(optional=True)",
        "await quart_jwt.verify_jwt_in_request(optional=True)",
    ),
    "attribute": (
        "return doze(0).upper()",
        "return (await doze(0)).upper()",
    ),
    "subscript": ("return doze(0)[0]", "return (await doze(0))[0]"),
    "brackets": ("return (doze(0))", "return (await doze(0))"),
    "list": ("return [doze(i) for i in x]", "return [await doze(i) for i in x]"),
    "first loop": (
        "return list(i for i in doze(0))",
        "return list(i for i in await doze(0))",
    ),
    "not": ("if not doze(0): abort(403)", "if not await doze(0): abort(403)"),
    "f-string": ('return f"{doze(0)}"', 'return f"{await doze(0)}"'),
    "nested": ("return doze(doze(0))", "return await doze(await doze(0))"),
    "run": ("return asyncio.run(doze2(0))", "return await doze2(0)"),
    "try": (
        "try: return doze(0)\n    finally: time.sleep(0)",
        "try: return await doze(0)\n    finally: await asyncio.sleep(0)",
    ),
}


@pytest.mark.parametrize(("before", "after"), BODIES.values(), ids=BODIES)
def test_call_with_a_twin_is_awaited(tmp_path: Path, before: str, after: str) -> None:
    """The call changes and nothing around it: blanks, comments and brackets stay."""
    text = """
import asyncio
def doze( n ):
    time.sleep(n)
    return "awake"

async def doze2(n):
    return "awake"

@app.get('/')
def  index( x = 'ab' ) :
    """
    done = of_shop(tmp_path, f"{text}{before}\n")

    assert done.shop.endswith(f"\nasync def  index( x = 'ab' ) :\n    {after}\n")


LEFT = {
    "other arguments": "time.sleep(secs=1)",
    "a with block": "with open('x'):\n        time.sleep(1)",
    "a lambda": "return (lambda: time.sleep(1))()",
    "a nested function": "def nap():\n        time.sleep(1)\n    return nap()",
    "a name of its own": "asyncio = 1\n    time.sleep(1)",
    "a value": "return list(map(time.sleep, [0]))",
    "a coroutine as a value": "x = create_access_token\n    return x('u')",
}


@pytest.mark.parametrize("body", LEFT.values(), ids=LEFT)
def test_call_that_is_not_sure_stays_as_it_is(tmp_path: Path, body: str) -> None:
    """A sync call is always right where an await is not, and blocks the loop."""
    done = of_shop(tmp_path, f"\n@app.get('/')\ndef index():\n    {body}\n")

    assert done.shop.endswith(f"\nasync def index():\n    {body}\n")


def test_replaced_call_stays_as_it_is(tmp_path: Path) -> None:
    """If a test replaces `time.sleep`, an `asyncio.sleep` would really sleep."""
    done = of_shop(
        tmp_path,
        "\n@app.get('/')\ndef index():\n    time.sleep(60)\n    return 'x'\n",
        test_shop="from unittest.mock import patch\n\n\n@patch('shop.time.sleep')\n"
        "def test_index(sleep):\n    pass\n",
    )

    assert {"index"} == done.converted
    assert "    time.sleep(60)\n" in done.shop


def test_imports_follow(tmp_path: Path) -> None:
    """What is needed is imported, what is not used any more goes, the rest stays."""
    (tmp_path / "shop.py").write_text(
        "from time import sleep, time\n"
        "from quart_jwt.flask import Flask, create_access_token\n"
        "from quart_jwt.flask import verify_jwt_in_request\n\n"
        "app = Flask(__name__)\n\n\n"
        "@app.get('/')\ndef index():\n    sleep(0)\n    verify_jwt_in_request()\n"
        "    return create_access_token(str(time()))\n",
        "utf-8",
    )

    done = converted(tmp_path)

    assert done.files["shop.py"].partition("\n\n")[0].splitlines() == [
        "from time import time",
        "from quart_jwt.flask import Flask",
        "import asyncio",
        "import quart_jwt",
        "from quart_jwt import create_access_token_async",
    ]


def test_second_run_changes_nothing(tmp_path: Path) -> None:
    """The second report has the same findings, and nothing to convert."""
    write(
        tmp_path,
        {
            "shop.py": "import requests\n\ndef doze():\n    time.sleep(0)\n\n"
            "@app.get('/')\ndef index():\n    doze()\n    requests.get('x')\n"
            "    return 'x'\n\n@app.get('/o')\ndef other():\n    yield 'x'\n"
        },
    )

    first = converted(tmp_path)
    second = converted(tmp_path)

    assert first.files == second.files
    assert second.report.converted == []
    assert second.report.already == 1
    assert first.report.kept == second.report.kept
    assert first.report.blocking == second.report.blocking
    assert [one.call for one in second.report.blocking] == ["requests.get"]


@pytest.mark.parametrize(
    ("text", "call"),
    [
        ("import requests\nrequests.get('x')", "requests.get"),
        ("open('x')", "open"),
        ("import subprocess\nsubprocess.run('x')", "subprocess.run"),
        ("db.session.commit()", "db.session.commit"),
        ("User.query.get(1)", "User.query.get"),
        ("time.sleep(secs=1)", "time.sleep"),
        ("deep()", "requests.post"),
    ],
    ids=str,
)
def test_blocking_call_is_reported_with_its_view(
    tmp_path: Path, text: str, call: str
) -> None:
    """In the view itself, or in what it calls; sync views may block their thread."""
    body = text.replace("\n", "\n    ")
    done = of_shop(
        tmp_path,
        f"\n@app.get('/')\ndef index():\n    {body}\n    return 'x'\n"
        "@app.get('/s')\ndef stream():\n    yield open('y')\n"
        "import requests as r\ndef deep():\n    return deeper()\n"
        "def deeper():\n    return r.post('x')\n",
    )

    called = [
        (one.call.replace("r.", "requests."), one.view)
        for one in (done.report.blocking)
    ]
    assert [(call.replace("r.", "requests."), "index")] == called
