from pathlib import Path

import pytest

from migrate.convert.conversion import converted
from migrate.convert.conversion import of_shop
from migrate.convert.conversion import write

DOZE = """
def doze():
    time.sleep(0)
    return "awake"

@app.get("/")
def index():
    return doze()
"""
SYNC = {
    "a dict": "TABLE = {'doze': doze}",
    "a tuple in a dict": "TABLE = {'d': (doze, 1)}",
    "an attribute": "class Box:\n    pass\nBox.action = doze",
    "a class attribute": "class Box:\n    action = doze",
    "an alias": "nap = doze",
    "an argument": "app.jinja_env.globals.update(doze=doze)",
    "a default": "def later(action=doze):\n    return action()",
    "a return": "def pick():\n    return doze",
    "a call in sync code": "def other():\n    return doze()",
    "a call in a module": "print(doze())",
    "a decorator": "@doze\ndef other():\n    pass",
    "a decorator that is called": "@doze()\ndef other():\n    pass",
    "a lambda in a view": "@app.get('/l')\ndef l():\n    return (lambda: doze())()",
    "a generator": "@app.get('/l')\ndef l():\n    return list(doze() for _ in '1')",
    "a with block": "@app.get('/l')\ndef l():\n    with app.app_context():\n"
    "        return doze()",
    "a nested function": "@app.get('/l')\ndef l():\n    def inner():\n"
    "        return doze()\n    return inner()",
    "a class body in a view": "@app.get('/l')\ndef l():\n    class Box:\n"
    "        here = doze()\n    return Box.here",
    "quotes": "NAMES = ['doze']",
    "quotes with a module": "NAMES = ['shop.doze']",
    "quotes with a colon": "NAMES = ['shop:doze']",
    "an export": "__all__ = ['doze']",
    "getattr on something": "def ask(what, name):\n    return getattr(what, name)()",
    "vars": "def ask(name, what):\n    return vars(what)[name]()",
    "eval": "def ask(text):\n    return eval(text)",
    "attrgetter": "import operator\ndef ask(n):\n    return operator.attrgetter(n)",
    "an attribute of something": "def ask(what):\n    return what.doze()",
    "a redefinition": "def doze():\n    return 'again'",
    "a rebinding": "doze = print",
    "a global statement": "def change():\n    global doze\n    doze = print",
    "a deletion": "def drop():\n    global doze\n    del doze",
    "an imported module": "from importlib import import_module\n"
    "print(import_module('other').doze)",
    "a module by name": "import sys\nprint(sys.modules['other'].doze)",
    "a match": "def look(x):\n    match x:\n        case doze():\n            pass",
    "a walrus": "if (nap := doze):\n    pass",
    "a with item": "def hold():\n    with doze as d:\n        return d",
    "an undecorated sync view": "def plain():\n    return doze()",
}


@pytest.mark.parametrize("text", SYNC.values(), ids=SYNC)
def test_reference_of_another_kind_keeps_a_helper_sync(
    tmp_path: Path, text: str
) -> None:
    """Whatever is no direct, awaited call keeps it `def`; the view becomes async."""
    done = of_shop(tmp_path, f"{DOZE}\n{text}\n")

    assert "doze" not in done.converted
    assert "\ndef doze():\n    time.sleep(0)\n" in done.shop
    assert "async def index():\n    return doze()\n" in done.shop


