import json
import re
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st
from joserfc import jwt as joserfc_jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey
from joserfc.jwk import OctKey
from joserfc.jwk import OKPKey
from joserfc.jwk import RSAKey
from jwt.exceptions import DecodeError
from jwt.exceptions import InvalidAlgorithmError
from jwt.exceptions import InvalidSignatureError
from jwt.exceptions import InvalidTokenError

import key_material
from forging import forge
from forging import HEADER
from forging import SECRET
from forging import segment
from quart_jwt.tokens import codec
from quart_jwt.tokens.codec import allowed_algorithm
from quart_jwt.tokens.codec import check_header
from quart_jwt.tokens.codec import check_signature
from quart_jwt.tokens.codec import MAX_KID_CHARS
from quart_jwt.tokens.codec import MAX_TOKEN_CHARS
from quart_jwt.tokens.codec import parse
from quart_jwt.tokens.codec import parse_header
from quart_jwt.tokens.codec import Parsed
from quart_jwt.tokens.codec import REFUSED_PARAMETERS
from quart_jwt.tokens.codec import sign
from quart_jwt.tokens.keys import signing_key
from quart_jwt.tokens.keys import verifying_key

CLAIMS = {"sub": "ann", "type": "access"}
GOOD = forge(HEADER, CLAIMS)
KEYS = (verifying_key("HS256", SECRET),)
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

ODD_TYPES: list[Any] = [None, 7, 1.5, [], {}, True, bytearray(b"a.b.c")]

STRICTER = (
    "Token is too long",
    "Key ID header parameter is too long",
    "header parameter is not supported",
    "Unsupported critical extension: b64",
    "duplicate name in an object",
    "NaN and Infinity are not JSON",
    "number out of range",
    "too deeply nested",
    "NUL in a string",
    "lone surrogate in a string",
)
"""What PyJWT lets pass and we refuse: the words of our refusals."""


def ours(token: Any, algorithms: tuple[str, ...] = ("HS256",)) -> Any:
    """Verify in our way: the claims, or the error."""
    try:
        parsed = parse(token)
        allowed_algorithm(parsed.header, algorithms)
        check_signature(parsed, KEYS)
    except InvalidTokenError as error:
        return error
    return parsed.claims


def theirs(token: Any, algorithms: tuple[str, ...] = ("HS256",)) -> Any:
    """Verify as Flask-JWT-Extended has PyJWT do it: unverified first."""
    unjudged = {f"verify_{name}": False for name in ("exp", "nbf", "iat", "aud")}
    unjudged |= {f"verify_{name}": False for name in ("iss", "sub", "jti")}
    try:
        jwt.decode(token, options={"verify_signature": False})
        jwt.get_unverified_header(token)
        return jwt.decode(token, SECRET, algorithms, options=unjudged)  # type: ignore[arg-type]
    except (jwt.PyJWTError, UnicodeEncodeError) as error:
        return error


def outcome(result: Any) -> Any:
    """Claims, or the class and the words of the error."""
    if isinstance(result, Exception):
        return type(result), str(result)
    return result


def headed(**parameters: Any) -> str:
    """A token with further header parameters."""
    return forge({**HEADER, **parameters}, CLAIMS)


