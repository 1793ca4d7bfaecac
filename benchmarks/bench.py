"""What one run has: its plan, its cores, its secret and tokens, its notes."""

import contextlib
import secrets
import sys
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path
from typing import Any

from benchmarks import answers
from benchmarks import load
from benchmarks.contenders import Contender
from benchmarks.machine import Cores
from benchmarks.plan import Plan
from benchmarks.progress import Progress
from benchmarks.servers import ROOT
from benchmarks.servers import Running
from benchmarks.servers import serving
from benchmarks.tokens import mint
from benchmarks.tokens import TokenFile

Sample = dict[str, float]
"""The figures of one contender in one round; the names have their units."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """
    One run.

    Attributes:
        plan: How long everything takes.
        cores: Who runs where.
        progress: Says what is going on.
        folder: A temporary folder for logs, tokens and databases.
        secret: The key of all contenders.
        warm: A file with one token.
        fresh: A file with many.
        bad: A file for each kind of token that is refused.
        notes: What went wrong, or was left out.
    """

    plan: Plan
    cores: Cores
    progress: Progress
    folder: Path
    secret: str
    warm: TokenFile
    fresh: TokenFile
    bad: Mapping[str, Path] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        """Remember something that readers have to know, and say it."""
        # Servers print paths; where this checkout lies is nobody's business.
        text = text.replace(str(ROOT), ".").replace(sys.prefix, "VENV")
        self.notes.append(text)
        self.progress.say(f"NOTE {text}")

    @contextlib.contextmanager
    def serving(self, server: str, app: str, *, lap: int = 0) -> Iterator[Running]:
        """Run a server; each lap has another seed of string hashes."""
        env = {
            "BENCH_SECRET": self.secret,
            "BENCH_FOLDER": str(self.folder),
            "PYTHONHASHSEED": str(lap),
        }
        log = self.folder / f"{server}-{app}.log"
        with serving(server, app, core=self.cores.server, env=env, log=log) as running:
            yield running

    def check(self, contender: Contender, running: Running) -> None:
        """Raise ServerError unless the contender's answers are right."""
        answers.check(contender, running, self.warm.first)

    def measure(
        self,
        contender: Contender,
        running: Running,
        *,
        seconds: int,
        connections: int,
        used: int = 0,
    ) -> Sample:
        """
        Put a contender under load once.

        Args:
            contender: Who.
            running: Its server.
            seconds: How long.
            connections: How many connections.
            used: Tokens of the large file that this server has seen.

        Raises:
            LoadError: wrk failed.
        """
        tokens = self.fresh if contender.every_token_new else self.warm
        return self.loaded(
            running,
            contender.path,
            tokens=self.bad.get(contender.refused, tokens.path),
            offset=tokens.offset(used) if not contender.refused else 0,
            refused=bool(contender.refused),
            seconds=seconds,
            connections=connections,
        )

    def loaded(
        self, running: Running, path: str, *, tokens: Path, **more: Any
    ) -> Sample:
        """
        Put a server under load once.

        Args:
            running: The server.
            path: What is asked for.
            tokens: A file of tokens, one a line.
            more: What ``load.Load`` takes: connections, seconds, offset, refused.

        Raises:
            LoadError: wrk failed.
        """
        wanted = load.Load(
            url=running.url(path), tokens=tokens, core=self.cores.load, **more
        )
        before_s = running.cpu_s()
        counted = load.run(wanted)
        cpu_s = running.cpu_s() - before_s
        return {
            "requests": counted.requests,
            "requests_per_s": counted.requests / counted.seconds,
            "p50_ms": counted.p50_ms,
            "p99_ms": counted.p99_ms,
            "cpu_us": cpu_s / counted.requests * 1e6,
            "busy": cpu_s / counted.seconds,
            "failed": counted.failed,
        }


def make_bench(plan: Plan, *, cores: Cores, progress: Progress, folder: Path) -> Bench:
    """Make a run: its secret and its tokens are new."""
    secret = secrets.token_hex(32)
    progress.say(f"minting {plan.distinct_tokens:,} tokens")
    warm = TokenFile(folder / "warm.txt", secret=secret, count=1)
    (expired,) = mint(secret, 1, now=0)
    bad = {kind: folder / f"{kind}.txt" for kind in answers.bad_tokens("", "")}
    for kind, token in answers.bad_tokens(warm.first, expired).items():
        bad[kind].write_text(token + "\n", "ascii")
    return Bench(
        plan=plan,
        cores=cores,
        progress=progress,
        folder=folder,
        secret=secret,
        warm=warm,
        bad=bad,
        fresh=TokenFile(
            folder / "fresh.txt", secret=secret, count=plan.distinct_tokens
        ),
    )


def describe(label: str, sample: Sample) -> str:
    """One round of one contender in a line."""
    failed = f", {sample['failed']:,.0f} FAILED" if sample["failed"] else ""
    return (
        f"{label}: {sample['requests_per_s']:,.0f} requests/s, "
        f"p50 {sample['p50_ms']:.2f} ms, p99 {sample['p99_ms']:.2f} ms, "
        f"CPU {sample['cpu_us']:.0f} µs{failed}"
    )
