"""Which key signs and which verify, and what happens to weak ones."""

import warnings
from collections.abc import Callable
from functools import cache
from typing import Any

import jwt as pyjwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization import NoEncryption
from cryptography.hazmat.primitives.serialization import PrivateFormat
from cryptography.hazmat.primitives.serialization import PublicFormat
from jwt.warnings import InsecureKeyLengthWarning
from quart import Quart

from extension.apps import MakeApp
from extension.apps import SECRET
from quart_jwt import create_access_token
from quart_jwt import decode_token
from quart_jwt import JWTManager
from quart_jwt.config import config
from quart_jwt.exceptions import ConfigurationError
from quart_jwt.exceptions import WeakKeyError

OTHER = "another secret that is long enough for HS256"


@cache
def _pair(algorithm: str, bits: int = 2048) -> tuple[str, str]:
    """A private and a public key for an algorithm, in PEM."""
    curves = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1(), "ES512": ec.SECP521R1()}
    private: Any
    if algorithm in curves:
        private = ec.generate_private_key(curves[algorithm])
    elif algorithm == "EdDSA":
        private = ed25519.Ed25519PrivateKey.generate()
    else:
        private = rsa.generate_private_key(65_537, bits)
    return (
        private.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        ).decode(),
        private.public_key()
        .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        .decode(),
    )


def _subject(token: str, secret: str) -> Any:
    """The subject of a token, according to PyJWT, whenever it was made."""
    options: Any = {"verify_exp": False}
    return pyjwt.decode(token, secret, ["HS256"], options=options)["sub"]


def _asymmetric(algorithm: str, bits: int = 2048) -> dict[str, Any]:
    private, public = _pair(algorithm) if bits == 2048 else _pair(algorithm, bits)
    return {
        "JWT_ALGORITHM": algorithm,
        "JWT_PRIVATE_KEY": private,
        "JWT_PUBLIC_KEY": public,
    }


@pytest.mark.parametrize(
    "algorithm", ["RS256", "PS256", "ES256", "ES384", "ES512", "EdDSA"]
)
async def test_asymmetric_round_trip(make_app: MakeApp, algorithm: str) -> None:
    """Each asymmetric algorithm signs with the private and verifies with the
    public key.
    """
    async with make_app(**_asymmetric(algorithm)).app_context():
        token = create_access_token("joe")
        assert pyjwt.get_unverified_header(token)["alg"] == algorithm
        assert decode_token(token)["sub"] == "joe"
        assert config.is_asymmetric


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
async def test_symmetric_round_trip(make_app: MakeApp, algorithm: str) -> None:
    """Each HMAC algorithm signs and verifies with the secret."""
    async with make_app(JWT_ALGORITHM=algorithm).app_context():
        assert decode_token(create_access_token("joe"))["sub"] == "joe"


async def test_secret_key_of_quart(make_app: MakeApp) -> None:
    """Without ``JWT_SECRET_KEY``, ``SECRET_KEY`` signs."""
    async with make_app(JWT_SECRET_KEY=None, SECRET_KEY=OTHER).app_context():
        token = create_access_token("joe")
        assert _subject(token, OTHER) == "joe"


async def test_secret_key_fallbacks_verify(make_app: MakeApp) -> None:
    """Old ``SECRET_KEY`` values verify and do not sign."""
    app = make_app(JWT_SECRET_KEY=None, SECRET_KEY=OTHER, SECRET_KEY_FALLBACKS=[SECRET])
    async with app.app_context():
        old = pyjwt.encode({"sub": "joe"}, SECRET, "HS256")
        assert decode_token(old)["sub"] == "joe"
        assert _subject(create_access_token("joe"), OTHER) == "joe"


async def test_fallbacks_do_not_count_beside_an_own_key(make_app: MakeApp) -> None:
    """``SECRET_KEY_FALLBACKS`` belong to ``SECRET_KEY``, not to ours."""
    app = make_app(JWT_SECRET_KEY=OTHER, SECRET_KEY_FALLBACKS=[SECRET])
    async with app.app_context():
        old = pyjwt.encode({"sub": "joe"}, SECRET, "HS256")
        with pytest.raises(pyjwt.InvalidSignatureError):
            decode_token(old)


@pytest.mark.parametrize("empty", [None, "", b""])
async def test_no_secret(make_app: MakeApp, empty: Any) -> None:
    """Without a secret, or with an empty one, nothing is signed."""
    async with make_app(JWT_SECRET_KEY=empty).app_context():
        with pytest.raises(ConfigurationError, match="JWT_SECRET_KEY or flask SECRET"):
            create_access_token("joe")


