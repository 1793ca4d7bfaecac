"""The samples under deploy/: read by their own tools, and true to hypercorn.toml."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from deploy.fleet import need
from quart_jwt.service.serving.limits import WorkerLimits
from quart_jwt.service.serving.server_config import DEFAULTS
from source_tree import ROOT

DEPLOY = ROOT / "deploy"
BIN = Path(sys.executable).parent
UNIT = DEPLOY / "systemd" / "quart-jwt.service"
COMPOSE = DEPLOY / "docker" / "compose.yaml"
DOCKERFILE = DEPLOY / "docker" / "Dockerfile"
MANIFESTS = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
STOP_S = WorkerLimits(start_s=0, grace_s=DEFAULTS["graceful_timeout"], idle_s=0).stop_s
"""What a stop can take, with the grace time of the shipped hypercorn.toml."""


def _run(*command: str | Path) -> None:
    """Run a checker; it finds nothing."""
    done = subprocess.run(  # noqa: S603 - checkers of our own choice
        list(map(str, command)), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text("utf-8"))


def _unit() -> dict[str, str]:
    pairs = re.findall(r"^(\w+)=(.*)$", UNIT.read_text("utf-8"), re.MULTILINE)
    return dict(pairs)


def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    """With a program that exists on this machine in the place of ours."""
    unit = tmp_path / UNIT.name
    text = UNIT.read_text("utf-8")
    unit.write_text(text.replace("/opt/quart-jwt/bin/quart-jwt", "/bin/true"))
    _run(need("systemd-analyze"), "verify", unit)


def test_systemd_waits_for_a_clean_stop() -> None:
    """It signals the supervisor alone, and kills when even the last limit is over."""
    unit = _unit()
    assert unit["KillMode"] == "mixed"
    assert int(unit["TimeoutStopSec"]) > STOP_S
    assert unit["ExecReload"] == "/bin/kill -HUP $MAINPID"


def test_hadolint_takes_the_dockerfile() -> None:
    """Not one of its rules is switched off."""
    _run(BIN / "hadolint", "--failure-threshold", "style", DOCKERFILE)
    assert "hadolint" not in DOCKERFILE.read_text("utf-8")


def test_the_dockerfile_copies_what_there_is() -> None:
    """And the build context holds it."""
    ignored = (DEPLOY / "docker" / "Dockerfile.dockerignore").read_text("utf-8")
    copies = re.findall(
        r"^COPY (?!--from)(.+) \S+$", DOCKERFILE.read_text("utf-8"), re.MULTILINE
    )
    sources = [source for line in copies for source in line.split()]
    assert sources
    for source in sources:
        assert (ROOT / source).exists(), source
        assert f"!{source}\n" in ignored


def test_the_container_is_nobody() -> None:
    """The image, the pods and the volumes agree on the user."""
    assert "\nUSER 10001\n" in DOCKERFILE.read_text("utf-8")
    pod = _yaml(DEPLOY / "kubernetes" / "deployment.yaml")["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsUser"] == 10001
    assert pod["securityContext"]["runAsNonRoot"] is True


def test_compose_follows_its_specification() -> None:
    """The schema of the compose specification, as check-jsonschema carries it."""
    _run(BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", COMPOSE)


def test_compose_holds_no_secret_and_waits_for_a_clean_stop() -> None:
    """Secrets come from the shell, or there is no start."""
    services = _yaml(COMPOSE)["services"]
    ours = ("auth-1", "auth-2", "upgrade")
    assert set(services) == {"gateway", "database", "store", *ours}
    for name in ours:
        environment = services[name]["environment"]
        assert environment["QUART_JWT_SECRET_KEY"].startswith(
            "${QUART_JWT_SECRET_KEY:?"
        )
        assert "${POSTGRES_PASSWORD:?" in environment["QUART_JWT_DATABASE_URL"]
        assert int(services[name]["stop_grace_period"].rstrip("s")) > STOP_S


def test_images_are_pinned_to_a_release() -> None:
    """A start tomorrow is a start with the same programs."""
    pod = _yaml(DEPLOY / "kubernetes" / "deployment.yaml")["spec"]["template"]["spec"]
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE.read_text("utf-8"), re.MULTILINE)
    images = [
        *bases,
        *(service["image"] for service in _yaml(COMPOSE)["services"].values()),
        *(one["image"] for one in (*pod["initContainers"], *pod["containers"])),
    ]
    for image in images:
        name, _colon, tag = image.partition(":")
        release = r"\d+\.\d+" if name == "postgres" else r"\d+\.\d+\.\d+"
        assert re.fullmatch(rf"{release}(-[\w.-]+)?", tag), image


def test_nginx_takes_the_gateway_of_compose(tmp_path: Path) -> None:
    """With addresses that this machine can resolve."""
    nginx = need("nginx")
    text = (DEPLOY / "docker" / "nginx.conf").read_text("utf-8")
    path = tmp_path / "nginx.conf"
    path.write_text(re.sub(r"auth-(\d):8000", r"127.0.0.1:800\1", text))
    _run(nginx, "-t", "-q", "-p", tmp_path, "-e", tmp_path / "log", "-c", path)
    keep = re.findall(r"keepalive_timeout (\d+)s;", text)
    assert int(keep[0]) < DEFAULTS["keep_alive_timeout"]


@pytest.mark.parametrize(
    "path",
    [path for path in MANIFESTS if path.name != "kustomization.yaml"],
    ids=lambda path: path.name,
)
def test_kubernetes_takes_the_manifest(path: Path) -> None:
    """Every field is one of the API, and of the right type."""
    kubernetes_validate.validate(_yaml(path), "1.37", strict=True)


def test_kubernetes_waits_for_a_clean_stop() -> None:
    """The pod leaves the endpoints first, then it has the time that it needs."""
    pod = _yaml(DEPLOY / "kubernetes" / "deployment.yaml")["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    before_s = int(container["lifecycle"]["preStop"]["exec"]["command"][1])
    assert pod["terminationGracePeriodSeconds"] > before_s + STOP_S


def test_the_kustomization_names_every_manifest() -> None:
    """``kubectl apply -k`` leaves none out."""
    named = _yaml(DEPLOY / "kubernetes" / "kustomization.yaml")["resources"]
    there = {path.name for path in MANIFESTS} - {"kustomization.yaml"}
    assert there == set(named)


def test_every_sample_starts_workers() -> None:
    """With options that the command has."""
    container = _yaml(DEPLOY / "kubernetes" / "deployment.yaml")["spec"]["template"]
    arguments = container["spec"]["containers"][0]["args"]
    command = re.search(r"^CMD (\[.+\])$", DOCKERFILE.read_text("utf-8"), re.MULTILINE)
    assert command is not None
    assert yaml.safe_load(command[1]) == arguments
    assert _unit()["ExecStart"].split()[1:] == [
        *("serve", "--config", "/etc/quart-jwt/hypercorn.toml", "--workers", "2")
    ]


def test_the_sdist_has_the_samples() -> None:
    """Who installs from it finds them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    include = project["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
    assert "deploy" in include
