"""Settings: defaults, properties, and following the app's configuration."""

import json
import logging
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from typing import cast

import pytest
from jwt.exceptions import InvalidTokenError
from quart import Config
from quart import Quart

from extension.apps import Client
from extension.apps import MakeApp
from extension.apps import Mint
from quart_jwt import create_access_token
from quart_jwt import decode_token
from quart_jwt import JWTManager
from quart_jwt.config import config
from quart_jwt.exceptions import ConfigurationError
from quart_jwt.extension.settings.options import DEFAULTS

PROPERTIES = {
    "access_cookie_name": "access_token_cookie",
    "access_cookie_path": "/",
    "access_csrf_cookie_name": "csrf_access_token",
    "access_csrf_cookie_path": "/",
    "access_csrf_field_name": "csrf_token",
    "access_csrf_header_name": "X-CSRF-TOKEN",
    "access_expires": timedelta(minutes=15),
    "algorithm": "HS256",
    "cookie_csrf_protect": True,
    "cookie_domain": None,
    "cookie_max_age": None,
    "cookie_samesite": None,
    "cookie_secure": False,
    "csrf_check_form": False,
    "csrf_in_cookies": True,
    "csrf_request_methods": ["POST", "PUT", "PATCH", "DELETE"],
    "decode_algorithms": ["HS256"],
    "decode_audience": None,
    "decode_issuer": None,
    "encode_audience": None,
    "encode_issuer": None,
    "encode_nbf": True,
    "error_msg_key": "msg",
    "exempt_methods": {"OPTIONS"},
    "header_name": "Authorization",
    "header_type": "Bearer",
    "identity_claim_key": "sub",
    "is_asymmetric": False,
    "json_key": "access_token",
    "jwt_in_cookies": False,
    "jwt_in_headers": True,
    "jwt_in_json": False,
    "jwt_in_query_string": False,
    "leeway": 0,
    "query_string_name": "jwt",
    "query_string_value_prefix": "",
    "refresh_cookie_name": "refresh_token_cookie",
    "refresh_cookie_path": "/",
    "refresh_csrf_cookie_name": "csrf_refresh_token",
    "refresh_csrf_cookie_path": "/",
    "refresh_csrf_field_name": "csrf_token",
    "refresh_csrf_header_name": "X-CSRF-TOKEN",
    "refresh_expires": timedelta(days=30),
    "refresh_json_key": "refresh_token",
    "session_cookie": True,
    "token_location": ("headers",),
    "verify_sub": True,
}


@pytest.mark.parametrize("name", PROPERTIES)
async def test_property_default(app: Quart, name: str) -> None:
    """``config`` has Flask-JWT-Extended's properties with its defaults."""
    async with app.app_context():
        assert getattr(config, name) == PROPERTIES[name]


async def test_every_property_of_flask_jwt_extended_is_there(app: Quart) -> None:
    """No public property of Flask-JWT-Extended's ``config`` is missing."""
    from flask_jwt_extended.config import config as theirs

    async with app.app_context():
        names = {name for name in dir(type(theirs)) if not name.startswith("_")}
        assert {name for name in names if not hasattr(config, name)} == set()


async def test_keys_by_property(app: Quart) -> None:
    """``encode_key`` and ``decode_key`` are what was configured."""
    async with app.app_context():
        assert config.encode_key == config.decode_key == app.config["JWT_SECRET_KEY"]


async def test_json_encoder_is_the_providers(app: Quart) -> None:
    """``json_encoder`` writes what the app's JSON provider writes."""
    some = uuid.UUID(int=1)
    async with app.app_context():
        assert json.dumps(some, cls=config.json_encoder) == f'"{some}"'


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("JWT_TOKEN_LOCATION", (), "must contain at least one of"),
        ("JWT_TOKEN_LOCATION", "banana", "can only contain"),
        ("JWT_TOKEN_LOCATION", ["headers", "banana"], "can only contain"),
        ("JWT_TOKEN_LOCATION", 3, "must be a sequence or a set"),
    ],
)
async def test_bad_location(
    make_app: MakeApp, option: str, value: Any, message: str
) -> None:
    """A location setting that cannot work says so when it is asked for."""
    async with make_app(**{option: value}).app_context():
        with pytest.raises(ConfigurationError, match=message):
            _ = config.token_location


