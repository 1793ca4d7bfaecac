"""
The schema of the SQL store, revision by revision (Alembic).

A revision only adds what code without it can ignore: a table, an index, a column that
may be NULL. So an upgrade happens first, while old workers serve, and new workers
come after it. What is no longer used is dropped one release later. Revisions go
forward only; the way back is the backup.
"""
