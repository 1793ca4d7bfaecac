"""A site that requires a scope, and clients that would rather not."""

import pytest

from gateways.products import Product
from gateways.products import PRODUCTS
from gateways.stages import SITE
from gateways.stages import Stage
from gateways.stages import Stages
from gateways.stages import USER

NGINX = [each for each in PRODUCTS if each.name == "nginx"]
HTML = {"Accept": "text/html"}
FORBIDDEN = "/sign-in/forbidden"
ATTEMPTS: tuple[dict[str, str], ...] = (
    {},
    {"X-Require-Scope": ""},
    {"X-Require-Scope": "profile"},
    {"X_Require_Scope": "profile"},
    {"Connection": "X-Require-Scope"},
    {"X-Require-Role": ""},
)
CACHE = {
    "#proxy_cache_path": "proxy_cache_path",
    "#include": "include",
    "proxy_cache_valid 200 2s": "proxy_cache_valid 200 600s",
}
ENDS = """        return 503;
    }
"""
STRICT_SITE = """}
server {
    listen 127.0.0.1:8080;
    server_name strict.example.org;
    auth_request /.quart-jwt/verify;
    location / {
        proxy_pass http://application;
    }
    location = /.quart-jwt/verify {
        internal;
        proxy_pass http://quart-jwt/auth/verify;
        proxy_pass_request_body off;
        proxy_set_header Content-Length "";
        proxy_set_header X-Forwarded-Method $request_method;
        proxy_set_header X-Require-Scope "reports";
        include /etc/nginx/snippets/quart-jwt-verdict-cache.conf;
    }
"""

pytestmark = pytest.mark.slow
for_nginx = pytest.mark.parametrize("product", NGINX, indirect=True, ids=str)


def test_no_header_of_a_client_opens_a_site(
    stages: Stages, stage: Stage, product: Product
) -> None:
    """The demo user does not have the scope; the same token opens the other site."""
    site = stages.changed(stage, product.requires)
    with stage.signed_in() as client, site.client() as other:
        assert client.get("/page").status_code == 200
        arrived = len(stage.application.arrivals)
        other.headers["Authorization"] = client.headers["Authorization"]
        for headers in ATTEMPTS:
            assert other.get("/page", headers=headers).status_code == 403
        assert len(stage.application.arrivals) == arrived
        assert client.get("/page").status_code == 200


@for_nginx
def test_a_client_can_only_make_it_stricter(stage: Stage) -> None:
    """Where the configuration requires nothing, the client's own header counts."""
    with stage.signed_in() as client:
        headers = {"X-Require-Role": "nobody-has-it"}
        assert client.get("/page", headers=headers).status_code == 403
        assert client.get("/page").status_code == 200


@for_nginx
def test_a_kept_verdict_is_for_one_site(stages: Stages, stage: Stage) -> None:
    """The yes of one site is not found by the question of a site that requires more."""
    site = stages.changed(stage, {ENDS: ENDS + STRICT_SITE, **CACHE})
    with stage.signed_in() as client, site.client() as both:
        both.headers["Authorization"] = client.headers["Authorization"]
        strict = {"Host": "strict.example.org"}
        assert both.get("/page").status_code == 200
        assert both.get("/page", headers=strict).status_code == 403
        # A header of the client is part of the question, too.
        demand = {"X-Require-Role": "nobody-has-it"}
        assert both.get("/page", headers=demand).status_code == 403
        assert both.get("/page").status_code == 200


def test_a_browser_sees_the_page_of_the_service(
    stages: Stages, product: Product
) -> None:
    """A user without the scope gets a page in a browser; a program gets a bare 403."""
    stage = stages.with_sign_in_page(product)
    site = stages.changed(stage, {**product.signs_in, **product.requires})
    stage.application.arrivals.clear()
    with site.client() as browser:
        browser.headers["Host"] = SITE.removeprefix("http://")
        login = {"username": USER, "password": stage.service.password, "cookies": True}
        browser.post("/login", json=login)
        answer = browser.get("/page?a=1", headers=HTML)
        if product.name == "envoy":  # it can redirect to the page, not show it
            assert (answer.status_code, answer.headers["Location"]) == (302, FORBIDDEN)
            answer = browser.get(FORBIDDEN, headers=HTML)
        assert answer.status_code == 403
        assert "You do not have access" in answer.text
        assert "sha256-" in answer.headers["Content-Security-Policy"]
        assert "no-store" in answer.headers["Cache-Control"]
        for method, headers in (("GET", {}), ("POST", HTML)):
            refused = browser.request(method, "/page", headers=headers)
            assert (refused.status_code, "Location" in refused.headers) == (403, False)
            assert "You do not have access" not in refused.text
        browser.cookies.clear()
        assert browser.get("/page", headers=HTML).status_code == 302
    assert stage.application.arrivals == []