@pytest.mark.parametrize("kind", ["ACCESS", "REFRESH"])
@pytest.mark.parametrize("value", ["15 minutes", True, 1.5, None])
async def test_bad_expiry(make_app: MakeApp, kind: str, value: Any) -> None:
    """An expiry that is no time span names its option."""
    option = f"JWT_{kind}_TOKEN_EXPIRES"
    async with make_app(**{option: value}).app_context():
        with pytest.raises(ConfigurationError, match=f"must be able to add {option}"):
            getattr(config, f"{kind.lower()}_expires")


@pytest.mark.parametrize(
    ("value", "expected"),
    [(30, timedelta(seconds=30)), (False, False), (timedelta(days=1),) * 2],
    ids=["seconds", "never", "timedelta"],
)
async def test_expiry(make_app: MakeApp, value: Any, expected: Any) -> None:
    """An expiry may be seconds, a timedelta, or False."""
    async with make_app(JWT_ACCESS_TOKEN_EXPIRES=value).app_context():
        assert config.access_expires == expected


async def test_empty_header_name(make_app: MakeApp) -> None:
    """A header without a name cannot be read."""
    async with make_app(JWT_HEADER_NAME="").app_context():
        with pytest.raises(ConfigurationError, match="cannot be empty"):
            _ = config.header_name


async def test_locations_by_property(make_app: MakeApp) -> None:
    """Each location has its property."""
    app = make_app(JWT_TOKEN_LOCATION=["cookies", "json", "query_string"])
    async with app.app_context():
        assert config.jwt_in_cookies
        assert config.jwt_in_json
        assert config.jwt_in_query_string
        assert not config.jwt_in_headers


async def test_leeway_may_be_a_timedelta(make_app: MakeApp) -> None:
    """A leeway in a timedelta becomes seconds."""
    async with make_app(JWT_DECODE_LEEWAY=timedelta(minutes=1)).app_context():
        assert config.leeway == 60


async def test_persistent_cookies(make_app: MakeApp) -> None:
    """Without session cookies, cookies live for a year."""
    async with make_app(JWT_SESSION_COOKIE=False).app_context():
        assert config.cookie_max_age == 31_540_000


async def test_change_counts_from_the_next_request(
    app: Quart, client: Client, bearer: Mint
) -> None:
    """A setting that is changed after ``init_app`` counts."""
    headers = await bearer()
    app.config["JWT_HEADER_TYPE"] = "JWT"
    refused = await client.get("/protected", headers=headers)
    accepted = await client.get(
        "/protected",
        headers={"Authorization": headers["Authorization"].replace("Bearer", "JWT")},
    )
    assert (refused.status_code, accepted.status_code) == (401, 200)


async def test_list_changed_in_place_counts(make_app: MakeApp) -> None:
    """A list that is changed in place is a change, too."""
    app = make_app(JWT_TOKEN_LOCATION=["headers"])
    async with app.app_context():
        assert list(config.token_location) == ["headers"]
        app.config["JWT_TOKEN_LOCATION"].append("cookies")
        assert list(config.token_location) == ["headers", "cookies"]


async def test_new_key_counts(app: Quart, client: Client, bearer: Mint) -> None:
    """A token of the old key is refused as soon as the key has changed."""
    headers = await bearer()
    app.config["JWT_SECRET_KEY"] = "another secret, long enough for HS256, too"
    assert (await client.get("/protected", headers=headers)).status_code == 422
    assert (await client.get("/protected", headers=await bearer())).status_code == 200


async def test_another_configuration_counts(
    app: Quart, client: Client, bearer: Mint
) -> None:
    """An app may get a whole new ``config``; the old key is gone with the old one."""
    headers = await bearer()
    app.config = Config(app.root_path, Quart.default_config)
    app.config["JWT_SECRET_KEY"] = "b" * 32
    assert (await client.get("/protected", headers=headers)).status_code == 422
    assert (await client.get("/protected", headers=await bearer())).status_code == 200
    app.config["JWT_SECRET_KEY"] = "c" * 32
    assert (await client.get("/protected", headers=await bearer())).status_code == 200


async def test_a_configuration_class_with_a_state_of_its_own() -> None:
    """Whatever attributes a class of configurations has, a change is seen."""

    class Stateful(Config):
        state = "mine"

    app = Quart(__name__)
    app.config = Stateful(app.root_path, app.config)
    app.config["JWT_SECRET_KEY"] = "a" * 32
    JWTManager(app)
    async with app.app_context():
        assert config.encode_key == "a" * 32
        app.config["JWT_SECRET_KEY"] = "b" * 32
        assert config.encode_key == "b" * 32


