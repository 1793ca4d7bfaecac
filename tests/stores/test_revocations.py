"""The contract of ``stores.base.RevokedTokens``, on every store."""

import asyncio
from dataclasses import replace

import pytest

from clock import START
from quart_jwt.exceptions import FeedGapError
from quart_jwt.stores.base import Changes
from quart_jwt.stores.base import Store
from quart_jwt.tokens.revocation import Revocation
from quart_jwt.tokens.revocation import Scope
from quart_jwt.tokens.revocation import TokenRef
from quart_jwt.tokens.rotation import Outcome
from stores.families import ended
from stores.families import family
from stores.families import GRACE_S
from stores.families import KEPT_S
from stores.families import LEEWAY_S
from stores.families import LIFE_S
from stores.families import presented
from stores.families import revoked_access
from stores.families import revoked_subject
from stores.families import revoked_token
from stores.families import successor
from stores.families import token


async def _read(store: Store, after: str | None = None, limit: int = 100) -> Changes:
    return await store.changes(after, limit=limit, wait_s=0, now=START)


async def test_an_empty_store_has_revoked_nothing(store: Store) -> None:
    """A token without a family passes as long as nobody took it back."""
    assert not await store.is_revoked(token(), now=START)
    assert not await store.is_revoked(token(None, subject=None), now=START)
    feed = await _read(store)
    assert (feed.revocations, feed.is_complete) == ((), True)


async def test_a_token_is_revoked_by_its_jti(store: Store) -> None:
    """That token is refused, with a family or without, and no other."""
    await store.start(family(), limit=None, now=START)
    await store.revoke(revoked_token("t\u00e9:{x}*"), now=START)

    assert await store.is_revoked(token("t\u00e9:{x}*"), now=START)
    assert await store.is_revoked(token("t\u00e9:{x}*", family_id="f"), now=START)
    for other in ("t", "t\u00e9:{x}", "T\u00e9:{x}*", "", None):
        assert not await store.is_revoked(token(other), now=START)


@pytest.mark.parametrize(
    ("family_id", "is_revoked"), [("f", False), ("ended", True), ("unknown", True)]
)
async def test_a_token_goes_with_its_family(
    store: Store, family_id: str, *, is_revoked: bool
) -> None:
    """It passes while its family is there; an unknown family lets nobody in."""
    await store.start(family(), limit=None, now=START)
    await store.start(family("ended"), limit=None, now=START)
    await store.end("ended", subject=None, now=START)

    asked = token(family_id=family_id)
    assert is_revoked is await store.is_revoked(asked, now=START)


async def test_an_expired_family_is_not_a_revoked_one(store: Store) -> None:
    """Its last tokens may pass within the leeway, and are judged by their own end."""
    await store.start(family(), limit=None, now=START)
    now = START + LIFE_S + LEEWAY_S - 1

    assert not await store.is_revoked(token(family_id="f"), now=now)


@pytest.mark.parametrize(
    ("issued_at", "is_revoked"),
    [(START - 1, True), (START, True), (START + 0.5, False), (START + 1, False)],
)
async def test_a_subject_is_revoked_up_to_a_second(
    store: Store, issued_at: float, *, is_revoked: bool
) -> None:
    """Tokens without a family go by their ``iat``, the second itself included."""
    await store.revoke(revoked_subject(issued_by=START), now=START)

    asked = token(issued_at=issued_at)
    assert is_revoked is await store.is_revoked(asked, now=START)
    other = token(issued_at=issued_at, subject="grace")
    assert not await store.is_revoked(other, now=START)
    nobody = token(issued_at=issued_at, subject=None)
    assert not await store.is_revoked(nobody, now=START)


async def test_a_subjects_revocation_spares_families(store: Store) -> None:
    """Families are ended one by one, so that a new one of that second can live."""
    await store.start(family(), limit=None, now=START)
    await store.revoke(revoked_subject(issued_by=START + 9), now=START)

    assert not await store.is_revoked(token(family_id="f"), now=START)


