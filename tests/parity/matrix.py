"""
The request matrix: cases made by combining what the other modules name.

Each group turns some of the dimensions through all their values and leaves the
others at rest; ``test_random`` turns all of them at once. A case is named by the
values that it has.
"""

from collections.abc import Iterable
from collections.abc import Iterator
from dataclasses import replace
from itertools import permutations
from itertools import product

from parity import carriers
from parity.case import Case
from parity.case import Guard
from parity.case import METHODS
from parity.case import Request
from parity.case import Setup
from parity.case import TOKEN_METHODS
from parity.configs import BROKEN_CONFIGS
from parity.configs import CLAIM_CONFIGS
from parity.configs import COOKIE_CONFIGS
from parity.configs import CSRF_CONFIGS
from parity.configs import LOCATIONS
from parity.configs import PLACE_CONFIGS
from parity.guards import case
from parity.guards import GUARDS
from parity.guards import LOCATION_GUARDS
from parity.guards import TELLING_TOKENS
from parity.hooks import GIVING
from parity.hooks import RAISING
from parity.hooks import WHOLE
from parity.keys import ALGORITHMS
from parity.mint import CSRF
from parity.mint import HOUR
from parity.mint import mint
from parity.mint import NOW
from parity.pairwise import Factors
from parity.tokens import FAULTS
from parity.tokens import PAIRS
from parity.tokens import SOUND
from parity.tokens import TOKENS
from parity.views import COOKIE_VIEWS
from parity.views import proxied
from parity.views import RAISING_VIEWS
from parity.views import report
from parity.views import strict

Named = tuple[Factors, Case]
Group = dict[Factors, Case]


def _states() -> Iterator[Named]:
    """Every location with every state of a token."""
    for location, (state, token) in product(LOCATIONS, TOKENS.items()):
        if state in SOUND or location == "headers" or state not in PAIRS:
            request = carriers.carry(location, location, token)
            yield (location, state), case(request, config=location)


def _guarded() -> Iterator[Named]:
    """Every argument of the decorator with the tokens that it is about."""
    for (named, guard), state in product(GUARDS.items(), TELLING_TOKENS):
        for location in ("headers", "cookies"):
            request = carriers.carry(
                location, location, TOKENS[state], refresh=guard.refresh
            )
            yield (
                (location, state, named),
                case(request, config=location, hooks="working", guard=guard),
            )
    for (named, guard), location in product(GUARDS.items(), LOCATIONS):
        yield (location, "nothing", named), case(Request(), config=location)
        crossed = carriers.carry(location, location, TOKENS["good"])
        swapped = replace(guard, refresh=not guard.refresh)
        yield (
            (location, "other-carrier", named),
            case(crossed, config=location, guard=swapped),
        )


def _located() -> Iterator[Named]:
    """The argument ``locations`` against what the configuration says."""
    for (named, locations), state in product(
        LOCATION_GUARDS.items(), ("good", "expired", "garbage", "nothing")
    ):
        guard = Guard(locations=locations)
        for place in LOCATIONS:
            request = Request()
            if state != "nothing":
                request = carriers.carry(place, "plain", TOKENS[state])
            yield (named, place, state), case(request, guard=guard)


def _several() -> Iterator[Named]:
    """Two and more locations, in every order, with good, bad and no tokens."""
    for order in permutations(LOCATIONS, 2):
        guard = Guard(locations=order)
        for first, second in product(("good", "garbage", "absent"), repeat=2):
            parts = [
                carriers.carry(place, "plain", TOKENS[state])
                for place, state in zip(order, (first, second), strict=True)
                if state != "absent"
            ]
            factors = ("-".join(order), first, second)
            yield factors, case(carriers.together(*parts), guard=guard)
    for whole in permutations(LOCATIONS):
        for last, optional in product((whole[-1], "nowhere"), (False, True)):
            request = Request()
            if last != "nowhere":
                request = carriers.carry(last, "plain", TOKENS["good"])
            named = "optional" if optional else "required"
            guard = Guard(locations=whole, optional=optional)
            yield ("-".join(whole), f"at-{last}", named), case(request, guard=guard)
    for config in PLACE_CONFIGS:
        yield (config, "nothing"), case(Request(), config=config)
        for place, refresh in product(LOCATIONS, (False, True)):
            state = "refresh" if refresh else "good"
            request = carriers.carry(place, config, TOKENS[state], refresh=refresh)
            guard = Guard(refresh=refresh)
            yield (config, place, state), case(request, config=config, guard=guard)