SAME_AS_PYJWT: dict[str, tuple[Any, type[Exception], str]] = {
    "empty": ("", DecodeError, "Not enough segments"),
    "no-dot": ("abcd", DecodeError, "Not enough segments"),
    "one-dot": ("abcd.efgh", DecodeError, "Not enough segments"),
    "only-a-dot": (".", DecodeError, "Not enough segments"),
    "header-length": ("abcde.e30.e30", DecodeError, "Invalid header padding"),
    "header-character": ("e3!0.e30.e30", DecodeError, "Invalid header padding"),
    "header-last-bits": ("e31.e30.e30", DecodeError, "Invalid header padding"),
    "header-newline": ("e30\n.e30.e30", DecodeError, "Invalid header padding"),
    "header-space": (f" {GOOD}", DecodeError, "Invalid header padding"),
    "header-empty": (
        "..",
        DecodeError,
        "Invalid header string: Expecting value: line 1 column 1 (char 0)",
    ),
    "header-no-json": (
        f"{segment('{x')}.e30.",
        DecodeError,
        (
            "Invalid header string: Expecting property name enclosed in double quotes"
            ": line 1 column 2 (char 1)"
        ),
    ),
    "header-list": (
        f"{segment([1])}.e30.",
        DecodeError,
        "Invalid header string: must be a json object",
    ),
    "header-null": (
        f"{segment(None)}.e30.",
        DecodeError,
        "Invalid header string: must be a json object",
    ),
    "header-not-utf-8": (
        f"{segment(bytes((0x22, 0xFF, 0x22)))}.e30.",
        DecodeError,
        (
            "Invalid header string: 'utf-8' codec can't decode byte 0xff in position 1"
            ": invalid start byte"
        ),
    ),
    "header-bad-before-payload-bad": (
        f"{segment('[]')}.!!!!.!!!!",
        DecodeError,
        "Invalid header string: must be a json object",
    ),
    "payload-length": ("e30.abcde.e30", DecodeError, "Invalid payload padding"),
    "payload-character": ("e30.e3+0.e30", DecodeError, "Invalid payload padding"),
    "four-segments": (f"{GOOD}.e30", DecodeError, "Invalid payload padding"),
    "five-segments": ("e30.e30.e30.e30.e30", DecodeError, "Invalid payload padding"),
    "crypto-length": (
        f"{segment(HEADER)}.e30.a",
        DecodeError,
        "Invalid crypto padding",
    ),
    "crypto-character": (
        f"{segment(HEADER)}.e30.ab/d",
        DecodeError,
        "Invalid crypto padding",
    ),
    "crypto-newline": (f"{GOOD}\n", DecodeError, "Invalid crypto padding"),
    "crypto-three-pads": (f"{GOOD}===", DecodeError, "Invalid crypto padding"),
    "payload-no-json": (
        forge(HEADER, "{"),
        DecodeError,
        (
            "Invalid payload string: Expecting property name enclosed in double quotes"
            ": line 1 column 2 (char 1)"
        ),
    ),
    "payload-empty": (
        forge(HEADER, ""),
        DecodeError,
        "Invalid payload string: Expecting value: line 1 column 1 (char 0)",
    ),
    "payload-list": (
        forge(HEADER, []),
        DecodeError,
        "Invalid payload string: must be a json object",
    ),
    "payload-string": (
        forge(HEADER, '"x"'),
        DecodeError,
        "Invalid payload string: must be a json object",
    ),
    "kid-number": (
        headed(kid=1),
        InvalidTokenError,
        "Key ID header parameter must be a string",
    ),
    "kid-null": (
        headed(kid=None),
        InvalidTokenError,
        "Key ID header parameter must be a string",
    ),
    "crit-string": (
        headed(crit="exp"),
        InvalidTokenError,
        "Invalid 'crit' header: must be a non-empty list",
    ),
    "crit-empty": (
        headed(crit=[]),
        InvalidTokenError,
        "Invalid 'crit' header: must be a non-empty list",
    ),
    "crit-numbers": (
        headed(crit=[1]),
        InvalidTokenError,
        "Invalid 'crit' header: values must be strings",
    ),
    "crit-unknown": (
        headed(crit=["x"]),
        InvalidTokenError,
        "Unsupported critical extension: x",
    ),
    "kid-before-crit": (
        headed(crit=[], kid=1),
        InvalidTokenError,
        "Key ID header parameter must be a string",
    ),
    "crit-before-payload": (
        forge({**HEADER, "crit": []}, "["),
        InvalidTokenError,
        "Invalid 'crit' header: must be a non-empty list",
    ),
    "alg-missing": (
        forge({"typ": "JWT"}, CLAIMS),
        InvalidAlgorithmError,
        "Algorithm not specified",
    ),
    **{
        f"alg-{name}": (
            headed(alg=value),
            InvalidAlgorithmError,
            "The specified alg value is not allowed",
        )
        for name, value in {
            "empty": "",
            "null": None,
            "zero": 0,
            "list": ["HS256"],
            "object": {"HS256": 1},
            "true": True,
            "none": "none",
            "lower": "hs256",
            "padded": "HS256 ",
            "other": "HS384",
        }.items()
    },
    "signature-empty": (
        GOOD.rpartition(".")[0] + ".",
        InvalidSignatureError,
        "Signature verification failed",
    ),
    "signature-cut": (
        GOOD[:-3],
        InvalidSignatureError,
        "Signature verification failed",
    ),
    "signature-other-secret": (
        forge(HEADER, CLAIMS, "x" * 32),
        InvalidSignatureError,
        "Signature verification failed",
    ),
    **{
        f"type-{type(odd).__name__}": (
            odd,
            DecodeError,
            "Invalid token type. Token must be a <class 'bytes'>",
        )
        for odd in ODD_TYPES
    },
    "not-ascii": ("e3é0.e30.e30", DecodeError, "Invalid header padding"),
    "arabic-digit": ("e3\u0660.e30.e30", DecodeError, "Invalid header padding"),
    "bytes-high": (b"e3\xff.e30.e30", DecodeError, "Invalid header padding"),
    "bytes-nul": (b"\0.e30.e30", DecodeError, "Invalid header padding"),
}


