"""Hashes of other libraries: adopted, compared, bounded, and refused alike."""

import re
from base64 import b64encode
from collections.abc import AsyncIterator
from hashlib import pbkdf2_hmac
from hashlib import scrypt
from hashlib import sha256

import bcrypt
import pytest
from argon2 import PasswordHasher
from argon2 import Type
from werkzeug.security import generate_password_hash

from quart_jwt.service.accounts import passwords as hashing
from quart_jwt.service.accounts.passwords import Passwords
from quart_jwt.service.accounts.stored_hashes import adopted
from quart_jwt.service.accounts.stored_hashes import matches
from quart_jwt.service.accounts.stored_hashes import Method
from quart_jwt.service.accounts.stored_hashes import method_named
from quart_jwt.service.accounts.stored_hashes import method_of
from quart_jwt.service.accounts.stored_hashes import missing_work
from quart_jwt.service.ground.errors import HashFormatError
from service.kit import QUICK

PASSWORD = "lètmein"
HASHER = PasswordHasher()


def _django_pbkdf2(digest: str, iterations: int) -> str:
    """As ``django.contrib.auth.hashers.PBKDF2PasswordHasher`` writes it."""
    made = pbkdf2_hmac(digest, PASSWORD.encode(), b"seasalt", iterations)
    return f"pbkdf2_{digest}${iterations}$seasalt${b64encode(made).decode()}"


def _django_scrypt(n: int, p: int) -> str:
    """As ``ScryptPasswordHasher`` writes it."""
    made = scrypt(PASSWORD.encode(), salt=b"seasalt", n=n, r=8, p=p, dklen=64)
    return f"scrypt${n}$seasalt$8${p}${b64encode(made).decode()}"


def _bcrypt(secret: bytes, version: str = "2b") -> str:
    return bcrypt.hashpw(secret, bcrypt.gensalt(4)).decode().replace("2b", version, 1)


HEX = sha256(PASSWORD.encode()).hexdigest().encode()
ARGON2 = PasswordHasher(1, 8, 1).hash(PASSWORD)
HASHES = {
    "werkzeug-scrypt": generate_password_hash(PASSWORD, "scrypt:1024:8:1"),
    "werkzeug-pbkdf2": generate_password_hash(PASSWORD, "pbkdf2:sha256:1000"),
    "werkzeug-sha512": generate_password_hash(PASSWORD, "pbkdf2:sha512:1000"),
    "werkzeug-sha1": generate_password_hash(PASSWORD, "pbkdf2:sha1:1000"),
    "django-pbkdf2": _django_pbkdf2("sha256", 1000),
    "django-pbkdf2-sha1": _django_pbkdf2("sha1", 1000),
    "django-scrypt": _django_scrypt(1024, 5),
    "django-argon2": f"argon2{ARGON2}",
    "django-bcrypt": f"bcrypt${_bcrypt(PASSWORD.encode())}",
    "django-bcrypt-sha256": f"bcrypt_sha256${_bcrypt(HEX)}",
    "argon2id": ARGON2,
    "argon2i": PasswordHasher(1, 8, 1, type=Type.I).hash(PASSWORD),
    "bcrypt-2a": _bcrypt(PASSWORD.encode(), "2a"),
    "bcrypt-2b": _bcrypt(PASSWORD.encode()),
    "bcrypt-2y": _bcrypt(PASSWORD.encode(), "2y"),
    # Of Django's own tests, so that both sides were not written here.
    "django-published": "pbkdf2_sha256$1000000$seasalt$"
    "r1uLUxoxpP2Ued/qxvmje7UH9PUJBkRrvf9gGPL7Cps=",
}


@pytest.mark.parametrize("encoded", HASHES.values(), ids=HASHES)
def test_a_hash_is_adopted_and_compared(encoded: str) -> None:
    """The password matches, another does not; adopting again changes nothing."""
    stored = adopted(encoded)
    assert matches(HASHER, stored, PASSWORD)
    assert not matches(HASHER, stored, "letmein")
    assert adopted(stored) == stored
    method = method_of(stored)
    assert method is not None
    assert stored.startswith(method.text)
    assert method_named(method.text) == method


async def test_a_match_is_outdated() -> None:
    """Each of them is replaced at the next sign-in; one at today's cost is not."""
    passwords = Passwords(QUICK, slots=1)
    for encoded in HASHES.values():
        verdict = await passwords.verify(adopted(encoded), PASSWORD)
        assert verdict.matches
        assert verdict.outdated is (ARGON2 not in encoded)
    await passwords.close()


def test_bcrypt_compares_72_bytes() -> None:
    """What older libraries cut off silently still matches."""
    stored = adopted(_bcrypt(b"x" * 72))
    assert matches(HASHER, stored, "x" * 100)
    assert not matches(HASHER, stored, "x" * 71)


@pytest.mark.parametrize(
    "encoded",
    [
        "$2b$15$" + "a" * 53,
        "$2b$03$" + "a" * 53,
        "$2y$31$" + "a" * 53,
        "pbkdf2:sha256:5000001$salt$" + "0" * 64,
        "pbkdf2_sha256$99999999$salt$" + b64encode(bytes(32)).decode(),
        "pbkdf2:sha256:0$salt$" + "0" * 64,
        "scrypt:1048576:8:1$salt$" + "0" * 128,
        "scrypt:32768:8:17$salt$" + "0" * 128,
        "scrypt:32767:8:1$salt$" + "0" * 128,
        "scrypt:0:8:1$salt$" + "0" * 128,
        "scrypt:1024:8:0$salt$" + "0" * 128,
        "$argon2id$v=19$m=4194304,t=1,p=1$c2FsdHNhbHQ$" + "a" * 43,
        "$argon2id$v=19$m=8,t=17,p=1$c2FsdHNhbHQ$" + "a" * 43,
    ],
)
def test_an_absurd_cost_is_refused(encoded: str) -> None:
    """The message has the parameters, and nothing of salt and hash."""
    with pytest.raises(HashFormatError, match="costs too much") as caught:
        adopted(encoded)
    assert not re.search("salt|0{7}|aaaa", str(caught.value))