def _shaped() -> Iterator[Named]:
    """Odd headers, query strings and JSON bodies."""
    good, refresh = TOKENS["good"], TOKENS["refresh"]
    for config in (
        *("plain", "header-name", "header-type-JWT"),
        *("header-type-empty", "header-type-none"),
    ):
        header = carriers.option(config, "JWT_HEADER_NAME")
        for shape, value in carriers.header_values(good).items():
            request = Request(headers=((header, value),))
            yield (config, shape), case(request, config=config)
    pairs: dict[str, tuple[str, str]] = {
        "two-tokens": (f"Bearer {good}", f"Bearer {good}"),
        "basic-and-bearer": ("Basic dXNlcjpw", f"Bearer {good}"),
        "bearer-and-basic": (f"Bearer {good}", "Basic dXNlcjpw"),
        "good-and-garbage": (f"Bearer {good}", "Bearer garbage"),
    }
    for label, values in pairs.items():
        headers = tuple(("Authorization", value) for value in values)
        yield ("two-headers", label), case(Request(headers=headers))
    for config in ("query_string", "query-name", "query-prefix"):
        name = carriers.option(config, "JWT_QUERY_STRING_NAME")
        for shape, text in carriers.query_strings(name, good).items():
            yield (config, shape), case(Request(query=text), config=config)
    for config in ("json", "json-keys"):
        name = carriers.option(config, "JWT_JSON_KEY")
        for shape, request in carriers.json_requests(name, good).items():
            yield (config, shape), case(request, config=config)
        name = carriers.option(config, "JWT_REFRESH_JSON_KEY")
        for shape, request in carriers.json_requests(name, refresh).items():
            yield (
                (config, f"refresh-{shape}"),
                case(request, config=config, guard=GUARDS["refresh"]),
            )
    for shape, value in {
        "empty": "access_token_cookie=",
        "quoted": f'access_token_cookie="{good}"',
        "among": f"a=b; access_token_cookie={good}; c=d",
        "refresh-name": f"refresh_token_cookie={good}",
    }.items():
        request = Request(headers=(("Cookie", value),))
        yield ("cookies", shape), case(request, config="cookies")


def _protected() -> Iterator[Named]:
    """CSRF: every method, every way to send the value, access and refresh."""
    for config, refresh in product(CSRF_CONFIGS, (False, True)):
        token = TOKENS["refresh" if refresh else "good"]
        cookie = carriers.cookie(config, token, refresh=refresh)
        for way, extra in carriers.csrf_requests(config, refresh=refresh):
            methods = TOKEN_METHODS if way == "missing" else ("GET", "POST", "PUT")
            for method in methods:
                request = replace(carriers.together(cookie, extra), method=method)
                yield (
                    (config, method, way, "refresh" if refresh else "access"),
                    case(request, config=config, guard=Guard(refresh=refresh)),
                )
    sent = Request(method="POST", headers=(("X-CSRF-TOKEN", CSRF),))
    for state, optional in product((*SOUND, *FAULTS, *PAIRS), (False, True)):
        if (state not in PAIRS or "csrf" in state) and not (
            optional and state in SOUND
        ):
            request = carriers.together(carriers.cookie("csrf", TOKENS[state]), sent)
            guard = Guard(optional=optional)
            yield (
                ("sent", state, "optional" if optional else "required"),
                case(request, config="csrf", guard=guard),
            )
    loose = carriers.together(
        carriers.cookie("csrf-fallthrough", TOKENS["good"]),
        carriers.header("csrf-fallthrough", TOKENS["good"]),
        Request(method="POST"),
    )
    yield ("csrf-fallthrough-header-too",), case(loose, config="csrf-fallthrough")