async def test_unchanged_settings_are_compiled_once(app: Quart) -> None:
    """As long as nothing changes, it is the same object."""
    jwt: JWTManager = app.extensions["quart-jwt"]
    async with app.app_context():
        first = jwt.settings
        assert jwt.settings is first
        app.config["JWT_HEADER_TYPE"] = "JWT"
        assert jwt.settings is not first


async def test_deleted_option_has_its_default_again(app: Quart) -> None:
    """An option that is deleted falls back to its default."""
    del app.config["JWT_HEADER_TYPE"]
    async with app.app_context():
        assert config.header_type == "Bearer"


async def test_defaults_do_not_overwrite(make_app: MakeApp) -> None:
    """What the app configured before stays, and the rest has its default."""
    app = make_app(JWT_HEADER_TYPE="JWT")
    assert app.config["JWT_HEADER_TYPE"] == "JWT"
    assert set(DEFAULTS) <= set(app.config)
    assert app.config["JWT_CSRF_METHODS"] == ["POST", "PUT", "PATCH", "DELETE"]


def test_unknown_option_is_named(
    make_app: MakeApp, caplog: pytest.LogCaptureFixture
) -> None:
    """A ``JWT_*`` key that nobody reads is logged, with the likely name, once."""
    with caplog.at_level(logging.WARNING, "quart_jwt"):
        app = make_app(JWT_ACCESS_TOKEN_EXPIRE=5, JWT_BANANA=1)
        app.config["JWT_HEADER_TYPE"] = "JWT"
        app.extensions["quart-jwt.settings"](app.config)
    assert [record.getMessage() for record in caplog.records] == [
        (
            "Unknown setting JWT_ACCESS_TOKEN_EXPIRE is ignored; "
            "did you mean JWT_ACCESS_TOKEN_EXPIRES?"
        ),
        "Unknown setting JWT_BANANA is ignored",
    ]


@pytest.mark.parametrize(
    ("key", "advice"),
    [
        ("JWT_CSRF_HEADER_NAME", "set JWT_ACCESS_CSRF_HEADER_NAME and"),
        ("JWT_CSRF_FIELD_NAME", "set JWT_ACCESS_CSRF_FIELD_NAME and"),
        ("JWT_BLACKLIST_ENABLED", "token_in_blocklist_loader"),
        ("JWT_BLACKLIST_TOKEN_CHECKS", "skip_revocation_check"),
        ("JWT_CLAIMS_IN_REFRESH_TOKEN", "to access and refresh tokens"),
        ("JWT_USER_CLAIMS", "additional_claims"),
    ],
)
def test_options_of_the_predecessors_have_an_answer(
    make_app: MakeApp, caplog: pytest.LogCaptureFixture, key: str, advice: str
) -> None:
    """A setting of quart-jwt-extended is no typo, and what stands for it is named."""
    with caplog.at_level(logging.WARNING, "quart_jwt"):
        make_app(**{key: True})
    (message,) = [record.getMessage() for record in caplog.records]
    assert message.startswith(f"Unknown setting {key} is ignored: ")
    assert advice in message


async def test_one_manager_for_two_apps(clock: Callable[[], float]) -> None:
    """One manager serves several apps, each with its own settings."""
    jwt = JWTManager(clock=clock)
    apps = []
    for secret in (
        "first secret, long enough for HS256",
        "second secret, long enough too!!",
    ):
        app = Quart(__name__)
        app.config["JWT_SECRET_KEY"] = secret
        jwt.init_app(app)
        apps.append(app)
    tokens = []
    for app in apps:
        async with app.app_context():
            assert config.encode_key == app.config["JWT_SECRET_KEY"]
            tokens.append(create_access_token("joe"))
    assert tokens[0] != tokens[1]


async def test_zero_is_not_false(make_app: MakeApp) -> None:
    """Changing "never" to "at once" is a change, although False equals 0."""
    app = make_app(JWT_ACCESS_TOKEN_EXPIRES=False)
    async with app.app_context():
        assert config.access_expires is False
        app.config["JWT_ACCESS_TOKEN_EXPIRES"] = 0
        assert config.access_expires == timedelta(0)


