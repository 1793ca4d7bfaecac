from datetime import timedelta
from typing import Any

import pytest
from quart import Quart

from extension.apps import SECRET
from quart_jwt import JWTManager
from quart_jwt.exceptions import ConfigurationError
from quart_jwt.extension.request.current import settings_of
from quart_jwt.extension.settings.settings import Settings
from quart_jwt.stores.base import AtLimit
from quart_jwt.stores.base import Limit


def _settings(**values: Any) -> Settings:
    app = Quart(__name__)
    app.config.update(JWT_SECRET_KEY=SECRET, **values)
    JWTManager(app)
    return settings_of(app)


@pytest.mark.parametrize(
    ("name", "given", "seen"),
    [
        ("refresh_grace_s", 0, 0),
        ("refresh_grace_s", 60, 60),
        ("refresh_grace_s", 2.5, 2.5),
        ("refresh_grace_s", timedelta(seconds=30), 30),
        ("session_absolute_expires_s", 1, 1),
        ("session_absolute_expires_s", timedelta(days=1), 86_400),
        ("session_absolute_expires_s", False, None),
        ("session_absolute_expires_s", None, None),
        ("store_timeout_s", 0.1, 0.1),
        ("store_timeout_s", timedelta(seconds=1), 1),
        ("revocation_bound_s", 5, 5),
        ("allow_for_s", "deny", None),
        ("allow_for_s", ("allow_for", 0), 0),
        ("allow_for_s", ["allow_for", timedelta(minutes=1)], 60),
        ("session_limit", None, None),
        ("session_limit", 1, Limit(1, AtLimit.END_OLDEST)),
        ("session_details", (), frozenset()),
        ("session_details", "address", {"address"}),
        ("session_details", ["address", "user_agent"], {"address", "user_agent"}),
        ("store_url", None, None),
        ("store_url", "", None),
        ("store_url", "memory://", "memory://"),
    ],
)
def test_a_setting_is_read(name: str, given: Any, seen: Any) -> None:
    """Seconds and timedeltas alike, and what stands for nothing."""
    assert seen == getattr(_settings(**{OPTIONS[name]: given}), name)


OPTIONS = {
    "allow_for_s": "JWT_STORE_FAILURE",
    "refresh_grace_s": "JWT_REFRESH_GRACE",
    "revocation_bound_s": "JWT_REVOCATION_BOUND",
    "session_absolute_expires_s": "JWT_SESSION_ABSOLUTE_EXPIRES",
    "session_details": "JWT_SESSION_DETAILS",
    "session_limit": "JWT_MAX_SESSIONS_PER_USER",
    "store_timeout_s": "JWT_STORE_TIMEOUT",
    "store_url": "JWT_STORE_URL",
}


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("refresh_grace_s", -1),
        ("refresh_grace_s", 61),
        ("refresh_grace_s", True),
        ("refresh_grace_s", "10"),
        ("refresh_grace_s", float("nan")),
        ("session_absolute_expires_s", 0),
        ("session_absolute_expires_s", timedelta(0)),
        ("session_absolute_expires_s", True),
        ("store_timeout_s", 0),
        ("store_timeout_s", -1),
        ("store_timeout_s", float("nan")),
        ("revocation_bound_s", 0),
        ("revocation_bound_s", None),
        ("allow_for_s", "allow"),
        ("allow_for_s", ("allow_for",)),
        ("allow_for_s", ("allow_for", -1)),
        ("allow_for_s", None),
        ("session_limit", 0),
        ("session_limit", -1),
        ("session_limit", True),
        ("session_limit", "1"),
        ("session_details", "browser"),
        ("session_details", ["user_agent", 1]),
        ("session_details", None),
        ("store_url", 5),
    ],
)
def test_a_setting_that_cannot_work_is_named(name: str, given: Any) -> None:
    """The error names the option."""
    settings = _settings(**{OPTIONS[name]: given})
    with pytest.raises(ConfigurationError, match=OPTIONS[name]):
        getattr(settings, name)


def test_an_unknown_policy_is_named() -> None:
    """There are two."""
    values = {"JWT_MAX_SESSIONS_PER_USER": 1, "JWT_MAX_SESSIONS_POLICY": "newest"}
    with pytest.raises(ConfigurationError, match="JWT_MAX_SESSIONS_POLICY"):
        _ = _settings(**values).session_limit


@pytest.mark.parametrize("policy", AtLimit)
def test_the_policy_goes_with_the_limit(policy: AtLimit) -> None:
    """Both spellings are known."""
    settings = _settings(
        JWT_MAX_SESSIONS_PER_USER=2, JWT_MAX_SESSIONS_POLICY=policy.value
    )
    assert settings.session_limit == Limit(2, policy)
