"""``quart-jwt serve --workers``, but the workers serve the application of a test."""

import asyncio
import os
import sys

from quart_jwt.service.ground.errors import ServiceError
from quart_jwt.service.serving.keeper import become_keeper
from quart_jwt.service.serving.server_config import make_config
from quart_jwt.service.serving.server_config import read_values
from quart_jwt.service.serving.workers import prepared_job
from quart_jwt.service.settings.settings import read_settings


def main() -> None:
    """Keep two workers until told to stop; exit as the command does."""
    settings = read_settings(os.environ)
    settings.storage.prepare()
    config = make_config(read_values(None), ["127.0.0.1:0"])
    preparing = prepared_job(
        settings,
        config,
        count=2,
        banner=lambda address, _demo: f"serving on {address}",
        silent_after_s=5,
        application="service.paced_app:app",
    )
    try:
        become_keeper(asyncio.run(preparing))
    except ServiceError as error:
        sys.exit(f"Error: {error}")


if __name__ == "__main__":
    main()
