"""
Ring 4: the runnable service, built from the public API of the rings below.

``app`` puts it together. What an operator wants is in ``settings``, who may log in in
``accounts``, what signs in ``keys``, what a request means in ``web``, how it is
served in ``serving``, what is seen of it in ``observability``. Nothing in the library
imports this package, and only this package needs the extra ``quart-jwt[service]``.
"""
