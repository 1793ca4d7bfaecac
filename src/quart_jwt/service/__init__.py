"""
Ring 4: the runnable service, built from the public API of the rings below.

One login, refresh and logout over SQLite. What a request means stands in
``routes``; everything a route needs is one ``Service`` value, made by
``create_app`` from ``Settings``. Nothing in the library imports this package,
and only this package needs the extra ``quart-jwt[service]``.
"""
