"""What the gateway protects: it knows nothing of tokens and believes one header."""

from quart import Quart
from quart import request
from quart import Response

app: Quart = Quart(__name__)


@app.get("/report")
async def report() -> Response:
    """Say who asks, as the gateway says it."""
    return Response(f"a report for {request.headers['X-Auth-Subject']}\n")
