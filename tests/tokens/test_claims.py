import copy
from calendar import timegm
from datetime import datetime
from datetime import timedelta
from datetime import timezone
from datetime import UTC
from typing import Any

import pytest

from clock import START
from quart_jwt.tokens.claims import check_issuable
from quart_jwt.tokens.claims import claims_of
from quart_jwt.tokens.claims import Layout


class Months:
    """What dateutil's relativedelta is to us: something a datetime can add."""

    def __radd__(self, moment: datetime) -> datetime:
        return moment.replace(month=moment.month + 1)


def layout(**changes: Any) -> Layout:
    """A layout like the default settings', with changes."""
    ordinary: dict[str, Any] = {
        "token_type": "access",
        "identity_claim": "sub",
        "identity": "ann",
        "fresh": False,
        "expires": timedelta(minutes=15),
        "jti": "the-jti",
        "csrf": "the-csrf",
        "nbf": True,
        "audience": None,
        "issuer": None,
        "additional": {},
    }
    return Layout(**ordinary | changes)


ORDINARY = {
    "fresh": False,
    "iat": START,
    "jti": "the-jti",
    "type": "access",
    "sub": "ann",
    "nbf": START,
    "csrf": "the-csrf",
    "exp": START + 900,
}


def test_the_layout_is_flask_jwt_extendeds() -> None:
    """Each claim has its name, its value and its place."""
    claims = claims_of(layout(), START)

    assert claims == ORDINARY
    assert list(ORDINARY) == list(claims)


@pytest.mark.parametrize("fraction", [0.0, 0.001, 0.5, 0.999])
def test_times_are_whole_seconds(fraction: float) -> None:
    """What is left of a second is cut off, in all three times."""
    assert claims_of(layout(), START + fraction) == ORDINARY


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"token_type": "refresh"}, {"type": "refresh"}),
        ({"fresh": True}, {"fresh": True}),
        ({"fresh": START + 5.5}, {"fresh": START + 5.5}),
        ({"fresh": timedelta(minutes=1)}, {"fresh": START + 60.0}),
        ({"audience": "a"}, {"aud": "a"}),
        ({"audience": ["a", "b"]}, {"aud": ["a", "b"]}),
        ({"issuer": "https://i.example"}, {"iss": "https://i.example"}),
        ({"identity": 7}, {"sub": 7}),
        ({"identity": None}, {"sub": None}),
        ({"expires": timedelta(days=30)}, {"exp": START + 30 * 86_400}),
        ({"expires": timedelta(milliseconds=1500)}, {"exp": START + 1}),
        ({"expires": timedelta(0)}, {"exp": START}),
        ({"expires": timedelta(seconds=-1)}, {"exp": START - 1}),
        ({"expires": Months()}, {"exp": START + 30 * 86_400}),
    ],
    ids=[
        "refresh",
        "fresh",
        "fresh-until",
        "fresh-for",
        "audience",
        "audiences",
        "issuer",
        "int-identity",
        "no-identity",
        "days",
        "fraction",
        "zero",
        "negative",
        "relativedelta",
    ],
)
def test_what_is_asked_stands_in_the_claims(
    changes: dict[str, Any], expected: dict[str, Any]
) -> None:
    """Each part of the layout changes its claim and no other."""
    assert ORDINARY | expected == claims_of(layout(**changes), START)


@pytest.mark.parametrize(
    ("changes", "absent"),
    [
        ({"expires": False}, "exp"),
        ({"nbf": False}, "nbf"),
        ({"csrf": None}, "csrf"),
        ({"audience": None}, "aud"),
        ({"audience": ""}, "aud"),
        ({"audience": []}, "aud"),
        ({"issuer": ""}, "iss"),
    ],
)
def test_what_is_not_asked_is_absent(changes: dict[str, Any], absent: str) -> None:
    """A claim that was switched off is left out."""
    expected = {name: value for name, value in ORDINARY.items() if name != absent}

    assert expected == claims_of(layout(**changes), START)