@pytest.mark.parametrize("family_id", [None, "f"])
@pytest.mark.parametrize(
    ("issued_at", "is_revoked"), [(START, True), (START + 1, False)]
)
async def test_access_tokens_of_a_subject_are_revoked_up_to_a_second(
    store: Store, issued_at: float, family_id: str | None, *, is_revoked: bool
) -> None:
    """With a family or without; its refresh tokens and other subjects' go on."""
    await store.start(family(), limit=None, now=START)
    await store.start(family("g", "grace"), limit=None, now=START)
    await store.revoke(revoked_access(issued_by=START), now=START)
    asked = token(family_id=family_id, issued_at=issued_at)

    assert is_revoked is await store.is_revoked(asked, now=START)
    refresh = replace(asked, is_refresh=True)
    assert not await store.is_revoked(refresh, now=START)
    other = replace(asked, subject="grace", family_id=family_id and "g")
    assert not await store.is_revoked(other, now=START)
    rotation = await store.rotate(presented(), successor(), grace_s=GRACE_S, now=START)
    assert rotation.outcome is Outcome.ROTATED


async def test_the_feed_remembers_an_end_as_long_as_an_access_token_lives(
    store: Store,
) -> None:
    """However it ended; the store itself remembers it as long as a refresh token."""
    until = START + 20.0
    for name in ("a", "b", "c", "d"):
        begun = family(name, access_until=until)
        await store.start(begun, limit=None, now=START)
    follows = replace(successor("d-2"), access_until=until + 5)
    came = presented("d-1", family_id="d")
    await store.rotate(came, follows, grace_s=GRACE_S, now=START)
    await store.end("a", subject=None, now=START)
    reused = presented("b-0", family_id="b")
    await store.rotate(reused, successor(), grace_s=GRACE_S, now=START)
    await store.end_all("ada", spare=None, started_by=None, now=START)
    expected = [("a", until), ("b", until), ("c", until), ("d", until + 5)]

    told = (await _read(store)).revocations
    assert expected == [(one.name, one.until) for one in told]
    await store.purge(limit=100, now=until + 5)
    assert (await _read(store)).revocations == ()
    for name in ("a", "b", "c", "d"):
        asked = token(family_id=name, is_refresh=True)
        assert await store.is_revoked(asked, now=until + 5)


async def test_a_revocation_can_be_followed_for_less_long(store: Store) -> None:
    """The feed forgets it first, and the store answers until its end."""
    short = Revocation(
        scope=Scope.TOKEN, name="t", until=START + 20, followed_until=START + 10
    )
    await store.revoke(short, now=START)

    assert (short.as_followed(),) == (await _read(store)).revocations
    await store.purge(limit=100, now=START + 10)
    assert (await _read(store)).revocations == ()
    assert await store.is_revoked(token(), now=START + 10)
    await store.purge(limit=100, now=START + 20)
    assert not await store.is_revoked(token(), now=START + 20)


@pytest.mark.parametrize("turned", [False, True])
async def test_of_two_revocations_the_stricter_holds(
    store: Store, *, turned: bool
) -> None:
    """A second one neither shortens the first nor takes its reach back."""
    ones = [
        revoked_subject(issued_by=START, until=START + 20),
        revoked_subject(issued_by=START + 5, until=START + 10),
    ]
    tokens = [revoked_token(until=START + life_s, subject=None) for life_s in (20, 10)]
    for one in (*reversed(ones), *reversed(tokens)) if turned else (*ones, *tokens):
        await store.revoke(one, now=START)
    await store.purge(limit=100, now=START + 19)

    assert await store.is_revoked(token("t", subject=None), now=START + 19)
    asked = token("other", issued_at=START + 5)
    assert await store.is_revoked(asked, now=START + 19)
    assert not await store.is_revoked(
        token("other", issued_at=START + 6), now=START + 19
    )


