"""``kubectl``, as far as ``deploy/kubernetes`` needs it: pods are processes."""

import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from deploy.machine import COMMAND
from deploy.machine import hypercorn_toml
from deploy.machine import is_ready
from deploy.machine import new_address
from deploy.machine import Process
from deploy.machine import typed
from source_tree import ROOT

MANIFESTS = ROOT / "deploy" / "kubernetes"


class Pod:
    """
    One pod: its init containers one after another, then its container.

    Args:
        spec: What the deployment says of it.
        secrets: What each secret holds.
        folder: Its volumes.
    """

    def __init__(
        self, spec: Any, secrets: Mapping[str, Mapping[str, str]], folder: Path
    ) -> None:
        self.address = new_address()
        self._secrets = secrets
        self._folder = folder
        (self._container,) = spec["containers"]
        self._grace_s = spec["terminationGracePeriodSeconds"]
        self.initial = [self._process(one) for one in spec["initContainers"]]
        self.main = self._process(self._container)

    def start(self) -> None:
        """Start the first init container."""
        self.initial[0].start()

    def run(self) -> None:
        """Start the container after the init containers."""
        for process in self.initial:
            process.start()
            assert process.completed() == 0, process.output
        self.main.start()

    def is_ready(self) -> bool:
        """Whether its readiness probe passes."""
        probe = self._container["readinessProbe"]["httpGet"]
        (port,) = self._container["ports"]
        assert probe["port"] == port["name"]
        return is_ready(f"{self.address}:{port['containerPort']}", probe["path"])

    def stop(self) -> None:
        """End it as a node does, within its grace period."""
        assert self.main.stop(signal.SIGTERM, self._grace_s) == 0, self.main.output

    def _process(self, container: Any) -> Process:
        folder = self._folder / container["name"]
        folder.mkdir(parents=True)
        config = str(hypercorn_toml(folder, self.address))
        environ = {"PATH": os.environ["PATH"]}
        for source in container["envFrom"]:
            environ |= self._secrets[source["secretRef"]["name"]]
        for one in container.get("env", []):
            environ[one["name"]] = one["value"]
        environ["QUART_JWT_STATE_DIR"] = str(folder)
        words = [
            config if "hypercorn.toml" in word else word for word in container["args"]
        ]
        words = [word.replace("0.0.0.0", self.address) for word in words]  # noqa: S104 - it is replaced
        return Process([*COMMAND, *words], environ, folder)


class Cluster:
    """
    What ``kubectl`` changes.

    Args:
        folder: Where the volumes of pods are, each pod's own.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made = 0
        self.secrets: dict[str, dict[str, str]] = {}
        self.pods: list[Pod] = []

    def create_secret(self, name: str, literals: Mapping[str, str]) -> None:
        """``kubectl create secret generic``."""
        self.secrets[name] = dict(literals)

    def apply(self) -> None:
        """``kubectl apply -k``: pods start together."""
        manifests = yaml.safe_load((MANIFESTS / "kustomization.yaml").read_text())
        for path in manifests["resources"]:
            manifest = yaml.safe_load((MANIFESTS / path).read_text("utf-8"))
            if manifest["kind"] == "Deployment" and not self.pods:
                self._deploy(manifest["spec"])

    def rollout_status(self) -> None:
        """``kubectl rollout status``: wait until every pod is ready."""
        for pod in self.pods:
            pod.main.until(pod.is_ready)

    def exec(self, command: list[str], password: str) -> tuple[int, str]:
        """``kubectl exec -it``, in the first pod."""
        main = self.pods[0].main
        assert command[0] == "quart-jwt"
        return typed([*COMMAND, *command[1:]], main.environ, main.folder, password)

    def scale_to_none(self) -> None:
        """Stop every pod; its volumes are gone, too."""
        for pod in self.pods:
            pod.stop()
        self.pods.clear()

    def _deploy(self, spec: Any) -> None:
        for _replica in range(spec["replicas"]):
            self._made += 1
            folder = self._folder / f"pod-{self._made}"
            self.pods.append(Pod(spec["template"]["spec"], self.secrets, folder))
        for pod in self.pods:
            pod.start()
        for pod in self.pods:
            pod.run()

    def kill(self) -> None:
        """Leave no process behind."""
        for pod in self.pods:
            for process in (*pod.initial, pod.main):
                process.kill()