@pytest.mark.parametrize(
    "encoded",
    [
        "",
        "hunter2",
        "!unusable",
        "sha1$salt$" + "0" * 40,
        "pbkdf2:sha256$salt$" + "0" * 64,
        "pbkdf2:md5:1000$salt$" + "0" * 32,
        "pbkdf2:sha256:1000$salt$" + "0" * 40,
        "pbkdf2:sha256:1000$$" + "0" * 64,
        "pbkdf2_sha256$1000$salt$not-base64!",
        "scrypt:1024:8:1$salt$" + "0" * 127,
        "$2b$12$" + "a" * 52,
        "$2x$12$" + "a" * 53,
        "$argon2d$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$" + "a" * 43,
        "$6$rounds=5000$salt$" + "a" * 86,
        "scrypt:1024:8:1$salt$" + "0" * 128 + "\n",
    ],
)
def test_another_format_is_refused(encoded: str) -> None:
    """A hash that could never match would lock its user out silently."""
    with pytest.raises(HashFormatError, match="is not Argon2, bcrypt") as caught:
        adopted(encoded)
    assert not encoded or encoded not in str(caught.value)


METHODS = (
    "$2b$06",
    "$2b$04",
    "bcrypt_sha256$$2b$05",
    "pbkdf2:sha256:700",
    "pbkdf2:sha256:1000",
    "pbkdf2:sha1:300",
    "scrypt:1024:8:1",
    "scrypt:2048:8:1",
    "$argon2id$v=19$m=16,t=1,p=1",
)


def _work(done: list[Method]) -> dict[str, int]:
    """Add up the work of each family: iterations, and bcrypt's powers of two."""
    total: dict[str, int] = {}
    for method in done:
        amount = 2**method.work if method.family == "bcrypt" else method.work
        total[method.family] = total.get(method.family, 0) + amount
    return total


def _named(text: str) -> Method:
    method = method_named(text)
    assert method is not None
    return method


def _hashed(blanks: list[str]) -> list[Method]:
    methods = [method_of(blank) for blank in blanks]
    assert None not in methods
    return [method for method in methods if method is not None]


@pytest.mark.parametrize("own", [None, *METHODS])
def test_a_refusal_costs_the_same_for_all_methods(own: str | None) -> None:
    """Of each family the most, whichever the user's own hash has done already."""
    methods = [_named(text) for text in METHODS]
    done = None if own is None else _named(own)
    rest = _hashed(list(missing_work(methods, done)))
    spent = _work([*rest, *([] if done is None else [done])])
    everything = _work(_hashed(list(missing_work(methods, None))))
    assert everything == spent
    assert everything["bcrypt"] == 2**6
    assert everything["pbkdf2:sha256"] == 1000
    assert len(everything) == 6


def test_a_blank_is_computed_and_never_matches() -> None:
    """It is well-formed: a library that refused it would take no time."""
    for text in METHODS:
        for blank in _named(text).blanks(0):
            assert method_of(blank) is not None
            assert not matches(HASHER, blank, PASSWORD)
    argon2 = next(_named(METHODS[-1]).blanks(0))
    with pytest.raises(Exception, match="does not match the supplied hash"):
        HASHER.verify(argon2, PASSWORD)


def test_a_method_that_costs_too_much_is_left_out() -> None:
    """It is never computed for its own user, and for nobody else either."""
    assert list(missing_work([_named("$2b$15")], None)) == []


@pytest.fixture(name="passwords")
async def _passwords() -> AsyncIterator[Passwords]:
    passwords = Passwords(QUICK, slots=1)
    yield passwords
    await passwords.close()


@pytest.mark.parametrize("case", ["unknown", "wrong", "other", "hostile", "disabled"])
async def test_every_refusal_hashes_alike(
    passwords: Passwords, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    """In one job of the pool, for whatever reason."""
    computed: list[Method] = []

    def counted(hasher: PasswordHasher, stored: str, password: str) -> bool:
        method = method_of(stored)
        assert method is not None
        computed.append(method)
        return matches(hasher, stored, password)

    monkeypatch.setattr(hashing, "matches", counted)
    scrypt_hash = adopted(HASHES["werkzeug-scrypt"])
    pbkdf2_hash = adopted(HASHES["werkzeug-pbkdf2"])
    stored = {
        "unknown": None,
        "wrong": scrypt_hash,
        "other": pbkdf2_hash,
        "hostile": "$2b$15$" + "a" * 53,
        "disabled": scrypt_hash,
    }[case]
    methods = [method_of(hash_) for hash_ in (scrypt_hash, pbkdf2_hash)]
    await passwords.verify(
        stored,
        PASSWORD if case == "disabled" else "wrong",
        methods=[method for method in methods if method is not None],
        may_succeed=case != "disabled",
    )
    assert _work(computed) == {
        "scrypt:1024:8:1": 1,
        "pbkdf2:sha256": 1000,
        "$argon2id$v=19$m=8,t=1,p=1": 1,
    }
    computed.clear()
    assert (await passwords.verify(scrypt_hash, PASSWORD)).matches
    assert len(computed) == 1