async def test_a_jti_is_enough_to_revoke_a_token(store: Store) -> None:
    """Where nobody knows whose it is, it is refused for every subject."""
    await store.revoke(revoked_token(subject=None), now=START)

    for subject in ("ada", "grace", "linus", None):
        assert await store.is_revoked(token(subject=subject), now=START)
        assert not await store.is_revoked(token("u", subject=subject), now=START)
    # It may be told more than once.
    assert {*(await _read(store)).revocations} == {revoked_token()}


async def test_a_revocation_for_ever_stays(store: Store) -> None:
    """None is no end, also where a shorter one follows it."""
    await store.revoke(revoked_token(until=None), now=START)
    await store.revoke(revoked_token(until=START + 1), now=START)
    await store.purge(limit=100, now=START + 10**9)

    assert await store.is_revoked(token(), now=START + 10**9)


async def test_a_family_is_not_revoked_like_a_token(store: Store) -> None:
    """The end of a family is ``end``'s business, which looks whose it is."""
    with pytest.raises(ValueError, match="end"):
        await store.revoke(ended("f"), now=START)


async def test_whatever_ends_enters_the_feed(store: Store) -> None:
    """Every way to end something is told, in its order, and read once."""
    for family_id in ("a", "b", "c", "d"):
        await store.start(family(family_id), limit=None, now=START)
    begin = await _read(store)
    await store.end("a", subject=None, now=START)
    await store.rotate(
        presented("b-0", family_id="b"), successor(), grace_s=GRACE_S, now=START
    )
    await store.end_all("ada", spare="d", started_by=None, now=START)
    await store.revoke(revoked_token(), now=START)
    await store.revoke(revoked_subject(issued_by=START), now=START)
    news = await _read(store, begin.position)
    rest = await _read(store, news.position)
    expected = (
        ended("a"),
        ended("b"),
        ended("c"),
        revoked_token(),
        revoked_subject(issued_by=START),
    )

    assert begin.revocations == ()
    assert (expected, True) == (news.revocations, news.is_complete)
    assert rest.revocations == ()
    assert expected == (await _read(store)).revocations


async def test_what_changed_nothing_is_not_told(store: Store) -> None:
    """A second logout and a refusal leave the feed as it was."""
    await store.start(family(), limit=None, now=START)
    await store.end("f", subject=None, now=START)
    before = await _read(store)
    await store.end("f", subject=None, now=START)
    await store.end("unknown", subject=None, now=START)
    await store.rotate(presented(), successor(), grace_s=GRACE_S, now=START)

    assert (await _read(store, before.position)).revocations == ()


async def test_the_feed_is_read_in_pages(store: Store) -> None:
    """A page says whether there is more, and none is lost between two."""
    ones = [revoked_token(f"t{number}") for number in range(7)]
    for one in ones:
        await store.revoke(one, now=START)
    found: list[Revocation] = []
    position: str | None = None
    complete: list[bool] = []
    while complete[-1:] != [True]:
        page = await _read(store, position, limit=3)
        found += page.revocations
        position = page.position
        complete.append(page.is_complete)

    assert ones == found
    assert complete == [False, False, True]


async def test_a_reader_is_woken_by_a_revocation(store: Store) -> None:
    """Whoever waits for news gets them without waiting to the end."""
    position = (await _read(store)).position

    async def read_until_there_is_news() -> tuple[Revocation, ...]:
        at = position
        news: tuple[Revocation, ...] = ()
        while not news:
            page = await store.changes(at, limit=10, wait_s=5, now=START)
            at, news = page.position, page.revocations
        return news

    reading = asyncio.create_task(read_until_there_is_news())
    await asyncio.sleep(0)
    await store.revoke(revoked_token(), now=START)

    assert (revoked_token(),) == await reading


