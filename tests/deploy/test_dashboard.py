"""The dashboard and the alert rules ask for what the service has, and no more."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from clock import Clock
from deploy.fleet import need
from deploy.test_deploy import _run as run
from extension.asgi import asgi_call
from quart_jwt.service.app import create_app
from quart_jwt.service.observability.durations import Durations
from quart_jwt.service.settings.settings import Settings
from quart_jwt.service.settings.storage import Storage
from service.kit import bearer
from service.kit import http_scope
from service.kit import NAME
from service.kit import QUICK
from service.kit import SECRET
from service.kit import Service
from service.observability.scrape import Scrape
from service.observability.scrape import scrape
from source_tree import ROOT

DASHBOARD = ROOT / "deploy" / "grafana" / "quart-jwt.json"
PROMETHEUS = ROOT / "deploy" / "prometheus"
RULES = PROMETHEUS / "quart-jwt.rules.yml"
FROM_PROMETHEUS = {"instance", "job", "le"}
"""Labels that a scrape adds, and a histogram's own."""

_METRIC = re.compile(r"\b(quart_jwt_\w+|up)\b")
_SELECTOR = re.compile(r"(\w+)\{([^}]*)\}")
_MATCHER = re.compile(r'(\w+)\s*(=~|!=|=)\s*"([^"]*)"')
_GROUPING = re.compile(r"\bby \(([^)]*)\)")


def _panels() -> list[dict[str, Any]]:
    panels = json.loads(DASHBOARD.read_text("utf-8"))["panels"]
    return [panel for panel in panels if panel["type"] != "row"]


def _rules() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load(RULES.read_text("utf-8"))["groups"]
    rules: list[dict[str, Any]] = group["rules"]
    return rules


def _expressions() -> list[Any]:
    """Give every expression with the name of what asks it."""
    asked = [
        (panel["title"], target["expr"])
        for panel in _panels()
        for target in panel["targets"]
    ]
    asked += [(rule["alert"], rule["expr"]) for rule in _rules()]
    return [
        pytest.param(expr, id=f"{name}-{at}") for at, (name, expr) in enumerate(asked)
    ]


@pytest.fixture(name="lived", scope="module")
def _lived(tmp_path_factory: pytest.TempPathFactory) -> Scrape:
    return asyncio.run(_life(tmp_path_factory.mktemp("state")))


async def _life(state: Path) -> Scrape:
    """Give the metrics of a service in which a bit of everything has happened."""
    url = f"sqlite+aiosqlite:///{state}/test.db"
    storage = Storage(mode="production", state_dir=state, database_url=url)
    settings = Settings(storage=storage, secret_key=SECRET, hash_cost=QUICK)
    clock = Clock()
    app = create_app(settings, clock)
    async with app.test_app():
        service = Service(app=app, client=app.test_client(), clock=clock)
        await service.add()
        tokens = await service.log_in()
        await _go_wrong(service)
        await service.status("POST", "/refresh", tokens["refresh_token"])
        clock.advance(11)
        await service.status("POST", "/refresh", tokens["refresh_token"])
        page = await service.client.get(
            "/metrics", scope_base={"client": ("127.0.0.1", 1)}
        )
        return scrape((await page.get_data()).decode())


async def _go_wrong(service: Service) -> None:
    login = {"username": NAME, "password": "wrong"}
    await service.client.post("/login", json=login)
    headers = [
        (name.lower().encode(), value.encode())
        for name, value in bearer("x.y.z").items()
    ]
    await asgi_call(service.app.asgi_app, http_scope("/auth/verify", headers=headers))
    passwords, places = service.resources.passwords, []
    for _ in range(passwords.load().limit):
        places.append(passwords.reserve())  # noqa: PERF401 - each takes one more
    await service.client.post("/login", json=login)
    for place in places:
        place.__exit__()
    service.resources.metrics.store_failed("sessions", "ping")
    # The access log of a served application measures requests; this one has no server.
    Durations(service.resources.metrics).observe("/login", 200, 0.1)


@pytest.mark.parametrize("expression", _expressions())
def test_an_expression_asks_for_what_there_is(lived: Scrape, expression: str) -> None:
    """Every metric, every label and every label's value is one that the service has."""
    found: dict[str, list[dict[str, str]]] = {"up": [{"job": "quart-jwt"}]}
    for name, pairs in lived.samples:
        found.setdefault(name, []).append(dict(pairs))
    names = _METRIC.findall(expression)
    assert names
    assert [name for name in names if name not in found] == []
    labels = {label for name in names for one in found[name] for label in one}
    groupings = _GROUPING.findall(expression)
    asked = {label.strip() for grouping in groupings for label in grouping.split(",")}
    assert asked <= labels | FROM_PROMETHEUS
    for name, matchers in _SELECTOR.findall(expression):
        for label, operator, value in _MATCHER.findall(matchers):
            if value == "$instance" or operator == "!=":
                continue
            assert operator == "="
            assert value in {one.get(label) for one in found[name]}, (name, label)


def test_every_metric_is_on_the_dashboard(lived: Scrape) -> None:
    """Nothing is measured that nobody sees."""
    asked = {
        re.sub("_(bucket|count|sum)$", "", name)
        for panel in _panels()
        for target in panel["targets"]
        for name in _METRIC.findall(target["expr"])
    }
    served = {re.sub("_(bucket|count|sum)$", "", name) for name, _ in lived.series}
    assert asked == served


def test_the_dashboard_is_laid_out() -> None:
    """Ids are unique, no panel lies on another, and each has its source by name."""
    dashboard = json.loads(DASHBOARD.read_text("utf-8"))
    panels = dashboard["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    cells = [
        (x, y)
        for panel in panels
        for x in range(
            panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"]
        )
        for y in range(
            panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"]
        )
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24
    assert {panel["datasource"]["uid"] for panel in _panels()} == {"${datasource}"}
    variables = {one["name"] for one in dashboard["templating"]["list"]}
    used = set(re.findall(r"\$\{?([a-z]\w*)", json.dumps(panels)))
    assert used <= variables


def test_every_alert_says_what_it_means() -> None:
    """A sentence with the service's name in it, and how urgent it is."""
    for rule in _rules():
        assert rule["alert"].startswith("QuartJwt")
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert "{{ $labels.instance }}" in rule["annotations"]["summary"]


@pytest.mark.parametrize(
    ("what", "path"), [("rules", RULES), ("config", PROMETHEUS / "prometheus.yml")]
)
def test_prometheus_takes_the_samples(what: str, path: Path) -> None:
    """Its own checker finds nothing."""
    run(need("promtool"), "check", what, path)
