"""
Stored password hashes: their methods, what a method costs, and comparing.

A stored hash is Argon2 (ours), or bcrypt, PBKDF2 or scrypt of an imported user. Its
*method* is the algorithm with its parameters, as the hash begins. Whatever asks for
more than ``MAX_*`` is never computed.

PBKDF2 and scrypt are kept in Werkzeug's spelling. Django's are the same functions with
other separators, and are rewritten by ``adopted``.
"""

import re
import secrets
from base64 import b64decode
from base64 import b64encode
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

import bcrypt
from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from quart_jwt.service.ground.errors import HashFormatError
from quart_jwt.service.ground.values import HashCost

MAX_MEMORY_KIB = 128 * 1024
MAX_ITERATIONS = 16
MAX_LANES = 8
"""
Twice RFC 9106's second recommendation; more in a stored hash is an attack, unless
new hashes cost as much.
"""
MAX_PBKDF2_ITERATIONS = 5_000_000
"""Four times what Django 6 asks for: about two seconds of a core."""
MIN_BCRYPT_COST = 4
MAX_BCRYPT_COST = 14
"""Four times bcrypt's default of 12: about a second of a core."""
MIN_SCRYPT_N = 128
"""Below it, the memory that Werkzeug allows is too little, and nothing ever matches."""
MAX_SCRYPT_WORK = 4 * 1024 * MAX_LANES * 128
"""N·r·p, of 128 bytes each: 512 MiB in all, while N·r alone fits ``MAX_MEMORY_KIB``."""

NOTHING = HashCost(memory_kib=0, iterations=0, lanes=0)

BCRYPT_BYTES = 72
"""bcrypt ignores the rest, and libraries before bcrypt 5.0 cut it off silently."""

DIGEST_BYTES = {"sha1": 20, "sha256": 32, "sha384": 48, "sha512": 64}
SCRYPT_BYTES = 64