async def test_waiting_for_nothing_ends(store: Store) -> None:
    """A reader that waits comes back with nothing at the same position."""
    before = await _read(store)
    after = await store.changes(before.position, limit=10, wait_s=0.01, now=START)

    assert (after.revocations, after.is_complete) == ((), True)


@pytest.mark.parametrize("position", ["another feed's-1", "", "-", "0"])
async def test_a_position_of_another_feed_is_a_gap(store: Store, position: str) -> None:
    """A reader that has lost its place is told so, and never that all is well."""
    await store.revoke(revoked_token(), now=START)
    with pytest.raises(FeedGapError):
        await _read(store, position)


async def test_revocations_at_once_are_all_told(store: Store) -> None:
    """A reader that reads while a hundred are made misses none."""
    names = {f"t{number}" for number in range(100)}
    position = (await _read(store)).position
    found: set[str] = set()

    async def follow() -> None:
        at = position
        while len(found) < len(names):
            page = await store.changes(at, limit=7, wait_s=0.05, now=START)
            at = page.position
            found.update(one.name for one in page.revocations)

    following = asyncio.create_task(follow())
    await asyncio.gather(
        *(store.revoke(revoked_token(name), now=START) for name in names)
    )
    await asyncio.wait_for(following, timeout=30)

    assert names == found


@pytest.mark.parametrize(("moved", "is_kept"), [(-1, True), (0, False), (1, False)])
async def test_what_no_token_needs_is_purged(
    store: Store, moved: int, *, is_kept: bool
) -> None:
    """Families and revocations stay until their end, and leave the feed with it."""
    await store.start(family(), limit=None, now=START)
    await store.end("f", subject=None, now=START)
    await store.revoke(revoked_token(until=START + KEPT_S), now=START)
    await store.revoke(
        revoked_subject(issued_by=START, until=START + KEPT_S), now=START
    )
    position = (await _read(store)).position

    gone = await store.purge(limit=100, now=START + KEPT_S + moved)

    assert (0 if is_kept else 3) == gone
    asked: list[TokenRef] = [token(issued_at=START + 1), token("other")]
    for one in asked:
        assert is_kept is await store.is_revoked(one, now=START)
    assert (3 if is_kept else 0) == len((await _read(store)).revocations)
    assert (await _read(store, position)).revocations == ()


async def test_a_purge_leaves_what_lives(store: Store) -> None:
    """A family that goes on stays whole, and can be rotated afterwards."""
    await store.start(family("old"), limit=None, now=START)
    kept = family("new", keep_until=START + 2 * KEPT_S)
    await store.start(kept, limit=None, now=START)

    assert await store.purge(limit=100, now=START + KEPT_S) == 1
    assert await store.is_revoked(token(family_id="old"), now=START)
    assert not await store.is_revoked(token(family_id="new"), now=START)
    assert [kept] == [*await store.live("ada", now=START)]


async def test_purges_come_to_an_end(store: Store) -> None:
    """Small ones remove everything, one after the other."""
    for number in range(7):
        await store.start(family(f"f{number}"), limit=None, now=START)
    rounds = 1
    while await store.purge(limit=3, now=START + KEPT_S) >= 3:
        rounds += 1

    assert rounds == 3
    assert await store.is_revoked(token(family_id="f6"), now=START)


async def test_a_store_can_be_opened_and_closed_again(store: Store) -> None:
    """Its life cycle may be walked through as often as apps start and stop."""
    await store.open(now=START + 1)
    await store.ping()
    await store.close()
    await store.close()
    await store.open(now=START + 1)
    await store.ping()
    await store.revoke(revoked_token(), now=START)

    assert await store.is_revoked(token(), now=START)


async def test_a_store_knows_since_when_it_has_its_data(store: Store) -> None:
    """It begins when it is first opened; no later opening or reading moves that."""
    begun_at = (await _read(store)).begun_at
    await store.close()
    await store.open(now=START + 9)
    later = await store.changes(None, limit=10, wait_s=0, now=START + 10)

    assert begun_at == START
    assert later.begun_at == START
