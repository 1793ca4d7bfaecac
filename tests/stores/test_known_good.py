import pytest

from quart_jwt.stores.in_use.known_good import KnownGood
from quart_jwt.tokens.revocation import Revocation
from quart_jwt.tokens.revocation import Scope
from stores.families import token

MINE = token("t", family_id="f", subject="ada")
OTHER = token("u", family_id="g", subject="ada")
STRANGER = token("v", family_id="h", subject="grace")


def _revocation(scope: Scope, name: str) -> Revocation:
    return Revocation(scope=scope, name=name, until=None, issued_by=0)


@pytest.mark.parametrize(
    ("scope", "name", "left"),
    [
        (Scope.TOKEN, "t", [OTHER, STRANGER]),
        (Scope.FAMILY, "f", [OTHER, STRANGER]),
        (Scope.SUBJECT, "ada", [STRANGER]),
        (Scope.ACCESS, "ada", [STRANGER]),
        (Scope.ACCESS, "t", [MINE, OTHER, STRANGER]),
    ],
)
def test_a_revocation_drops_what_it_names(
    scope: Scope, name: str, left: list[object]
) -> None:
    """Whatever its second is: the store is asked again then."""
    good = KnownGood()
    for one in (MINE, OTHER, STRANGER):
        good.add(one)
    good.drop(_revocation(scope, name))

    assert left == [one for one in (MINE, OTHER, STRANGER) if one in good]


def test_it_is_bounded() -> None:
    """The one that was remembered first makes room, and leaves nothing behind."""
    good = KnownGood(2)
    for number in range(5):
        good.add(token(f"t{number}", family_id="f"))

    assert token("t2", family_id="f") not in good
    assert token("t3", family_id="f") in good
    assert len(good._tokens) == 2
    assert {len(named) for named in good._named.values()} == {1, 2}
    good.drop(_revocation(Scope.SUBJECT, "ada"))
    assert good._named == {}