@pytest.mark.parametrize("name", SAME_AS_PYJWT)
def test_a_fault_has_pyjwts_class_and_words(name: str) -> None:
    """Each fault is the very error that PyJWT raises for it."""
    token, kind, message = SAME_AS_PYJWT[name]

    assert (kind, message) == outcome(ours(token))
    assert outcome(theirs(token)) == outcome(ours(token))


def test_an_algorithm_that_does_not_exist_is_not_supported() -> None:
    """An algorithm that was allowed by mistake is refused in PyJWT's words."""
    allowed = ("HS256", "XS999", "none")
    for name in ("XS999", "none"):
        token = headed(alg=name)
        error = ours(token, allowed)
        assert isinstance(error, InvalidTokenError)
        assert name != "XS999" or outcome(theirs(token, allowed)) == outcome(error)
        assert (InvalidAlgorithmError, "Algorithm not supported") == outcome(error)


DELIBERATE: dict[str, tuple[Any, str]] = {
    "padded-hs256": (f"{GOOD}=", "Invalid crypto padding"),
    "padded-header": (
        f"{segment(json.dumps(HEADER).ljust(50))}=.e30.",
        "Invalid header padding",
    ),
    "too-long": ("a" * (MAX_TOKEN_CHARS + 1), "Token is too long"),
    "surrogate": ("\ud800.e30.e30", "Invalid header padding"),
    "kid-257": (headed(kid="k" * 257), "Key ID header parameter is too long"),
    "crit-b64": (headed(crit=["b64"], b64=True), "Unsupported critical extension: b64"),
    "duplicate-alg": (
        forge('{"alg":"none","alg":"HS256"}', CLAIMS),
        "Invalid header string: duplicate name in an object",
    ),
    "duplicate-sub": (
        forge(HEADER, '{"sub":"a","sub":"b"}'),
        "Invalid payload string: duplicate name in an object",
    ),
    "nan": (
        forge(HEADER, '{"a":NaN}'),
        "Invalid payload string: NaN and Infinity are not JSON",
    ),
    "overflow": (
        forge(HEADER, '{"a":1e999}'),
        "Invalid payload string: number out of range",
    ),
    "deep-payload": (
        forge(HEADER, '{"a":' + "[" * 33 + "]" * 33 + "}"),
        "Invalid payload string: too deeply nested",
    ),
    "deep-header": (
        forge('{"alg":"HS256","a":' + "[" * 1100 + "]" * 1100 + "}", CLAIMS),
        "Invalid header string: too deeply nested",
    ),
    "half-a-character": (
        forge(HEADER, '{"sub":"\\ud800"}'),
        "Invalid payload string: lone surrogate in a string",
    ),
    "nul": (
        forge(HEADER, '{"sub":"a\\u0000"}'),
        "Invalid payload string: NUL in a string",
    ),
    "raw-surrogate": (
        forge(HEADER, b'{"sub":"\xed\xa0\x80"}'),
        (
            "Invalid payload string: 'utf-8' codec can't decode byte 0xed in position 8"
            ": invalid continuation byte"
        ),
    ),
    "utf-16": (
        forge(HEADER, json.dumps(CLAIMS).encode("utf-16")),
        (
            "Invalid payload string: 'utf-8' codec can't decode byte 0xff in position 0"
            ": invalid start byte"
        ),
    ),
    "bom": (
        forge(HEADER, json.dumps(CLAIMS).encode("utf-8-sig")),
        "Invalid payload string: Expecting value: line 1 column 1 (char 0)",
    ),
    "utf-32": (
        forge(HEADER, json.dumps(CLAIMS).encode("utf-32-le")),
        (
            "Invalid payload string: Expecting property name enclosed in double quotes"
            ": line 1 column 2 (char 1)"
        ),
    ),
    **{
        f"header-{name}": (
            headed(**{name: value}),
            f"The '{name}' header parameter is not supported",
        )
        for name, value in {
            "b64": True,
            "zip": "DEF",
            "jwk": {"kty": "oct", "k": "AA"},
            "jku": "https://evil.example/jwks.json",
            "x5u": "https://evil.example/x.pem",
            "x5c": [],
        }.items()
    },
    "header-null": (headed(jwk=None), "The 'jwk' header parameter is not supported"),
}


