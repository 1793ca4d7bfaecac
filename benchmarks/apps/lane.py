# mypy: ignore-errors
# Why: what the peers stand on is not installed where types are checked.
"""Our ASGI lane before a Quart application."""

from benchmarks.apps.ours import make_app
from quart_jwt.extension.gateway.forward_auth import ForwardAuth

app, jwt = make_app()
app.asgi_app = ForwardAuth(jwt, path="/auth/verify").wrap(app.asgi_app)
