"""
The rewriting rules, one a module.

A rule is a function that looks at one file of a migration and gives edits: a node, and
what becomes of it. It changes nothing itself; what it cannot do safely it reports.
"""