def _configured() -> Iterator[Named]:
    """Every claim option with every state of a token."""
    for config, state in product(CLAIM_CONFIGS, (*SOUND, *FAULTS)):
        algorithm = carriers.option(config, "JWT_ALGORITHM") or "HS256"
        if algorithm == "HS256" and config != "plain":
            request = carriers.header(config, TOKENS[state])
            yield (config, state), case(request, config=config)
    for config, state in product(("aud-iss", "identity-claim"), PAIRS):
        request = carriers.header(config, PAIRS[state])
        yield (config, state), case(request, config=config)
    for algorithm, (state, exp) in product(
        ALGORITHMS, (("good", NOW + HOUR), ("expired", NOW - HOUR))
    ):
        token = mint({"exp": exp}, algorithm=algorithm)
        for config in CLAIM_CONFIGS:
            yield (
                (config, f"signed-{algorithm}", state),
                case(carriers.header(config, token), config=config),
            )


def _hooked() -> Iterator[Named]:
    """Every set of hooks with the tokens that it is about."""
    for hooks, state in product((*WHOLE,), (*TELLING_TOKENS, "kid")):
        for named in ("required", "optional"):
            request = carriers.header("plain", TOKENS[state])
            yield (hooks, state, named), case(request, hooks=hooks, guard=GUARDS[named])
    for hooks in WHOLE:
        yield (hooks, "nothing"), case(Request(), hooks=hooks)
    for hooks, state in product((*GIVING, *RAISING), ("good", "nothing")):
        for named in ("required", "optional"):
            request = Request()
            if state != "nothing":
                request = carriers.header("plain", TOKENS[state])
            yield (hooks, state, named), case(request, hooks=hooks, guard=GUARDS[named])


def _guards_of(method: str) -> tuple[str, ...]:
    """What a view reads behind a guard in OPTIONS is a difference."""
    return ("required", "optional", "unguarded")[method == "OPTIONS" and 2 :]


def _viewed() -> Iterator[Named]:
    """Methods and views; an unguarded view; what cannot work."""
    for method, (named, view) in product(
        METHODS, (("report", report), ("strict", strict), ("proxied", proxied))
    ):
        for state, hooks in product(("good", "nothing"), ("none", "working")):
            request = Request()
            if state != "nothing":
                request = carriers.header("plain", TOKENS[state])
            for guarded, guard in (*GUARDS.items(), ("unguarded", None)):
                if guarded in _guards_of(method):
                    setup = Setup(hooks=hooks, guard=guard, view=view)
                    yield (
                        (method, named, state, hooks, guarded),
                        Case(setup=setup, request=replace(request, method=method)),
                    )
    for named, view in RAISING_VIEWS.items():
        for hooks in ("none", "telling"):
            setup = Setup(hooks=hooks, guard=None, view=view)
            yield ("raising", named, hooks), Case(setup=setup, request=Request())
    for config, state in product(BROKEN_CONFIGS, ("good", "garbage", "nothing")):
        request = Request()
        if state != "nothing":
            algorithm = carriers.option(config, "JWT_ALGORITHM") or "HS256"
            token = "garbage" if state == "garbage" else mint(algorithm=algorithm)
            request = carriers.header(config, token)
        yield (config, state), case(request, config=config)


def _baked() -> Iterator[Named]:
    """Cookies set and unset, under every option that they have."""
    for config, (named, view) in product(COOKIE_CONFIGS, COOKIE_VIEWS.items()):
        setup = Setup(config=config, guard=None, view=view)
        yield (config, named), Case(setup=setup, request=Request())


def _unique(cases: Iterable[Named]) -> Group:
    """The cases, of which no two have one name."""
    found: Group = {}
    for factors, one in cases:
        if found.setdefault(factors, one) != one:
            raise ValueError(f"two cases are called {factors}")
    return found


GROUPS: dict[str, Group] = {
    maker.__name__.strip("_"): _unique(maker())
    for maker in (
        *(_states, _guarded, _located, _several, _shaped, _protected),
        *(_configured, _hooked, _viewed, _baked),
    )
}
"""The full product."""