@pytest.mark.parametrize("name", DELIBERATE)
def test_what_pyjwt_lets_pass_is_refused(name: str) -> None:
    """Each of these is a hole in PyJWT or a looseness, and closed here."""
    token, message = DELIBERATE[name]
    error = ours(token)

    assert isinstance(error, InvalidTokenError)
    assert message == str(error)
    assert outcome(theirs(token)) != outcome(error)


def test_every_refused_parameter_is_tested() -> None:
    """The table above names each parameter that is refused."""
    tested = {name.removeprefix("header-") for name in DELIBERATE}

    assert set(REFUSED_PARAMETERS) <= tested


def _json_texts() -> st.SearchStrategy[bytes]:
    names = st.sampled_from(
        ["alg", "typ", "kid", "crit", "b64", "jwk", "zip", "sub", "exp", "a", "é"]
    )
    values: st.SearchStrategy[Any] = st.recursive(
        st.sampled_from(
            ["HS256", "HS512", "none", "x", "", "b64", None, True, False, 0, 1, 1.5]
        )
        | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=2) | st.dictionaries(names, inner, max_size=2)
        ),
        max_leaves=4,
    )
    objects = st.dictionaries(names, values, max_size=4).map(
        lambda members: json.dumps({"alg": "HS256", **members}).encode()
    )
    mangled = st.builds(
        lambda text, at, junk: text[:at] + junk + text[at:],
        objects,
        st.integers(0, 40),
        st.binary(max_size=3),
    )
    return st.one_of(
        objects,
        objects,
        mangled,
        values.map(lambda value: json.dumps(value).encode()),
        st.binary(max_size=20),
    )


def _damage() -> st.SearchStrategy[Callable[[str], str]]:
    def insert(at: int, junk: str) -> Callable[[str], str]:
        return lambda token: token[: at % (len(token) + 1)] + junk + token[at:]

    def replace(at: int, junk: str) -> Callable[[str], str]:
        return lambda token: token[:at] + junk + token[at + 1 :]

    junk = st.sampled_from([".", "..", "=", "+", "/", " ", "\n", "A", "é", "\0", ""])
    whole: list[Callable[[str], str]] = [
        lambda token: token,
        lambda token: token,
        lambda token: token[:-1],
        lambda token: token.replace(".", "", 1),
        lambda token: token.rpartition(".")[0] + ".",
    ]
    return st.one_of(
        st.sampled_from(whole),
        st.builds(insert, st.integers(0, 200), junk),
        st.builds(replace, st.integers(0, 200), junk),
    )