_DJANGO_PBKDF2 = re.compile(
    r"pbkdf2_(?P<digest>sha1|sha256)\$(?P<work>[0-9]+)\$(?P<salt>[^$]+)\$(?P<hash>[^$]+)"
)
_DJANGO_SCRYPT = re.compile(
    r"scrypt\$(?P<n>[0-9]+)\$(?P<salt>[^$]+)\$(?P<r>[0-9]+)\$(?P<p>[0-9]+)\$(?P<hash>[^$]+)"
)
_BCRYPT_ALIASES = re.compile(r"\$2[ay]\$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """
    How a hash was made.

    Attributes:
        text: The algorithm and its parameters, as a stored hash begins.
        family: Methods of one family differ in their amount of work alone.
        work: That amount: iterations of PBKDF2, the cost of bcrypt, else 1.
        is_bounded: Whether it may be computed.
    """

    text: str
    family: str
    work: int = 1
    is_bounded: bool = True

    def blanks(self, done: int) -> Iterator[str]:
        """
        Give hashes that no password has, which cost what is missing of the work.

        Args:
            done: The work of the same family that was done already.
        """
        if self.family == "bcrypt":
            # Each cost is twice the one below: 10 + 10 + 11 is 12.
            for cost in range(done, self.work) if done else (self.work,):
                salt = bcrypt.gensalt(cost).decode()
                yield salt + secrets.token_hex(16)[:31]
        elif self.family.startswith("pbkdf2:"):
            digest = self.family.partition(":")[2]
            if self.work > done:
                tail = secrets.token_hex(DIGEST_BYTES[digest])
                yield f"{self.family}:{self.work - done}${secrets.token_hex(8)}${tail}"
        elif not done and self.text.startswith("scrypt:"):
            tail = secrets.token_hex(SCRYPT_BYTES)
            yield f"{self.text}${secrets.token_hex(8)}${tail}"
        elif not done:
            yield f"{self.text}${_base64(16)}${_base64(32)}"  # as long as ours


def method_named(text: str, cost: HashCost = NOTHING) -> Method | None:
    """
    Return a method by its text; None if it is unknown.

    Args:
        text: The algorithm and its parameters, as a stored hash begins.
        cost: What a new hash costs: an old one may cost as much.
    """
    for kind in _KINDS:
        found = kind.method.fullmatch(text)
        if found is not None:
            return kind.read(found, cost)
    return None


def method_of(stored: str, cost: HashCost = NOTHING) -> Method | None:
    """Same as ``method_named``, but of a whole hash; None if it is malformed."""
    for kind in _KINDS:
        found = kind.method.match(stored)
        if found is not None and kind.rest.fullmatch(stored, found.end()):
            return kind.read(found, cost)
    return None


def method_of_new(cost: HashCost) -> Method:
    """Return the method of new hashes."""
    text = f"$argon2id$v=19$m={cost.memory_kib},t={cost.iterations},p={cost.lanes}"
    return Method(text=text, family=text)


def adopted(encoded: str) -> str:
    """
    Return a hash of another library as it is stored here.

    Raises:
        HashFormatError: It has another format, or costs too much; the hash is not in
            the message.
    """
    stored = _respelt(encoded)
    method = method_of(stored)
    if method is None:
        raise HashFormatError(
            "the hash is not Argon2, bcrypt, or PBKDF2 or scrypt as Werkzeug and "
            "Django write them"
        )
    if not method.is_bounded:
        raise HashFormatError(f"the hash costs too much to compute: {method.text}")
    return stored


def matches(hasher: PasswordHasher, stored: str, password: str) -> bool:
    """Compare a password with a stored hash of a known, bounded method."""
    if stored.startswith("$argon2"):
        try:
            return hasher.verify(stored, password)
        except VerificationError:
            return False
    if stored.startswith(("$2b$", "bcrypt_sha256$")):
        return _bcrypt_matches(stored, password)
    # Late, because commands that compare no password do without Werkzeug.
    from werkzeug.security import check_password_hash  # noqa: PLC0415

    try:
        return check_password_hash(stored, password)
    except ValueError:  # hashlib refuses the parameters
        return False


def missing_work(methods: Iterable[Method], done: Method | None) -> Iterator[str]:
    """
    Give the hashes to compare after a refusal, so that each refusal costs the same:
    of each family the most work that any of the methods asks for.

    Args:
        methods: Those of all users, and that of new hashes.
        done: The method that the password was compared by; None if there was none.
    """
    most: dict[str, Method] = {}
    for method in methods:
        if method.is_bounded and (
            method.family not in most or method.work > most[method.family].work
        ):
            most[method.family] = method
    for family, method in most.items():
        is_same = done is not None and done.family == family
        yield from method.blanks(done.work if is_same and done is not None else 0)


def _argon2(found: re.Match[str], cost: HashCost) -> Method:
    memory_kib, iterations, lanes = (int(found[place]) for place in (1, 2, 3))
    return Method(
        text=found[0],
        family=found[0],
        is_bounded=memory_kib <= max(MAX_MEMORY_KIB, cost.memory_kib)
        and iterations <= max(MAX_ITERATIONS, cost.iterations)
        and lanes <= max(MAX_LANES, cost.lanes),
    )


def _bcrypt(found: re.Match[str], _cost: HashCost) -> Method:
    work = int(found[1])
    is_bounded = MIN_BCRYPT_COST <= work <= MAX_BCRYPT_COST
    return Method(text=found[0], family="bcrypt", work=work, is_bounded=is_bounded)


def _scrypt(found: re.Match[str], _cost: HashCost) -> Method:
    n, r, p = (int(found[place]) for place in (1, 2, 3))
    is_power = n >= MIN_SCRYPT_N and n & (n - 1) == 0  # RFC 7914 section 2
    is_bounded = n * r <= MAX_MEMORY_KIB * 8 and 0 < n * r * p <= MAX_SCRYPT_WORK
    return Method(text=found[0], family=found[0], is_bounded=is_power and is_bounded)


def _pbkdf2(found: re.Match[str], _cost: HashCost) -> Method:
    work = int(found[2])
    return Method(
        text=found[0],
        family=f"pbkdf2:{found[1]}",
        work=work,
        is_bounded=1 <= work <= MAX_PBKDF2_ITERATIONS,
    )


@dataclass(frozen=True, slots=True)
class _Kind:
    """One format of hashes: how it begins, how it goes on, what the beginning says."""

    method: re.Pattern[str]
    rest: re.Pattern[str]
    read: Callable[[re.Match[str], HashCost], Method]


_KINDS = (
    _Kind(
        re.compile(r"\$argon2id?\$v=19\$m=([0-9]{1,7}),t=([0-9]{1,3}),p=([0-9]{1,3})"),
        re.compile(r"\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{16,86}"),
        _argon2,
    ),
    _Kind(
        re.compile(r"(?:bcrypt_sha256\$)?\$2b\$([0-9]{2})(?![0-9])"),
        re.compile(r"\$[./A-Za-z0-9]{53}"),
        _bcrypt,
    ),
    _Kind(
        re.compile(r"scrypt:([0-9]{1,8}):([0-9]{1,3}):([0-9]{1,3})(?![0-9])"),
        re.compile(rf"\$[^$\s]{{1,128}}\$[0-9a-f]{{{2 * SCRYPT_BYTES}}}"),
        _scrypt,
    ),
    *(
        _Kind(
            re.compile(rf"pbkdf2:({digest}):([0-9]{{1,8}})(?![0-9])"),
            re.compile(rf"\$[^$\s]{{1,128}}\$[0-9a-f]{{{2 * size}}}"),
            _pbkdf2,
        )
        for digest, size in DIGEST_BYTES.items()
    ),
)


def _respelt(encoded: str) -> str:
    """Return a hash of Django in the spelling that is stored; others as they are."""
    # Django puts the name of its class before what argon2-cffi and bcrypt write.
    encoded = re.sub(r"^(?:argon2(?=\$argon2)|bcrypt\$(?=\$2))", "", encoded)
    encoded = _BCRYPT_ALIASES.sub("$2b$", encoded, count=1)
    for pattern, begin in (
        (_DJANGO_PBKDF2, "pbkdf2:{digest}:{work}"),
        (_DJANGO_SCRYPT, "scrypt:{n}:{r}:{p}"),
    ):
        found = pattern.fullmatch(encoded)
        if found is not None:
            method = begin.format_map(found.groupdict())
            return f"{method}${found['salt']}${_hex(found['hash'])}"
    return encoded


def _hex(text: str) -> str:
    try:
        return b64decode(text, validate=True).hex()
    except ValueError:
        return ""


def _base64(size: int) -> str:
    return b64encode(secrets.token_bytes(size)).decode().rstrip("=")


def _bcrypt_matches(stored: str, password: str) -> bool:
    secret = password.encode()
    if stored.startswith("bcrypt_sha256$"):  # Django's, and what Flask-Bcrypt can do
        secret = sha256(secret).hexdigest().encode()
        stored = stored.partition("$")[2]
    try:
        return bcrypt.checkpw(secret[:BCRYPT_BYTES], stored.encode())
    except ValueError:  # a salt that is no base64 of its alphabet
        return False