@pytest.mark.parametrize("missing", ["JWT_PRIVATE_KEY", "JWT_PUBLIC_KEY"])
async def test_missing_half(make_app: MakeApp, missing: str) -> None:
    """A missing half of a key pair is named."""
    settings = {**_asymmetric("RS256"), missing: None}
    async with make_app(**settings).app_context():
        with pytest.raises(ConfigurationError, match=f"{missing} must be set"):
            decode_token(create_access_token("joe"))


async def test_decode_algorithms_are_left_alone(make_app: MakeApp) -> None:
    """The configured list is read, never written."""
    app = make_app(JWT_DECODE_ALGORITHMS=["HS512"])
    async with app.app_context():
        assert config.decode_algorithms == ["HS512", "HS256"]
        assert app.config["JWT_DECODE_ALGORITHMS"] == ["HS512"]


async def test_decode_algorithms_are_not_widened_across_kinds(
    make_app: MakeApp,
) -> None:
    """Who lists RS256 alone does not get HS256 beside it."""
    app = make_app(JWT_DECODE_ALGORITHMS=["RS256"], JWT_PUBLIC_KEY=_pair("RS256")[1])
    async with app.app_context():
        assert config.decode_algorithms == ["RS256"]
        with pytest.raises(pyjwt.InvalidAlgorithmError):
            decode_token(create_access_token("joe"))
        theirs = pyjwt.encode({"sub": "joe"}, _pair("RS256")[0], "RS256")
        assert decode_token(theirs)["sub"] == "joe"


async def test_listed_algorithms_of_both_kinds_have_their_own_keys(
    make_app: MakeApp,
) -> None:
    """A secret never verifies RS256 and a public key never HS256."""
    private, _public = _pair("RS256")
    app = make_app(**_asymmetric("RS256"), JWT_DECODE_ALGORITHMS=["RS256", "HS256"])
    async with app.app_context():
        symmetric = pyjwt.encode({"sub": "joe"}, SECRET, "HS256")
        assert decode_token(symmetric)["sub"] == "joe"
        assert decode_token(pyjwt.encode({"sub": "joe"}, private, "RS256"))
        app.config["JWT_SECRET_KEY"] = None
        with pytest.raises(pyjwt.InvalidSignatureError):
            decode_token(symmetric)


async def test_listed_asymmetric_algorithm_without_a_key(make_app: MakeApp) -> None:
    """An algorithm that was listed but has no key verifies nothing."""
    app = make_app(JWT_DECODE_ALGORITHMS=["HS256", "RS256"])
    async with app.app_context():
        token = pyjwt.encode({"sub": "joe"}, _pair("RS256")[0], "RS256")
        with pytest.raises(pyjwt.InvalidSignatureError):
            decode_token(token)


async def test_algorithm_in_additional_headers(make_app: MakeApp) -> None:
    """A header's ``alg`` chooses the algorithm, and the key has to fit it."""
    async with make_app(JWT_DECODE_ALGORITHMS=["HS256", "HS512"]).app_context():
        token = create_access_token("joe", additional_headers={"alg": "HS512"})
        assert pyjwt.get_unverified_header(token)["alg"] == "HS512"
        assert decode_token(token)["sub"] == "joe"
        for alg in ("none", "RS256", "HS1"):
            with pytest.raises(ConfigurationError):
                create_access_token("joe", additional_headers={"alg": alg})


WEAK: dict[str, dict[str, Any]] = {
    "short": {"JWT_SECRET_KEY": "x" * 31},
    "short for HS512": {"JWT_SECRET_KEY": "x" * 63, "JWT_ALGORITHM": "HS512"},
    "RSA-1024": _asymmetric("RS256", 1024),
}


@pytest.mark.parametrize("settings", WEAK.values(), ids=WEAK)
async def test_weak_key_warns(make_app: MakeApp, settings: dict[str, Any]) -> None:
    """A weak key works, with a warning that does not repeat it."""
    async with make_app(**settings).app_context():
        with pytest.warns(InsecureKeyLengthWarning, match="key is weak") as caught:
            decode_token(create_access_token("joe"))
    secret = settings.get("JWT_SECRET_KEY", "PRIVATE KEY")
    assert all(secret not in str(warning.message) for warning in caught)


@pytest.mark.parametrize("settings", WEAK.values(), ids=WEAK)
async def test_weak_key_is_refused_where_strong_ones_are_enforced(
    make_app: MakeApp, settings: dict[str, Any]
) -> None:
    """With ``JWT_ENFORCE_STRONG_KEYS`` nothing is signed and nothing served."""
    app = make_app(**settings, JWT_ENFORCE_STRONG_KEYS=True)
    async with app.app_context():
        with pytest.raises(WeakKeyError, match="key is weak"):
            create_access_token("joe")
    with pytest.raises(WeakKeyError, match="key is weak"):
        await app.startup()


async def test_strong_key_passes_start_up(make_app: MakeApp) -> None:
    """A strong key is served."""
    app = make_app(JWT_ENFORCE_STRONG_KEYS=True)
    async with app.test_app():
        assert app.config["JWT_ENFORCE_STRONG_KEYS"]


