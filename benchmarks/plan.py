"""How long everything takes: the full run, and the quick one with the ratios."""

from dataclasses import dataclass
from dataclasses import replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """
    Durations and sizes of one run; all times are seconds.

    Attributes:
        laps: How often all servers are started afresh.
        rounds: Alternating rounds in a lap.
        slice_s: One contender's time in a round.
        warm_up_s: Load before the first round, not measured.
        connections: Connections of the load.
        distinct_tokens: Tokens in the file of tokens that come once.
        every_server: Whether uvicorn runs as well, with Hypercorn and Granian.
        wait_rounds: Rounds with a store that takes 20 ms.
        wait_slice_s: One contender's time in such a round.
        wait_connections: Connections in such a round.
        storm_rounds: Rounds of login storms; 0 leaves them out.
        storm_slice_s: A quiet phase, and the storm after it.
        revocations: Revocations of which each store's propagation is measured; 0
            leaves the session stores out.
        idle_connections: Connections that stay idle; 0 leaves that out.
        memory_tokens: Distinct tokens through one process; 0 leaves that out.
        micro_processes: Processes of pyperf for each figure; 0 leaves them out.
        micro_values: Values that each such process takes.
        added_rounds: Alternating rounds of whole requests in one process; 0 leaves
            them out.
        served_rounds: Alternating rounds of the service as it is served; 0 leaves them
            out.
        crowd_s: How long each crowd asks the service; 0 leaves crowds, and the service
            while idle, out.
        rows: The keys of the contenders to measure, such as ``warm@granian``; empty for
            all.
    """

    laps: int = 2
    rounds: int = 4
    slice_s: int = 3
    warm_up_s: int = 1
    connections: int = 32
    distinct_tokens: int = 200_000
    every_server: bool = True
    wait_rounds: int = 3
    wait_slice_s: int = 8
    wait_connections: int = 1_000
    storm_rounds: int = 3
    storm_slice_s: int = 10
    revocations: int = 500
    idle_connections: int = 10_000
    memory_tokens: int = 1_000_000
    micro_processes: int = 8
    micro_values: int = 3
    added_rounds: int = 400
    served_rounds: int = 5
    crowd_s: int = 20
    rows: tuple[str, ...] = ()


FULL = Plan()

QUICK = Plan(
    laps=1,
    rounds=3,
    slice_s=1,
    distinct_tokens=60_000,
    every_server=False,
    wait_rounds=1,
    wait_slice_s=3,
    storm_rounds=0,
    revocations=0,
    idle_connections=0,
    memory_tokens=0,
    micro_processes=2,
    micro_values=2,
    added_rounds=20,
    served_rounds=1,
    crowd_s=0,
)

SMOKE = replace(
    FULL,
    laps=1,
    rounds=1,
    slice_s=1,
    distinct_tokens=20_000,
    wait_rounds=1,
    wait_slice_s=2,
    wait_connections=100,
    storm_rounds=1,
    storm_slice_s=2,
    revocations=20,
    idle_connections=500,
    memory_tokens=20_000,
    micro_processes=1,
    micro_values=1,
    added_rounds=3,
    served_rounds=1,
    crowd_s=2,
)
"""Whether everything starts and answers; its figures mean nothing."""
