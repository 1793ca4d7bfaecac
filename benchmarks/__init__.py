"""
The benchmark: what a protected request costs, ours and our peers' side by side.

``make bench`` runs everything, ``make bench-quick`` the ratios. One run measures
all contenders in alternating rounds on one machine, the server pinned to one core
and the load to another. Only ratios within one run mean anything; the absolute
figures are those of one machine on one day.

The packages of the peers live in an environment of their own and are imported by
``benchmarks.apps`` and ``benchmarks.micro`` alone.
"""