async def test_start_up_with_a_key_hook_needs_no_own_key(make_app: MakeApp) -> None:
    """Where hooks give the keys, start-up asks for none that is not configured."""
    app = make_app(JWT_ENFORCE_STRONG_KEYS=True, JWT_SECRET_KEY=None)
    jwt: JWTManager = app.extensions["quart-jwt"]
    jwt.encode_key_loader(lambda _: SECRET)
    jwt.decode_key_loader(lambda *_: SECRET)
    async with app.test_app(), app.app_context():
        assert decode_token(create_access_token("joe"))["sub"] == "joe"


async def test_key_of_a_hook_is_checked_as_well(
    make_app: MakeApp, caplog: pytest.LogCaptureFixture
) -> None:
    """A weak key from a hook is refused where strong ones are enforced."""
    app = make_app(JWT_ENFORCE_STRONG_KEYS=True)
    jwt: JWTManager = app.extensions["quart-jwt"]
    async with app.app_context():
        token = create_access_token("joe")
        jwt.decode_key_loader(lambda *_: "weak")
        with pytest.raises(pyjwt.InvalidSignatureError):
            decode_token(token)
        jwt.encode_key_loader(lambda _: "weak")
        with pytest.raises(WeakKeyError):
            create_access_token("joe")
    assert "decode key hook returned was rejected" in caplog.text


Material = Callable[[], Any]


@pytest.mark.parametrize(
    "material",
    [lambda: None, lambda: 5, lambda: b"", lambda: _pair("RS256")[1], object],
    ids=["None", "int", "empty", "public key for HS256", "object"],
)
async def test_key_of_a_hook_that_does_not_fit(
    app: Quart, jwt: JWTManager, material: Material, caplog: pytest.LogCaptureFixture
) -> None:
    """A hook's key of another kind verifies nothing and is logged without itself."""
    async with app.app_context():
        token = create_access_token("joe")
        jwt.decode_key_loader(lambda *_: material())
        with pytest.raises(pyjwt.InvalidSignatureError):
            decode_token(token)
    assert "does not fit HS256" in caplog.text
    assert "BEGIN" not in caplog.text


async def test_no_warning_for_strong_keys(make_app: MakeApp) -> None:
    """A strong key is used in silence."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        async with make_app(**_asymmetric("RS256")).app_context():
            assert decode_token(create_access_token("joe"))


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "HS256"])
async def test_pyjwk_keys(make_app: MakeApp, algorithm: str) -> None:
    """PyJWT's key objects are keys, for their own algorithm only."""
    app = make_app() if algorithm == "HS256" else make_app(**_asymmetric(algorithm))
    material = SECRET if algorithm == "HS256" else _pair(algorithm)[1]
    primitive = pyjwt.get_algorithm_by_name(algorithm)
    jwk: Any = primitive.to_jwk(primitive.prepare_key(material), as_dict=True)
    app.extensions["quart-jwt"].decode_key_loader(
        lambda *_: pyjwt.PyJWK({**jwk, "alg": algorithm})
    )
    async with app.app_context():
        assert decode_token(create_access_token("joe"))["sub"] == "joe"


async def test_pyjwk_of_another_algorithm(make_app: MakeApp) -> None:
    """A key object for RS512 verifies no RS256 token."""
    app = make_app(**_asymmetric("RS256"))
    primitive = pyjwt.get_algorithm_by_name("RS512")
    jwk: Any = primitive.to_jwk(primitive.prepare_key(_pair("RS256")[1]), as_dict=True)
    app.extensions["quart-jwt"].decode_key_loader(
        lambda *_: pyjwt.PyJWK({**jwk, "alg": "RS512"})
    )
    async with app.app_context():
        token = create_access_token("joe")
        with pytest.raises(pyjwt.InvalidSignatureError):
            decode_token(token)


async def test_decode_algorithms_as_a_string(make_app: MakeApp) -> None:
    """One name is a list of one."""
    async with make_app(JWT_DECODE_ALGORITHMS="HS256").app_context():
        assert decode_token(create_access_token("joe"))["sub"] == "joe"


@pytest.mark.parametrize("fallback", ["short", "reallyreallyreallyreallyverysafe"])
async def test_weak_fallback_secret_is_refused(
    make_app: MakeApp, fallback: str
) -> None:
    """Strong keys are asked of the secrets that only verify, too."""
    app = make_app(JWT_SECRET_KEY=None, SECRET_KEY=SECRET, JWT_ENFORCE_STRONG_KEYS=True)
    async with app.app_context():
        token = create_access_token("joe")
        assert decode_token(token)["sub"] == "joe"
        app.config["SECRET_KEY_FALLBACKS"] = [fallback]
        with pytest.raises(WeakKeyError):
            decode_token(token)