@pytest.mark.parametrize(
    "found", ["globals()[name]()", "vars()[name]()", "getattr(shop, name)()"]
)
def test_look_up_in_a_module_keeps_its_functions_sync(
    tmp_path: Path, found: str
) -> None:
    """A name that is computed may be a view's, too."""
    done = of_shop(
        tmp_path, f"{DOZE}\ndef ask(name):\n    return {found}\nimport shop\n"
    )

    assert set() == done.converted
    assert done.kept == {"index": "a name is computed at shop.py:21"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("test_shop.py", "from shop import doze\ndef test_doze():\n    doze()\n"),
        ("test_shop.py", "import shop\ndef test_doze():\n    shop.doze()\n"),
        (
            "test_shop.py",
            (
                "from unittest.mock import patch\n@patch('shop.doze')\n"
                "def test_doze(mock):\n    pass\n"
            ),
        ),
        (
            "test_shop.py",
            (
                "import shop\ndef test_doze(monkeypatch):\n"
                "    monkeypatch.setattr(shop, 'doze', print)\n"
            ),
        ),
        ("other.py", "from shop import doze as nap\n"),
        ("other.py", "from shop import *\nprint(doze())\n"),
        ("other.py", "from elsewhere.shop import doze\nprint(doze())\n"),
        ("other.py", "from .shop import doze\nTABLE = [doze]\n"),
        ("deep/shop.py", "def doze():\n    pass\n"),
        ("broken.py", "def broken(:\n"),
        ("pyproject.toml", "[project.scripts]\ndoze = 'shop:doze'\n"),
        ("api/openapi.yaml", "operationId: shop.doze\n"),
    ],
    ids=str,
)
def test_reference_in_another_file_keeps_a_helper_sync(
    tmp_path: Path, name: str, text: str
) -> None:
    """Tests, re-exports, files that cannot be read and configuration count, too."""
    files = {"shop.py": DOZE, name: text}

    done = converted(write(tmp_path, files))

    assert {"index"} == done.converted


def test_helper_follows_its_callers(tmp_path: Path) -> None:
    """If all calls are awaited it becomes async, over modules and under its name."""
    done = of_shop(
        tmp_path,
        """
import sleeping
from sleeping import doze

@app.get("/")
def index():
    return doze(0)

@app.get("/other")
def other():
    return sleeping.doze(0)
""",
        sleeping="import time\n\n\ndef doze(n):\n    time.sleep(n)\n    return rest()\n"
        "\n\ndef rest():\n    time.sleep(0)\n    return 'awake'\n\n\n"
        "def idle():\n    return 'idle'\n",
    )

    assert {"doze", "index", "other", "rest"} == done.converted
    assert "return await doze(0)\n" in done.shop
    assert "return await sleeping.doze(0)\n" in done.shop
    assert done.files["sleeping.py"] == (
        "import asyncio\n\n\nasync def doze(n):\n    await asyncio.sleep(n)\n"
        "    return await rest()\n\n\nasync def rest():\n    await asyncio.sleep(0)\n"
        "    return 'awake'\n\n\ndef idle():\n    return 'idle'\n"
    )


def test_helper_waits_until_its_last_caller_is_converted(tmp_path: Path) -> None:
    """View by view: it becomes async with the last view, and all calls are awaited."""
    write(
        tmp_path,
        {"shop.py": f"{DOZE}\n@app.get('/o')\ndef other():\n    return doze()\n"},
    )

    first = converted(tmp_path, "index")
    second = converted(tmp_path, "other")

    assert {"index"} == first.converted
    assert "async def index():\n    return doze()\n" in first.shop
    assert {"doze", "other"} == second.converted
    assert "async def index():\n    return await doze()\n" in second.shop
    assert "async def other():\n    return await doze()\n" in second.shop


def test_recursive_helper_awaits_itself(tmp_path: Path) -> None:
    """A call in its own body is awaited, too."""
    done = of_shop(
        tmp_path,
        """
def doze(n):
    time.sleep(0)
    return doze(n - 1) if n else "awake"

@app.get("/")
def index():
    return doze(3)
""",
    )

    assert 'return await doze(n - 1) if n else "awake"' in done.shop


def test_helper_without_anything_to_await_stays_sync(tmp_path: Path) -> None:
    """Async is not spread for its own sake."""
    done = of_shop(
        tmp_path,
        "\ndef add(a, b):\n    return a + b\n\n@app.get('/')\ndef index():\n"
        "    return str(add(1, 2))\n",
    )

    assert {"index"} == done.converted
    assert "return str(add(1, 2))" in done.shop


def test_name_of_something_else_is_no_reference(tmp_path: Path) -> None:
    """Locals, parameters and names from other packages do not count."""
    done = of_shop(
        tmp_path,
        f"{DOZE}\nimport os\n\ndef other(doze):\n    return doze\n\n"
        "def another():\n    doze = os.getcwd\n    return doze()\n\n"
        "print('the word doze in a sentence')  # doze\n",
        elsewhere="from bed import doze\n\nTABLE = [doze]\n",
    )

    assert {"doze", "index"} == done.converted
