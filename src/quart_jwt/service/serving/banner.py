"""
What a start prints: the address and, in development, lines to copy and paste.

The lines are for any POSIX shell with curl or httpie, and sed.
"""

from quart_jwt.service.accounts.demo import DEMO_NAME
from quart_jwt.service.accounts.demo import DemoAccount
from quart_jwt.service.settings.storage import Mode

UNKNOWN_PASSWORD = "YOUR-PASSWORD"  # noqa: S105 - a blank to fill in
UNKNOWN_NAME = "YOUR-NAME"

_TAKE_TOKENS = """\
ACCESS=$(printf '%s' "$TOKENS" | sed 's/.*"access_token": *"\\([^"]*\\)".*/\\1/')
REFRESH=$(printf '%s' "$TOKENS" | sed 's/.*"refresh_token": *"\\([^"]*\\)".*/\\1/')
"""


def banner(*, address: str, mode: Mode, demo: DemoAccount, command: str) -> str:
    """
    Return the text of a start.

    Args:
        address: Where the service listens.
        mode: Only development shows lines to paste.
        demo: What is known about the demo account.
        command: How to call ``quart-jwt`` from here.
    """
    parts = [f"quart-jwt ({mode}) on {address}\n"]
    if mode == "development":
        parts.append(_account(demo, command))
    elif demo.users == 0 and not demo.elsewhere:
        parts.append(f"There are no users yet: {command} users add NAME\n")
    if mode == "development" and address.startswith("http"):
        name = DEMO_NAME if demo.exists else UNKNOWN_NAME
        password = demo.password or UNKNOWN_PASSWORD
        parts.append("# log in, protected, refresh: with curl\n")
        parts.append(curl_lines(address, name, password))
        parts.append("# the same with httpie\n")
        parts.append(httpie_lines(address, name, password))
    return "\n".join(parts)


def curl_lines(address: str, name: str, password: str) -> str:
    """Return the three steps for curl and sed."""
    return (
        f"TOKENS=$(curl -sS {address}/login -H 'Content-Type: application/json' \\\n"
        f'  -d \'{{"username": "{name}", "password": "{password}"}}\')\n'
        f"{_TAKE_TOKENS}"
        f'curl -sS {address}/protected -H "Authorization: Bearer $ACCESS"\n'
        f'curl -sS -X POST {address}/refresh -H "Authorization: Bearer $REFRESH"\n'
    )


def httpie_lines(address: str, name: str, password: str) -> str:
    """Return the three steps for httpie and sed."""
    return (
        f"TOKENS=$(http --ignore-stdin --body POST {address}/login \\\n"
        f"  username={name} password={password})\n"
        f"{_TAKE_TOKENS}"
        f'http --ignore-stdin GET {address}/protected "Authorization:Bearer $ACCESS"\n'
        f"http --ignore-stdin POST {address}/refresh"
        ' "Authorization:Bearer $REFRESH"\n'
    )


def _account(demo: DemoAccount, command: str) -> str:
    if demo.elsewhere:
        return "Sign in as a user of your user directory.\n"
    if demo.password is not None:
        return (
            f"Demo account, created just now. The password is not shown again.\n"
            f"  name      {DEMO_NAME}\n"
            f"  password  {demo.password}\n"
        )
    if demo.exists:
        return (
            f"The demo account's name is {DEMO_NAME}. To set a new password:\n"
            f"  {command} users set-password {DEMO_NAME}\n"
        )
    return f"Log in as one of your users, or add one: {command} users add NAME\n"
