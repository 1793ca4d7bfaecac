"""
What a browser may do with a page of ours: load what is ours, and nothing else.
"""

from quart import Response

POLICY = (  # Content Security Policy Level 3
    "default-src 'none'; connect-src 'self'; img-src 'self'; script-src 'self'; "
    "style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",  # for browsers that do not know frame-ancestors
}


async def protect(response: Response) -> Response:
    """Let a page load nothing from elsewhere, and be framed by nobody."""
    response.headers.update(HEADERS)
    return response
