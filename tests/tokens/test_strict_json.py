import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quart_jwt.tokens import strict_json
from quart_jwt.tokens.strict_json import MAX_DEPTH
from vector_files import cases
from vectors.json_suite import accepted_objects
from vectors.json_suite import Document
from vectors.json_suite import either
from vectors.json_suite import rejected

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


def nested(levels: int, kind: str, leaf: str) -> bytes:
    """A document of so many containers, the innermost with a leaf or empty."""
    opening, closing = ('{"a":', "}") if kind == "dict" else ("[", "]")
    if not leaf:
        empty = "{}" if kind == "dict" else "[]"
        return (opening * (levels - 1) + empty + closing * (levels - 1)).encode()
    return (opening * levels + leaf + closing * levels).encode()


@pytest.mark.parametrize("document", cases(rejected))
def test_what_the_suite_rejects_is_refused(document: Document) -> None:
    """Every `n_` document of JSONTestSuite is a ValueError."""
    with pytest.raises(ValueError, match=r"."):
        strict_json.loads(document.content)


@pytest.mark.parametrize("document", cases(accepted_objects))
def test_what_the_suite_accepts_is_parsed(document: Document) -> None:
    """Every `y_` object of JSONTestSuite has the value that ``json`` gives it."""
    assert json.loads(document.content) == strict_json.loads(document.content)


@pytest.mark.parametrize("document", cases(either))
def test_what_the_suite_leaves_open_is_decided(document: Document) -> None:
    """An `i_` document of JSONTestSuite parses or is a ValueError, never more."""
    with suppress(ValueError):
        strict_json.loads(document.content)


@pytest.mark.parametrize("leaf", ["", "0", '"x"', "null"], ids=["empty", *"isn"])
@pytest.mark.parametrize("kind", ["dict", "list"])
@pytest.mark.parametrize("levels", [MAX_DEPTH - 1, MAX_DEPTH])
def test_nesting_up_to_the_limit_parses(levels: int, kind: str, leaf: str) -> None:
    """So many levels are accepted, whatever the innermost one holds."""
    document = nested(levels, kind, leaf)

    assert json.loads(document) == strict_json.loads(document)


@pytest.mark.parametrize("leaf", ["", "0", '"x"', "null"], ids=["empty", *"isn"])
@pytest.mark.parametrize("kind", ["dict", "list"])
@pytest.mark.parametrize("levels", [MAX_DEPTH + 1, MAX_DEPTH + 2, 900, 100_000])
def test_nesting_beyond_the_limit_is_refused(levels: int, kind: str, leaf: str) -> None:
    """One level more is refused, and so is whatever exhausts the parser."""
    with pytest.raises(ValueError, match=r"^too deeply nested$"):
        strict_json.loads(nested(levels, kind, leaf))


@pytest.mark.parametrize("kind", ["dict", "list"])
def test_depth_counts_nesting_only(kind: str) -> None:
    """Many containers side by side, or brackets in a string, are not deep."""
    wide = b"[" + b",".join([nested(2, kind, "")] * 100) + b"]"
    text = json.dumps("[{" * 100).encode()

    assert len(strict_json.loads(wide)) == 100
    assert strict_json.loads(text) == "[{" * 100


@pytest.mark.parametrize("side", [0, 1], ids=["first", "last"])
def test_depth_is_found_in_any_branch(side: int) -> None:
    """A deep branch beside a shallow one is refused on either side."""
    branches = [b"[]", b"[]"]
    branches[side] = nested(MAX_DEPTH, "dict", "")
    with pytest.raises(ValueError, match="too deeply nested"):
        strict_json.loads(b"[" + b",".join(branches) + b"]")


@pytest.mark.parametrize(
    "document",
    [
        '{"a":1,"a":1}',
        '{"a":1,"b":2,"a":3}',
        '{"a":1,"\\u0061":2}',
        '{"x":{"a":1,"a":2}}',
        '[[{"x":[{"a":1,"a":2}]}]]',
        '{"":1,"":2}',
    ],
    ids=["same", "apart", "escaped", "nested", "in-lists", "empty"],
)
def test_a_duplicate_name_is_refused(document: str) -> None:
    """No object at any depth may have one name twice, however it is spelt."""
    with pytest.raises(ValueError, match=r"^duplicate name in an object$"):
        strict_json.loads(document.encode())


