"""
Logging in with a name and a password: throttled, audited and counted in one place, for
``/login`` and for the sign-in page.
"""

from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager

from quart import request
from quart import Response

from quart_jwt import TokenPair
from quart_jwt.service.accounts.names import normalised_name
from quart_jwt.service.accounts.passwords import check_password
from quart_jwt.service.ground.errors import CredentialsError
from quart_jwt.service.ground.events import happened
from quart_jwt.service.ground.events import Kind
from quart_jwt.service.resources import current_resources
from quart_jwt.service.throttling.digests import Door
from quart_jwt.service.web.admission import new_session


async def log_in(
    username: str, password: str, answer: Callable[[TokenPair], Response]
) -> Response:
    """
    Start a session for a user and return the response that hands its tokens out.

    Args:
        username: The name, as it was typed.
        password: The password.
        answer: Makes the response; if it fails, the sign-in is not audited.

    Raises:
        ServiceError: The name or the password is refused, or there were too many
            attempts.
    """
    resources = current_resources()
    issued_at = resources.clock()
    name = normalised_name(username)
    check_password(password)  # a malformed password is not a failed attempt
    async with resources.throttle.attempt(
        Door.SIGN_IN,
        name=resources.users.throttle_name(name),
        address=request.remote_addr,
    ):
        with _refusals_told():
            user = await resources.users.directory.authenticate(name, password)
    with _refusals_told():
        pair = await new_session(user, issued_at=issued_at)
    response = answer(pair)
    happened(Kind.SIGNED_IN, subject=user.name, session_id=pair.session_id)
    return response


@contextmanager
def _refusals_told() -> Iterator[None]:
    try:
        yield
    except CredentialsError as error:
        happened(Kind.SIGN_IN_REFUSED, subject=error.subject, reason=error.reason)
        raise