def _loosely_padded(token: str) -> bool:
    # PyJWT forgives one or two "=" at the end of a segment.
    return any(re.search(r"={1,2}$", part) for part in token.split("."))


def _not_utf_8(*parts: bytes) -> bool:
    # PyJWT lets ``json`` guess between UTF-8, -16 and -32, and lets halves pass.
    for part in parts:
        if part.startswith(b"\xef\xbb\xbf") or json.detect_encoding(part) != "utf-8":
            return True
        try:
            part.decode("utf-8")
        except UnicodeDecodeError:
            return True
    return False


@settings(max_examples=1_000)
@given(_json_texts(), _json_texts(), _damage())
def test_random_tokens_fare_as_with_pyjwt(
    header: bytes, payload: bytes, damage: Callable[[str], str]
) -> None:
    """Any token gives PyJWT's result, or is refused where we are stricter."""
    token = damage(forge(header, payload))
    expected, actual = outcome(theirs(token)), outcome(ours(token))
    if expected == actual:
        return

    assert isinstance(actual, tuple), (token, expected, actual)
    assert (
        any(words in actual[1] for words in STRICTER)
        or _loosely_padded(token)
        or _not_utf_8(header, payload)
    ), (token, expected, actual)


@settings(max_examples=500)
@given(st.text(max_size=80) | st.binary(max_size=80))
def test_random_text_fares_as_with_pyjwt(text: str | bytes) -> None:
    """Text that is nowhere near a token is refused in PyJWT's words."""
    try:
        expected = theirs(text)
    except UnicodeEncodeError:
        expected = None

    assert isinstance(ours(text), DecodeError)
    assert isinstance(expected, UnicodeEncodeError) or (
        outcome(expected) == outcome(ours(text))
    )


def test_a_good_token_is_taken_apart() -> None:
    """All four parts of a token come out as they went in."""
    expected = Parsed(
        HEADER,
        CLAIMS,
        GOOD.rpartition(".")[0].encode(),
        parse(GOOD).signature,
    )

    assert expected == parse(GOOD)
    assert len(expected.signature) == 32
    assert CLAIMS == ours(GOOD) == theirs(GOOD)


def test_bytes_are_as_good_as_text() -> None:
    """A token may come as ASCII bytes, as with PyJWT."""
    assert parse(GOOD) == parse(GOOD.encode("ascii"))


@pytest.mark.parametrize("length", [1, 300, 390, 3_000])
def test_a_header_that_was_given_away_is_a_copy(length: int) -> None:
    """Who changes the header that he got does not change the next token's."""
    token = headed(x={"y": ["z" * length]})
    first = parse_header(token)
    first["x"]["y"].append(1)
    first["alg"] = "none"

    assert {**HEADER, "x": {"y": ["z" * length]}} == parse_header(token)
    assert parse(token).header == parse_header(token)


def test_a_bad_header_is_bad_each_time() -> None:
    """A refusal is not forgotten, however often a header is shown."""
    for _ in range(3):
        for token in (headed(crit=["x"]), "e31.e30.e30", headed(kid=1)):
            with pytest.raises(InvalidTokenError):
                parse(token)


def test_a_stranger_cannot_fill_the_memory() -> None:
    """Only so many headers are kept, and only short ones."""
    for number in range(codec.KNOWN_HEADERS + 10):
        parse(headed(x=number))
    before = codec._known_header.cache_info()
    parse(headed(x="y" * codec.MAX_KNOWN_HEADER_CHARS))
    after = codec._known_header.cache_info()

    assert codec.KNOWN_HEADERS == before.currsize == before.maxsize
    assert before.misses == after.misses


def test_the_header_can_be_read_alone() -> None:
    """``parse_header`` gives the header of a well-formed token only."""
    assert parse_header(GOOD) == HEADER
    with pytest.raises(DecodeError, match="Invalid crypto padding"):
        parse_header(GOOD + "!")