@pytest.mark.parametrize("document", [b' {"a":1}', b'{"a":1} ', b'\n{"a":1}\r\t '])
def test_blanks_around_a_document_are_fine(document: bytes) -> None:
    """RFC 8259 section 2: insignificant whitespace may stand at either end."""
    assert strict_json.loads(document) == {"a": 1}


@pytest.mark.parametrize("rest", [b"}", b" }", b"{}", b",", b"\x0b", b"\xc2\xa0"])
def test_nothing_else_follows_a_document(rest: bytes) -> None:
    """A second reader must not find another document behind the first."""
    with pytest.raises(ValueError, match="Extra data"):
        strict_json.loads(b'{"a":1}' + rest)


def test_one_name_in_two_objects_is_fine() -> None:
    """A name may come again in another object."""
    assert strict_json.loads(b'{"a":{"a":[{"a":1}]}}') == {"a": {"a": [{"a": 1}]}}


@pytest.mark.parametrize("literal", ["NaN", "Infinity", "-Infinity"])
@pytest.mark.parametrize("form", ["{}", "[{}]", '{{"a":{}}}'])
def test_a_constant_that_is_not_json_is_refused(literal: str, form: str) -> None:
    """NaN and the infinities are no JSON."""
    with pytest.raises(ValueError, match=r"^NaN and Infinity are not JSON$"):
        strict_json.loads(form.format(literal).encode())


@pytest.mark.parametrize("literal", ["1e999", "-1e999", "1.0E+400", "9" * 400 + ".0"])
def test_a_number_that_overflows_is_refused(literal: str) -> None:
    """What would become an infinity is refused."""
    with pytest.raises(ValueError, match=r"^number out of range$"):
        strict_json.loads(f"[{literal}]".encode())


@pytest.mark.parametrize("literal", ["1e308", "-1e308", "1e-999", "0.1", "-0.0"])
def test_a_number_in_range_is_kept(literal: str) -> None:
    """What a float can hold is accepted."""
    assert [float(literal)] == strict_json.loads(f"[{literal}]".encode())


@pytest.mark.parametrize("digits", [17, 300, 4300])
def test_a_big_integer_is_exact(digits: int) -> None:
    """An integer keeps every digit."""
    literal = "9" * digits

    assert literal == str(strict_json.loads(literal.encode()))


def test_an_enormous_integer_is_refused() -> None:
    """More digits than Python converts are a ValueError that does not echo them."""
    with pytest.raises(ValueError, match="4300") as caught:
        strict_json.loads(b"9" * 4301)
    assert "99999" not in str(caught.value)


@pytest.mark.parametrize(
    "document",
    [
        '{"a":1}'.encode("utf-16"),
        '{"a":1}'.encode("utf-16-le"),
        '{"a":1}'.encode("utf-16-be"),
        '{"a":1}'.encode("utf-32"),
        '{"a":1}'.encode("utf-32-le"),
        '{"a":1}'.encode("utf-8-sig"),
        b'{"a":"\xff"}',
        b'{"a":"\xc0\xaf"}',
        b'{"a":"\xed\xa0\x80"}',
        b'{"a":"\xf4\x90\x80\x80"}',
        b'{"a":"\xe2\x82"}',
    ],
    ids=[
        "utf-16",
        "utf-16-le",
        "utf-16-be",
        "utf-32",
        "utf-32-le",
        "bom",
        "ff",
        "overlong",
        "surrogate",
        "beyond-unicode",
        "cut",
    ],
)
def test_anything_but_utf_8_is_refused(document: bytes) -> None:
    """RFC 8725 §3.7 asks for UTF-8, and a byte order mark is no JSON."""
    with pytest.raises(ValueError, match=r"."):
        strict_json.loads(document)


@pytest.mark.parametrize(
    "form", ['"{}"', '["{}"]', '{{"{}":1}}', '{{"a":{{"b":"{}"}}}}']
)
@pytest.mark.parametrize(
    "escape", ["\\ud800", "\\udfff", "x\\udc00\\ud800", "\\uD83D!"]
)
def test_a_lone_surrogate_is_refused(escape: str, form: str) -> None:
    """Half a character cannot be stored, as a name or as a value."""
    with pytest.raises(ValueError, match=r"^lone surrogate in a string$"):
        strict_json.loads(form.format(escape).encode())


@pytest.mark.parametrize(
    "form", ['"{}"', '["{}"]', '{{"{}":1}}', '{{"a":{{"b":"{}"}}}}']
)
def test_nul_is_refused(form: str) -> None:
    """PostgreSQL, for one, cannot hold NUL."""
    with pytest.raises(ValueError, match=r"^NUL in a string$"):
        strict_json.loads(form.format("a\\u0000b").encode())


