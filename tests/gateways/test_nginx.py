"""The verdict cache of nginx: what it costs when it is turned on, as README.md says."""

import pytest

from gateways.processes import DEADLINE_S
from gateways.processes import poll
from gateways.products import Gateway
from gateways.products import PRODUCTS
from gateways.stages import Stage
from gateways.stages import Stages

NGINX = [each for each in PRODUCTS if each.name == "nginx"]
INCLUDE = "#include /etc/nginx/snippets/quart-jwt-verdict-cache.conf"
TURNED_ON = {"#proxy_cache_path": "proxy_cache_path", INCLUDE: INCLUDE[1:]}
LASTS = "proxy_cache_valid 200 2s"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.parametrize("product", NGINX, indirect=True, ids=str),
]


def _caching(stages: Stages, stage: Stage, seconds: int) -> Gateway:
    lasting = {LASTS: f"proxy_cache_valid 200 {seconds}s"}
    return stages.changed(stage, {**TURNED_ON, **lasting})


def test_kept_verdict_outlives_its_session(stages: Stages, stage: Stage) -> None:
    """A yes is given again without asking, for the same request only; a no never."""
    gateway = _caching(stages, stage, 2 * DEADLINE_S)
    with stage.signed_in() as client, gateway.client() as kept:
        kept.headers["Authorization"] = client.headers["Authorization"]
        assert kept.get("/page").status_code == 200
        assert client.post("/logout").status_code == 200
        assert kept.get("/page").status_code == 200
        assert kept.post("/page").status_code == 401
        assert kept.get("/another").status_code == 401
    with stage.signed_in() as client, gateway.client() as kept:
        assert kept.get("/page").status_code == 401
        kept.headers["Authorization"] = client.headers["Authorization"]
        assert kept.get("/page").status_code == 200


def test_kept_verdict_is_no_other_methods(stages: Stages, stage: Stage) -> None:
    """A cookie that may read does not write by the verdict about reading."""
    gateway = _caching(stages, stage, 2 * DEADLINE_S)
    with stage.signed_in(cookies=True) as client, gateway.client() as kept:
        kept.cookies = client.cookies
        assert kept.get("/page").status_code == 200
        assert kept.post("/page").status_code == 403
        csrf = {"X-CSRF-TOKEN": client.cookies["csrf_access_token"]}
        assert kept.post("/page", headers=csrf).status_code == 200
        assert kept.post("/page").status_code == 403


def test_kept_verdict_runs_out(stages: Stages, stage: Stage) -> None:
    """After its time the service is asked again, and says no."""
    gateway = _caching(stages, stage, 1)
    with stage.signed_in() as client, gateway.client() as kept:
        kept.headers["Authorization"] = client.headers["Authorization"]
        assert kept.get("/page").status_code == 200
        client.post("/logout")
        poll(lambda: kept.get("/page").status_code == 401)