@pytest.mark.parametrize(
    "given",
    [["cookies", "headers"], ("json",), {"headers"}, ["query_string"]],
    ids=str,
)
async def test_the_token_location_keeps_type_and_order(app: Quart, given: Any) -> None:
    """``config.token_location`` is what was set, and changing it changes nothing."""
    app.config["JWT_TOKEN_LOCATION"] = given
    async with app.app_context():
        assert config.token_location == given
        assert type(config.token_location) is type(given)
        if isinstance(given, list):
            cast("list[str]", config.token_location).append("headers")
        assert config.token_location == given


async def test_one_token_location_is_a_tuple(app: Quart) -> None:
    """A location that was set as a string is a tuple of one, as in 4.7.4."""
    app.config["JWT_TOKEN_LOCATION"] = "cookies"
    async with app.app_context():
        assert config.token_location == ("cookies",)


async def test_the_csrf_methods_keep_their_order(app: Quart) -> None:
    """``config.csrf_request_methods`` is the configured list."""
    app.config["JWT_CSRF_METHODS"] = ["GET", "POST"]
    async with app.app_context():
        assert config.csrf_request_methods == ["GET", "POST"]


@pytest.mark.parametrize("skew", [-1, "5", True])
async def test_a_clock_skew_is_a_number_of_seconds(app: Quart, skew: Any) -> None:
    """Anything else is refused where it is read, with the option's name."""
    app.config["JWT_CLOCK_SKEW"] = skew
    async with app.app_context():
        with pytest.raises(ConfigurationError, match="JWT_CLOCK_SKEW must be seconds"):
            _ = config.clock_skew


@pytest.mark.parametrize(
    ("samesite", "secure", "warned"),
    [
        ("None", False, True),
        ("none", False, True),
        ("None", True, False),
        ("Lax", False, False),
        (None, False, False),
    ],
)
async def test_cookies_that_browsers_drop_are_warned_about(
    app: Quart,
    caplog: pytest.LogCaptureFixture,
    samesite: str | None,
    secure: bool,
    warned: bool,
) -> None:
    """``SameSite=None`` without ``Secure`` is said once, when it is configured."""
    app.config["JWT_COOKIE_SAMESITE"] = samesite
    app.config["JWT_COOKIE_SECURE"] = secure
    async with app.app_context():
        for _ in range(2):
            _ = config.cookie_samesite
            app.config["JWT_COOKIE_DOMAIN"] = "example.org"

    said = [line for line in caplog.messages if "JWT_COOKIE_SAMESITE" in line]
    assert len(said) == int(warned)


@pytest.mark.parametrize(
    "origin",
    ["https://example.org/", "example.org", "https://EXAMPLE.org", "https://a:443"],
)
async def test_a_websocket_origin_that_cannot_match_is_refused(
    app: Quart, origin: str
) -> None:
    """An origin that no browser sends is an error, and not a page that never works."""
    app.config["JWT_WEBSOCKET_ORIGINS"] = [origin]
    async with app.app_context():
        with pytest.raises(ConfigurationError, match="is not an origin"):
            _ = config.websocket_origins


@pytest.mark.parametrize("nested", [list, tuple])
async def test_a_change_inside_a_key_ring_counts(app: Quart, nested: Any) -> None:
    """A key that is ended in place verifies nothing from the next request on."""
    key: dict[str, Any] = {"kid": "a", "algorithm": "HS256", "key": "k" * 32}
    app.config["JWT_SECRET_KEY"] = None
    app.config["JWT_KEY_RING"] = nested([key])
    async with app.app_context():
        token = create_access_token("joe")
        assert decode_token(token)["sub"] == "joe"
        key["verifies_until"] = 1
        with pytest.raises(InvalidTokenError):
            decode_token(token)


@pytest.mark.parametrize(("methods", "status"), [("POST", 401), (["POST"], 401)])
async def test_one_csrf_method_may_be_a_string(
    make_app: MakeApp, methods: Any, status: int
) -> None:
    """A string is one method; its letters would protect nothing."""
    app = make_app(JWT_TOKEN_LOCATION=["cookies"], JWT_CSRF_METHODS=methods)
    async with app.app_context():
        token = create_access_token("joe")
    headers = {"Cookie": f"access_token_cookie={token}"}
    response = await app.test_client(use_cookies=False).post(
        "/protected", headers=headers
    )

    assert status == response.status_code