def test_a_raw_control_character_is_refused() -> None:
    """RFC 8259 §7: control characters have to be escaped."""
    with pytest.raises(ValueError, match="Invalid control character"):
        strict_json.loads(b'"\x00"')


@pytest.mark.parametrize(
    "document", ['"\\ud83d\\ude00"', '"\U0001f600"', '"\\u0001"', '"\\\\u0000"']
)
def test_other_escapes_are_fine(document: str) -> None:
    """Surrogate pairs, control characters and escaped backslashes are text."""
    assert json.loads(document) == strict_json.loads(document.encode())


@pytest.mark.parametrize("document", [b"", b" ", b"{", b"{}x", b"{'a':1}", b"[1,]"])
def test_what_is_no_json_is_refused(document: bytes) -> None:
    """A fault of syntax is a ValueError."""
    with pytest.raises(ValueError, match="line 1"):
        strict_json.loads(document)


@given(JSON)
def test_a_round_trip_changes_nothing(value: Any) -> None:
    """What was written reads back as it was."""
    assert value == strict_json.loads(strict_json.dumps(value))


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_bytes_parse_or_are_a_value_error(document: bytes) -> None:
    """No input raises anything else, and what parses is plain JSON to ``json``."""
    try:
        value = strict_json.loads(document)
    except ValueError:
        return
    assert json.loads(document) == value


def test_writing_is_compact_and_ascii() -> None:
    """No white space, and nothing beyond ASCII."""
    assert strict_json.dumps({"a": [1, "é"]}) == b'{"a":[1,"\\u00e9"]}'


def test_writing_asks_the_default() -> None:
    """What JSON does not know is given to ``default``."""
    assert strict_json.dumps({"a": 1 + 2j}, str) == b'{"a":"(1+2j)"}'


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_writing_refuses_what_is_no_number(value: float) -> None:
    """NaN and the infinities are not written."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        strict_json.dumps({"a": [value]})


@pytest.mark.parametrize(
    ("text", "fault"),
    [("\ud800", "lone surrogate"), ("a\0b", "NUL")],
    ids=["half", "nul"],
)
@pytest.mark.parametrize("place", ["value", "name", "nested"])
def test_writing_refuses_what_cannot_be_stored(
    text: str, fault: str, place: str
) -> None:
    """A string that we would refuse to read is not written, wherever it stands."""
    values = {"value": {"a": text}, "name": {text: 1}, "nested": [{"é": [text]}]}
    with pytest.raises(ValueError, match=fault):
        strict_json.dumps(values[place])


@pytest.mark.parametrize(
    "value", [{"a": {1}}, {"a": object()}, {("a",): 1}], ids=["set", "object", "name"]
)
def test_writing_refuses_what_is_not_json(value: Any) -> None:
    """Without a default, foreign objects are a TypeError."""
    with pytest.raises(TypeError):
        strict_json.dumps(value)


def test_writing_refuses_a_circle() -> None:
    """A value that holds itself is a ValueError."""
    circle: list[Any] = []
    circle.append(circle)
    with pytest.raises(ValueError, match="Circular"):
        strict_json.dumps(circle)


def test_writing_refuses_two_spellings_of_a_name() -> None:
    """Names that are one name in JSON are not written twice."""
    with pytest.raises(ValueError, match="duplicate name"):
        strict_json.dumps({1: "a", "1": "b"})


@pytest.mark.parametrize("levels", [MAX_DEPTH - 1, MAX_DEPTH])
def test_writing_goes_as_deep_as_reading(levels: int) -> None:
    """What can be read can be written."""
    document = nested(levels, "list", "0")

    assert document == strict_json.dumps(json.loads(document))


@pytest.mark.parametrize("levels", [MAX_DEPTH + 1, 100_000])
def test_writing_keeps_to_the_depth(levels: int) -> None:
    """What is nested too deeply to be read is not written."""
    value: list[Any] = []
    for _ in range(levels - 1):
        value = [value]
    with pytest.raises(ValueError, match=r"^too deeply nested$"):
        strict_json.dumps(value)


def test_strings_are_checked_everywhere() -> None:
    """Names and values, in objects and lists, and whatever is no string passes."""
    strict_json.check_strings({"a": ["b", {"c": "d"}, 1, None, True, 1.5]})
    with pytest.raises(ValueError, match=r"NUL"):
        strict_json.check_strings([[["\0"]]])
