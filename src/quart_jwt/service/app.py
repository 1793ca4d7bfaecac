"""
The application: settings and a clock in, a Quart application out.

Every ``JWT_*`` option that the service relies on is set here and nowhere else.
"""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any

from quart import Blueprint
from quart import Quart
from quart import Request
from quart import request
from werkzeug.exceptions import RequestEntityTooLarge

from quart_jwt import ForwardAuth
from quart_jwt import JWTManager
from quart_jwt.building_blocks import KeyRing
from quart_jwt.building_blocks import verified_of
from quart_jwt.clock import system_time
from quart_jwt.service.ground.lifetime import Part
from quart_jwt.service.ground.lifetime import serve_with
from quart_jwt.service.ground.request_facts import request_facts
from quart_jwt.service.ground.request_facts import RequestIds
from quart_jwt.service.ground.values import Clock
from quart_jwt.service.ground.values import VERIFY_PATH
from quart_jwt.service.keys.follower import KeyFollower
from quart_jwt.service.keys.signing_keys import signing_keys
from quart_jwt.service.observability.durations import Durations
from quart_jwt.service.observability.observers import observed
from quart_jwt.service.resources import EXTENSION
from quart_jwt.service.resources import make_resources
from quart_jwt.service.resources import Resources
from quart_jwt.service.settings.groups import Gateway
from quart_jwt.service.settings.groups import IDENTITY_HEADERS
from quart_jwt.service.settings.settings import Settings
from quart_jwt.service.sign_in.pages import sign_in_pages
from quart_jwt.service.sign_in.renewal import Renewal
from quart_jwt.service.sign_in.renewal_redirect import renewal_redirect
from quart_jwt.service.web.admission import user_elsewhere
from quart_jwt.service.web.asgi_guard import AsgiGuard
from quart_jwt.service.web.asgi_guard import MAX_BODY_BYTES
from quart_jwt.service.web.client_address import ClientAddress
from quart_jwt.service.web.cors import allow_origins
from quart_jwt.service.web.health import health
from quart_jwt.service.web.me import me_routes
from quart_jwt.service.web.metrics_page import metrics_page
from quart_jwt.service.web.oauth_routes import oauth_routes
from quart_jwt.service.web.pages import docs
from quart_jwt.service.web.pages import page
from quart_jwt.service.web.password_change import password_change
from quart_jwt.service.web.refusals import install_refusals
from quart_jwt.service.web.registration import registration
from quart_jwt.service.web.routes import REFRESH_PATH
from quart_jwt.service.web.routes import routes
from quart_jwt.service.web.session_routes import session_routes
from quart_jwt.service.web.well_known import well_known

BODY_TIMEOUT_S = 10
"""A login is one packet or two; slower senders hold connections on purpose."""


def create_app(settings: Settings, clock: Clock = system_time) -> Quart:
    """
    Build the service.

    Args:
        settings: What the operator wants.
        clock: Gives the time in seconds since 1970; tests move it.
    """
    app = Quart(__name__, static_folder=None)
    app.config.from_mapping(_config(settings))
    resources = make_resources(settings, clock)
    app.extensions[EXTENSION] = resources
    app.before_request(_note_request)
    app.before_request(_refuse_large_bodies)
    close = serve_with(app, *_parts(app, resources))
    for blueprint in _blueprints(resources):
        app.register_blueprint(blueprint)
    # Before the session store closes: who looks once more would open it again.
    app.after_serving(serve_with(app, resources.readiness.serving))
    jwt = JWTManager(app, clock=clock, store=resources.sessions)
    # After the session store, which completes its calls and reports them.
    app.after_serving(close)
    if settings.accounts.directory is not None:
        jwt.user_lookup_loader(user_elsewhere)
    install_refusals(app, jwt)
    allow_origins(app, settings.cors)
    app.asgi_app = _layers(app, jwt, resources)  # type: ignore[method-assign] # as Quart's docs do
    return app


def _parts(app: Quart, resources: Resources) -> Iterator[Part]:
    """Return what is open while the app serves, in this order."""
    yield resources.serving
    yield from observed(
        app,
        metrics=resources.metrics,
        clock=resources.clock,
        audit_path=resources.settings.observability.audit_log,
        log_format=resources.settings.observability.log_format,
        hash_load=resources.passwords.load,
    )
    if resources.settings.secret_key is None:
        yield _follow_keys(app, resources)


def _blueprints(resources: Resources) -> Iterator[Blueprint]:
    """Return the routes that the settings want."""
    settings = resources.settings
    yield from (routes, session_routes, me_routes, oauth_routes, health, well_known)
    if resources.users.password_changing is not None:
        yield password_change
    if settings.accounts.registration:
        yield registration
    if settings.storage.mode == "development":
        yield page
    if settings.docs:
        yield docs
    if settings.sign_in.origins:
        yield sign_in_pages(settings)
        yield renewal_redirect(settings)
    if settings.observability.metrics_from:
        yield metrics_page(
            settings.observability.metrics_from, settings.proxies.address_header
        )


