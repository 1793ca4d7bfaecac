import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import HealthCheck
from hypothesis import settings
from hypothesis import strategies as st

from migrate.convert.conversion import answers
from migrate.convert.conversion import converted
from migrate.convert.conversion import write

CHECKS = (
    "time.sleep(0)\n    return request.args.get('pin') == '1'",
    "verify_jwt_in_request()\n    return get_jwt_identity() == 'ada'",
    "return create_access_token('x') == '' or request.args.get('pin') == '1'",
    "return request.args.get('pin') == '1'",
    "if {call}:\n        time.sleep(0)\n        return True\n    return False",
    "time.sleep(0)\n    return not {call} or {call}",
)
"""Bodies of checks; ``{call}`` asks the check before it."""

CALLS = (
    "{name}()",
    "(lambda: {name}())()",
    "{{'it': ({name}, 'x')}}['it'][0]()",
    "[{name}() for _ in 'x'][0]",
    "any({name}() for _ in 'x')",
    "all([{name}(), {name}()])",
    "globals()['{name}']()",
    "getattr(Held, '{name}')()",
    "Held.{name}()",
    "Held().{name}_here",
    "held_{name}()",
)
"""Ways to ask a check; most are none that could be awaited."""

GUARDS = (
    "",
    "@app.before_request\ndef guard():\n    if not {call}:\n        abort(403)\n",
    "@orders.before_request\ndef guard():\n    if not {call}:\n        abort(403)\n",
    "@app.after_request\ndef guard(answer):\n    time.sleep(0)\n    return answer\n",
    (
        "@app.errorhandler(403)\ndef guard(error):\n    time.sleep(0)\n"
        "    return 'refused', 403\n"
    ),
)
DECORATORS = ("", "@jwt_required()\n", "@jwt_required(optional=True)\n", "@mine\n")
BODIES = (
    "if not {call}:\n        abort(403)\n    return 'in'",
    "return 'in' if {call} else ('out', 403)",
    "with app.app_context():\n        return 'in' if {call} else ('out', 403)",
    "time.sleep(0)\n    return ('in', 200) if ({call}) else ('out', 403)",
    "def inner():\n        return {call}\n    return 'in' if inner() else ('out', 403)",
    (
        "try:\n        return 'in' if {call} else ('out', 403)\n"
        "    finally:\n        time.sleep(0)"
    ),
    (
        "found = {call}\n    def lines():\n"
        "        yield 'in' if found else 'out'\n    return lines()"
    ),
)
HEAD = """
from functools import wraps

orders = Blueprint("orders", __name__)

def mine(view):
    @wraps(view)
    def wrapper(*args, **kwargs):
        verify_jwt_in_request(optional=True)
        return view(*args, **kwargs)
    return wrapper

class Held:
    pass
"""


@dataclass(frozen=True)
class Program:
    """A program, its views, and the views that are converted first."""

    text: str
    views: tuple[str, ...]
    first: tuple[str, ...]


@st.composite
def _programs(draw: st.DrawFn) -> Program:
    names: list[str] = []
    text = HEAD
    for number in range(draw(st.integers(1, 3))):
        bodies = CHECKS if names else CHECKS[:4]
        body = draw(st.sampled_from(bodies))
        if "{call}" in body:
            body = body.replace("{call}", _call(draw, names))
        text += f"\ndef check_{number}():\n    {body}\n"
        names.append(f"check_{number}")
    held = draw(st.sets(st.sampled_from(names)))
    for name in sorted(held):
        text += (
            f"\nHeld.{name} = staticmethod({name})\n"
            f"Held.{name}_here = property(lambda self: {name}())\n"
            f"held_{name} = {name}\n"
        )
    guard = draw(st.sampled_from(GUARDS))
    text += "\n" + guard.replace("{call}", _call(draw, names, held))
    views = []
    for number in range(draw(st.integers(1, 4))):
        name = f"view_{number}"
        text += "\n" + _view(draw, name, _call(draw, names, held))
        views.append(name)
    text += "\napp.register_blueprint(orders)\n"
    first = draw(st.sets(st.sampled_from(views)))
    return Program(text, tuple(views), tuple(sorted(first)))


def _call(draw: st.DrawFn, names: list[str], held: set[str] = frozenset()) -> str:  # type: ignore[assignment]
    name = draw(st.sampled_from(names))
    ways = [way for way in CALLS if "eld" not in way or name in held]
    return draw(st.sampled_from(ways)).format(name=name)


def _view(draw: st.DrawFn, name: str, call: str) -> str:
    body = draw(st.sampled_from(BODIES)).replace("{call}", call)
    of = draw(st.sampled_from(["app", "orders"]))
    if draw(st.booleans()):
        decorator = draw(st.sampled_from(DECORATORS))
        return f"@{of}.get('/{name}')\n{decorator}def {name}():\n    {body}\n"
    indented = f"def get(self):\n    {body}".replace("\n", "\n    ")
    return (
        f"class {name}(MethodView):\n    {indented}\n"
        f"{of}.add_url_rule('/{name}', view_func={name}.as_view('{name}'))\n"
    )


few = settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
"""Each example starts three processes."""


@few
@given(_programs())
def test_converted_program_answers_as_before(program: Program) -> None:
    """View by view and all at once: same answers, and every coroutine is awaited."""
    _assert_answers_as_before(program)


@pytest.mark.slow
@settings(few, max_examples=40)
@given(_programs())
def test_more_converted_programs_answer_as_before(program: Program) -> None:
    """Ten times as many programs."""
    _assert_answers_as_before(program)


def _assert_answers_as_before(program: Program) -> None:
    requests = [
        ("GET", f"/{view}{query}", identity)
        for view in program.views
        for query in ("", "?pin=1")
        for identity in (None, "ada", "bob")
    ]
    with tempfile.TemporaryDirectory() as folder:
        project = write(Path(folder), {"shop.py": program.text})
        before = answers(project, requests)

        if program.first:
            converted(project, *program.first)
            assert before == answers(project, requests)
        done = converted(project)
        assert before == answers(project, requests)
        assert done.files == converted(project).files
