"""The steps of ``deploy/kubernetes``: performed twice, and after a shutdown."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.cluster import Cluster
from deploy.cluster import MANIFESTS
from deploy.machine import PASSWORD
from deploy.machine import refresh
from deploy.machine import sign_in
from deploy.machine import steps_of
from deploy.machine import words_of
from real_servers import postgresql
from real_servers import redis
from service.kit import SECRET

pytestmark = pytest.mark.slow

STEPS = steps_of(MANIFESTS / "kustomization.yaml")
SECRET_STEP = ["kubectl", "create", "secret", "generic", "quart-jwt"]
EXEC = "kubectl exec -it deployment/quart-jwt -c quart-jwt -- "


@pytest.fixture(name="values", scope="module")
def _values() -> Iterator[dict[str, str]]:
    with postgresql() as database, redis() as store:
        database.create("kubernetes")
        plain = database.url("kubernetes").replace("postgresql+asyncpg", "postgresql")
        yield {
            "QUART_JWT_SECRET_KEY": SECRET,
            "QUART_JWT_DATABASE_URL": plain,
            "QUART_JWT_STORE_URL": store.url,
        }


@pytest.fixture(name="cluster")
def _cluster(tmp_path: Path) -> Iterator[Cluster]:
    cluster = Cluster(tmp_path)
    try:
        yield cluster
    finally:
        cluster.kill()


def _perform(cluster: Cluster, step: str, values: dict[str, str]) -> tuple[int, str]:
    words = words_of(step)
    if words[:5] == SECRET_STEP:
        names = [word.removeprefix("--from-literal=") for word in words[5:]]
        assert all(name.endswith("=...") for name in names)
        literals = {name.removesuffix("=..."): "" for name in names}
        cluster.create_secret(words[4], {name: values[name] for name in literals})
    elif words == ["kubectl", "apply", "-k", "deploy/kubernetes"]:
        cluster.apply()
    elif words == ["kubectl", "rollout", "status", "deployment/quart-jwt"]:
        cluster.rollout_status()
    else:
        assert step.startswith(EXEC)
        return cluster.exec(words_of(step.removeprefix(EXEC)), PASSWORD)
    return 0, ""


def test_the_sample_serves_a_first_user(
    cluster: Cluster, values: dict[str, str]
) -> None:
    """Two pods upgrade one empty database at once; new pods find what was kept."""
    for step in STEPS:
        status, shown = _perform(cluster, step, values)
        assert status == 0, shown
    assert "added alice" in shown
    first, second = (f"http://{pod.address}:8000" for pod in cluster.pods)
    token = refresh(second, sign_in(first))

    for step in STEPS[1:-1]:
        _perform(cluster, step, values)
    status, shown = _perform(cluster, STEPS[-1], values)
    assert (status, "there is a user named 'alice' already" in shown) == (1, True)
    token = refresh(first, token)

    cluster.scale_to_none()
    for step in STEPS[1:-1]:
        _perform(cluster, step, values)
    first, second = (f"http://{pod.address}:8000" for pod in cluster.pods)
    refresh(first, token)
    sign_in(second)