def _layers(app: Quart, jwt: JWTManager, resources: Resources) -> RequestIds:
    """Return what stands in front of Quart, the innermost first."""
    settings, durations = resources.settings, Durations(resources.metrics)
    # The lane looks at the peer, so it stands before who the client is.
    client = ClientAddress(app.asgi_app, settings.proxies)
    lane = _forward_auth(jwt, settings.gateway).wrap(client)
    if settings.renews_at_gateway:
        lane = Renewal(lane, client, app=app, settings=settings)
    guard = AsgiGuard(lane, by_origin=bool(settings.cors.origins))
    return RequestIds(guard, without=VERIFY_PATH, observe=durations.observe)


def _follow_keys(app: Quart, resources: Resources) -> Part:
    """Let the app sign and verify with the keys that the database has, as they are."""

    def install(ring: KeyRing) -> None:
        app.config["JWT_KEY_RING"] = ring

    install(KeyRing())  # nothing is served before there is another
    settings, clock = resources.settings, resources.clock
    keys = signing_keys(settings, resources.database, clock)
    follower = KeyFollower(keys, settings.keys, install=install, clock=clock)

    async def keep_up() -> None:
        # A probe asks who is away, and needs no key.
        if request.blueprint != health.name:
            await follower.keep_up()

    app.before_request(keep_up)
    return follower.serving


def _forward_auth(jwt: JWTManager, gateway: Gateway) -> ForwardAuth:
    return ForwardAuth(
        jwt,
        path=VERIFY_PATH,
        identity_headers={
            "X-Auth-Subject": "sub",
            **{IDENTITY_HEADERS[claim]: claim for claim in gateway.identity},
        },
        trusted=gateway.trusted,
        method_header=gateway.method_header,
        uri_header=gateway.uri_header,
        pass_preflight=gateway.pass_preflight,
    )


def _config(settings: Settings) -> dict[str, Any]:
    return {
        "BODY_TIMEOUT": BODY_TIMEOUT_S,
        "MAX_CONTENT_LENGTH": MAX_BODY_BYTES,
        "JWT_SECRET_KEY": settings.secret_key,
        "JWT_ENFORCE_STRONG_KEYS": True,
        "JWT_ENCODE_ISSUER": settings.keys.issuer,
        "JWT_DECODE_ISSUER": settings.keys.issuer,
        "JWT_ENCODE_AUDIENCE": settings.keys.audience,
        "JWT_DECODE_AUDIENCE": settings.keys.audience,
        "JWT_CLOCK_SKEW": settings.clock_skew_s,
        "JWT_ACCESS_TOKEN_EXPIRES": timedelta(seconds=settings.access_token_expires_s),
        "JWT_REFRESH_TOKEN_EXPIRES": timedelta(
            seconds=settings.refresh_token_expires_s
        ),
        # A session is not made longer by refreshing it.
        "JWT_SESSION_ABSOLUTE_EXPIRES": timedelta(
            seconds=settings.refresh_token_expires_s
        ),
        "JWT_SESSION_DETAILS": settings.session_details,
        # A token without a session could not be revoked by ending one.
        "JWT_REQUIRE_SESSION": True,
        "JWT_STORE_TIMEOUT": settings.storage.store_timeout_s,
        "JWT_TOKEN_LOCATION": ["headers", "cookies"],
        "JWT_COOKIE_SECURE": settings.cookie_secure,
        "JWT_COOKIE_DOMAIN": settings.cookie_domain,
        "JWT_COOKIE_SAMESITE": "Lax",
        # The refresh token travels to the one endpoint that takes it, or with each
        # page, so that the gateway's question has it.
        "JWT_REFRESH_COOKIE_PATH": "/" if settings.renews_at_gateway else REFRESH_PATH,
    }


async def _note_request() -> None:
    """Let log lines find the token of this request, and metrics its route."""
    facts = request_facts()
    if facts is not None:
        asking = request._get_current_object()  # type: ignore[attr-defined] # noqa: SLF001 - werkzeug's way to the object
        facts.find_claim = partial(_claim_of, asking)
        rule = asking.url_rule
        facts.route = None if rule is None else rule.rule


def _claim_of(asking: Request, name: str) -> Any:
    verified = verified_of(asking)
    return None if verified is None else verified.claim(name)


async def _refuse_large_bodies() -> None:
    """Reject by Content-Length, even if no view reads the body."""
    if (request.content_length or 0) > MAX_BODY_BYTES:
        raise RequestEntityTooLarge
