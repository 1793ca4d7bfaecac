"""Flask-JWT-Extended's ``config``: the current app's settings by property name."""

from typing import cast

from werkzeug.local import LocalProxy

from quart_jwt.extension.request.current import current_settings
from quart_jwt.extension.settings.settings import Settings

config: Settings = cast("Settings", LocalProxy(current_settings))
"""Read-only; change ``app.config`` to change a setting."""