@pytest.mark.parametrize("name", ["header", "payload", "crypto"])
@pytest.mark.parametrize("rest", [2, 3], ids=["one-byte", "two-bytes"])
def test_one_spelling_for_every_segment(name: str, rest: int) -> None:
    """Of the 64 last characters only those with zero bits left are accepted."""
    free_bits = 4 if rest == 2 else 2
    segments = {
        "header": segment(json.dumps(HEADER).ljust(27 + rest)),
        "payload": segment(json.dumps(CLAIMS).ljust(60 + rest - 1)),
        "crypto": "A" * (40 + rest),
    }
    while len(segments[name]) % 4 != rest:
        segments[name] = segment(segment_bytes(segments[name]) + b" ")
    accepted = set()
    for last in ALPHABET:
        spelt = segments | {name: segments[name][:-1] + last}
        try:
            parse(".".join(spelt.values()))
        except DecodeError as exc:
            if f"Invalid {name} padding" != str(exc):
                accepted.add(last)  # canonical, whatever it decodes to
        else:
            accepted.add(last)

    assert set(ALPHABET[:: 2**free_bits]) == accepted


def segment_bytes(text: str) -> bytes:
    """The bytes of a segment."""
    return codec._bytes(text)


@pytest.mark.parametrize("length", [MAX_TOKEN_CHARS - 1, MAX_TOKEN_CHARS])
def test_a_long_token_is_accepted(length: int) -> None:
    """A token of the greatest length, and one shorter, are taken apart."""
    token = _of_length(length)

    assert length == len(token)
    assert len(parse(token).signature) == 32
    assert parse(token) == parse(token.encode())


def test_a_longer_token_is_refused() -> None:
    """One character more is refused before anything is decoded."""
    for token in (_of_length(MAX_TOKEN_CHARS + 1), "." * (MAX_TOKEN_CHARS + 1)):
        with pytest.raises(DecodeError, match=r"^Token is too long$"):
            parse(token)
        with pytest.raises(DecodeError, match=r"^Token is too long$"):
            parse(token.encode())


def _of_length(length: int) -> str:
    """A good token of so many characters."""
    for more in range(4):  # a header a little longer, so that any length comes out
        header = {**HEADER, "x": "y" * more}
        fixed = len(forge(header, {"a": ""}))
        for size in range((length - fixed) * 3 // 4 - 4, (length - fixed) * 3 // 4 + 5):
            token = forge(header, {"a": "z" * size})
            if len(token) == length:
                return token
    raise AssertionError(length)


@pytest.mark.parametrize("length", [0, 1, MAX_KID_CHARS - 1, MAX_KID_CHARS])
def test_a_kid_of_reasonable_length_passes(length: int) -> None:
    """A key id may have up to 256 characters."""
    assert "k" * length == parse(headed(kid="k" * length)).header["kid"]


def test_a_longer_kid_is_refused() -> None:
    """A key id of 257 characters is refused."""
    with pytest.raises(InvalidTokenError, match="Key ID header parameter is too long"):
        parse(headed(kid="k" * (MAX_KID_CHARS + 1)))


def test_a_critical_extension_is_not_echoed_at_length() -> None:
    """What a header says comes back in the message cut short."""
    with pytest.raises(InvalidTokenError) as caught:
        parse(headed(crit=["x" * 5_000]))

    assert f"Unsupported critical extension: {'x' * MAX_KID_CHARS}" == str(caught.value)


def test_an_ordinary_header_passes() -> None:
    """Parameters that change nothing are accepted, known or not."""
    check_header(
        {"alg": "x", "typ": "at+jwt", "cty": "JWT", "kid": "é", "x5t": "", "y": 1}
    )


@pytest.mark.parametrize("container", [list, tuple, set, frozenset, dict.fromkeys])
def test_allowed_algorithms_may_stand_in_any_container(
    container: Callable[[list[str]], Any],
) -> None:
    """A list, a tuple, a set or a mapping says the same, to hostile headers too."""
    allowed = container(["HS256", "HS512"])

    assert allowed_algorithm({"alg": "HS512"}, allowed) == "HS512"
    for bad in ("HS384", "none", "None", "", None, 0, [], ["HS256"], {}, {"HS256": 1}):
        with pytest.raises(InvalidAlgorithmError):
            allowed_algorithm({"alg": bad}, allowed)


def test_a_key_verifies_its_own_algorithm_only() -> None:
    """A good MAC under a key for another algorithm is no signature."""
    parsed = parse(GOOD)
    other = verifying_key("HS512", SECRET * 2)

    assert KEYS[0] is check_signature(parsed, (other, *KEYS))
    for keys in ((), (other,)):
        with pytest.raises(
            InvalidSignatureError, match="Signature verification failed"
        ):
            check_signature(parsed, keys)


def test_a_header_does_not_say_what_a_key_is_used_for() -> None:
    """RFC 8725 §3.1: a MAC that is good under the key's algorithm, but that the
    header calls by another name, is no signature.
    """
    for name in ("HS384", "HS512", "RS256"):
        with pytest.raises(InvalidSignatureError):
            check_signature(parse(headed(alg=name)), KEYS)


def test_any_of_several_keys_will_do() -> None:
    """The keys are tried in turn."""
    keys = tuple(verifying_key("HS256", secret) for secret in ("a" * 32, SECRET))

    check_signature(parse(GOOD), keys)
    check_signature(parse(GOOD), reversed(keys))


STORABLE = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
CLAIM_SETS = st.dictionaries(
    st.text(STORABLE, max_size=8),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(STORABLE, max_size=20),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.text(STORABLE, max_size=4), inner, max_size=3)
        ),
        max_leaves=6,
    ),
    max_size=6,
)