@pytest.mark.parametrize("expires", [0, True, 900, 1.5, "15m"])
def test_a_life_that_no_datetime_can_add_is_a_type_error(expires: Any) -> None:
    """Bare numbers have no unit: only a timedelta and its like, or False."""
    with pytest.raises(TypeError):
        claims_of(layout(expires=expires), START)


def test_another_claim_can_hold_the_identity() -> None:
    """The identity stands under the configured name."""
    claims = claims_of(layout(identity_claim="user", identity={"id": 1}), START)

    assert claims["user"] == {"id": 1}
    assert "sub" not in claims


@pytest.mark.parametrize("name", [*ORDINARY, "aud", "iss", "role"])
def test_additional_claims_win(name: str) -> None:
    """A further claim replaces any of ours, as with Flask-JWT-Extended."""
    assert claims_of(layout(additional={name: "mine"}), START)[name] == "mine"


@pytest.mark.parametrize("name", ["exp", "iat", "nbf"])
@pytest.mark.parametrize(
    "moment",
    [
        datetime(2030, 1, 2, 3, 4, 5, 600_000, tzinfo=UTC),
        datetime(2030, 1, 2, 5, 4, 5, tzinfo=timezone(timedelta(hours=2))),
        datetime(2030, 1, 2, 3, 4, 5),  # noqa: DTZ001 - PyJWT takes it for UTC
    ],
    ids=["utc", "zone", "naive"],
)
def test_a_datetime_becomes_a_numeric_date(name: str, moment: datetime) -> None:
    """The three times may be overridden by datetimes, as with PyJWT."""
    claims = claims_of(layout(additional={name: moment}), START)

    assert timegm((2030, 1, 2, 3, 4, 5)) == claims[name]


def test_other_datetimes_are_left_alone() -> None:
    """Elsewhere a datetime is for the app's JSON provider."""
    moment = datetime(2030, 1, 2, tzinfo=UTC)

    assert moment is claims_of(layout(additional={"born": moment}), START)["born"]


def test_the_layout_is_not_changed() -> None:
    """Additional claims and the audience are as they were."""
    additional: dict[str, Any] = {
        "role": ["a"],
        "exp": datetime(2030, 1, 1, tzinfo=UTC),
    }
    audience = ["a"]
    before = copy.deepcopy((additional, audience))
    claims_of(layout(additional=additional, audience=audience), START)

    assert before == (additional, audience)


@pytest.mark.parametrize("identity", [7, None, 1.5, True, b"ann", ["ann"], {"id": 1}])
def test_an_identity_that_is_no_string_is_not_issued(identity: Any) -> None:
    """The error says what came, and the three ways out."""
    with pytest.raises(TypeError) as caught:
        check_issuable({"sub": identity}, verify_sub=True)
    text = str(caught.value)

    assert f"must be a string, not {type(identity).__name__}:" in text
    for way_out in (
        "str(user.id)",
        "@jwt.user_identity_loader",
        "JWT_VERIFY_SUB = False",
    ):
        assert way_out in text
    check_issuable({"sub": identity}, verify_sub=False)


@pytest.mark.parametrize("verify_sub", [True, False])
@pytest.mark.parametrize("name", ["jti", "iss"])
@pytest.mark.parametrize("value", [None, 1, ["x"], {}, True])
def test_names_that_are_no_strings_are_not_issued(
    value: Any, name: str, verify_sub: bool
) -> None:
    """``jti`` and ``iss`` have to be strings, whatever is asked of ``sub``."""
    with pytest.raises(TypeError, match=f"The claim '{name}' must be a string"):
        check_issuable({"sub": "ann", name: value}, verify_sub=verify_sub)


@pytest.mark.parametrize(
    "claims", [{}, {"sub": ""}, ORDINARY, {"iss": "i", "jti": "j"}]
)
def test_what_is_right_is_issued(claims: dict[str, Any]) -> None:
    """Strings, and claims that are not there, pass."""
    check_issuable(claims, verify_sub=True)