@given(CLAIM_SETS, st.text(STORABLE, max_size=20))
def test_what_was_signed_parses(claims: dict[str, Any], kid: str) -> None:
    """Signing and parsing give back header and claims, and PyJWT agrees."""
    token = sign({"kid": kid}, claims, signing_key("HS256", SECRET), None)
    parsed = parse(token)
    check_signature(parsed, KEYS)

    assert claims == parsed.claims == theirs(token)
    assert {"alg": "HS256", "kid": kid, "typ": "JWT"} == parsed.header


@pytest.mark.parametrize("algorithm", key_material.ALGORITHMS)
def test_pyjwt_accepts_what_we_sign(algorithm: str) -> None:
    """A token of ours verifies with PyJWT."""
    key = signing_key(algorithm, key_material.private(algorithm))
    token = sign({}, CLAIMS, key, None)

    assert jwt.decode(token, key_material.public(algorithm), [algorithm]) == CLAIMS


@pytest.mark.parametrize("algorithm", key_material.ALGORITHMS)
def test_we_accept_what_pyjwt_signs(algorithm: str) -> None:
    """A token of PyJWT's verifies here, and not after a bit was turned."""
    token = jwt.encode(CLAIMS, key_material.private(algorithm), algorithm)
    keys = (verifying_key(algorithm, key_material.public(algorithm)),)
    parsed = parse(token)
    check_signature(parsed, keys)
    turned = bytes((parsed.signature[0] ^ 1,)) + parsed.signature[1:]

    assert parsed.claims == CLAIMS
    with pytest.raises(InvalidSignatureError):
        check_signature(
            Parsed(parsed.header, parsed.claims, parsed.signing_input, turned), keys
        )


def _joserfc_key(algorithm: str) -> OctKey | RSAKey | ECKey | OKPKey:
    if algorithm in key_material.HMAC:
        return OctKey.import_key(key_material.SECRET)
    pem = key_material.private_pem(algorithm)
    if algorithm in key_material.RSA:
        return RSAKey.import_key(pem)
    return OKPKey.import_key(pem) if algorithm == "EdDSA" else ECKey.import_key(pem)


# joserfc warns that RFC 9864 calls EdDSA by the name of its curve.
@pytest.mark.filterwarnings(
    f"ignore:EdDSA is deprecated:{SecurityWarning.__module__}.SecurityWarning"
)
@pytest.mark.parametrize("algorithm", key_material.ALGORITHMS)
def test_joserfc_and_we_accept_each_other(algorithm: str) -> None:
    """A token of ours verifies with joserfc, and one of joserfc's here."""
    theirs_key = _joserfc_key(algorithm)
    our_token = sign(
        {}, CLAIMS, signing_key(algorithm, key_material.private(algorithm)), None
    )
    their_token = joserfc_jwt.encode(
        {"alg": algorithm}, CLAIMS, theirs_key, algorithms=[algorithm]
    )
    parsed = parse(their_token)
    check_signature(parsed, (verifying_key(algorithm, key_material.public(algorithm)),))

    assert parsed.claims == CLAIMS
    assert (
        joserfc_jwt.decode(our_token, theirs_key, algorithms=[algorithm]).claims
        == CLAIMS
    )


def test_the_header_is_pyjwts() -> None:
    """Our header is PyJWT's, byte by byte: sorted, compact, with ``typ``."""
    key = signing_key("HS256", SECRET)
    for extra in ({}, {"kid": "k", "a": "b"}, {"typ": ""}, {"typ": "at+jwt"}):
        expected = jwt.encode(CLAIMS, SECRET, "HS256", headers=dict(extra))

        assert expected == sign(extra, CLAIMS, key, None)


def test_signing_leaves_its_arguments_alone() -> None:
    """Neither the header nor the claims are changed."""
    header, claims = {"typ": "", "kid": "k"}, {"a": [1]}
    sign(header, claims, signing_key("HS256", SECRET), None)

    assert (header, claims) == ({"typ": "", "kid": "k"}, {"a": [1]})


def test_a_key_signs_under_its_own_name() -> None:
    """``alg`` is the key's, whatever the header asks for."""
    token = sign({"alg": "none"}, CLAIMS, signing_key("HS256", SECRET), None)

    assert parse(token).header["alg"] == "HS256"


@pytest.mark.parametrize("name", [*REFUSED_PARAMETERS, "crit", "kid"])
def test_what_we_would_refuse_is_not_signed(name: str) -> None:
    """A header that no door of ours accepts cannot be issued."""
    with pytest.raises(InvalidTokenError):
        sign({name: 1}, CLAIMS, signing_key("HS256", SECRET), None)


@pytest.mark.parametrize(
    ("claims", "kind"),
    [
        ({"a": float("nan")}, ValueError),
        ({"a": "\ud800"}, ValueError),
        ({"a": "\0"}, ValueError),
        ({"a": object()}, TypeError),
    ],
    ids=["nan", "surrogate", "nul", "object"],
)
def test_claims_that_are_no_json_are_not_signed(
    claims: dict[str, Any], kind: type[Exception]
) -> None:
    """What is not strict JSON is refused when the token is made."""
    with pytest.raises(kind):
        sign({}, claims, signing_key("HS256", SECRET), None)
    with pytest.raises(kind):
        sign(claims, {}, signing_key("HS256", SECRET), None)


def test_the_default_writes_what_json_does_not_know() -> None:
    """``default`` turns a foreign value into JSON, in the header too."""
    token = sign({"x": {1}}, {"a": {1}}, signing_key("HS256", SECRET), list)

    assert parse(token).claims == {"a": [1]}
    assert parse(token).header["x"] == [1]


def test_a_token_that_nobody_could_present_is_not_signed() -> None:
    """What would be longer than we accept is refused when it is made."""
    key = signing_key("HS256", SECRET)
    parse(sign({}, {"a": "x" * 6_000}, key, None))
    with pytest.raises(ValueError, match="more than 8192 characters"):
        sign({}, {"a": "x" * 6_200}, key, None)


@pytest.mark.parametrize("token", ["e30.e30.!", GOOD + "!", f"{segment('[1')}.e30."])
def test_no_message_repeats_the_token(token: str) -> None:
    """The words of an error hold no part of the token."""
    with pytest.raises(DecodeError) as caught:
        parse(token)
    assert not [
        part for part in token.split(".") if len(part) > 3 and part in str(caught.value)
    ]


def test_a_well_formed_text_has_no_other_fault() -> None:
    """The last resort of the fault finder has words, too."""
    assert str(codec._malformed(GOOD)) == "Invalid token"
