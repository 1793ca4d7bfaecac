import pytest

from quart_jwt.service.accounts.demo import DemoAccount
from quart_jwt.service.serving.banner import banner
from quart_jwt.service.settings.storage import Mode

ADDRESS = "http://127.0.0.1:8000"


def _banner(mode: Mode, demo: DemoAccount, address: str = ADDRESS) -> str:
    return banner(address=address, mode=mode, demo=demo, command=".venv/bin/quart-jwt")


@pytest.mark.parametrize("mode", ["development", "production"])
def test_users_of_another_directory_are_not_added_here(mode: Mode) -> None:
    """Nobody is told to add users where none are looked for."""
    text = _banner(mode, DemoAccount(users=0, exists=False, elsewhere=True))
    assert "users add" not in text
    assert "demo" not in text


def test_the_first_start_shows_everything() -> None:
    """Address, name, password and the steps for both tools."""
    text = _banner("development", DemoAccount(users=1, exists=True, password="pw-1"))
    assert text.startswith(f"quart-jwt (development) on {ADDRESS}\n")
    assert text.count("pw-1") == 3
    assert "name      demo\n" in text
    for step in ("/login", "/protected", "/refresh"):
        assert text.count(f"{ADDRESS}{step}") == 2


def test_later_starts_show_no_password() -> None:
    """The steps have a blank, and the way to a new password is named."""
    text = _banner("development", DemoAccount(users=1, exists=True))
    assert ".venv/bin/quart-jwt users set-password demo\n" in text
    assert '{"username": "demo", "password": "YOUR-PASSWORD"}' in text


def test_without_a_demo_account_the_name_is_blank_too() -> None:
    """Whose users these are is not ours to guess."""
    text = _banner("development", DemoAccount(users=2, exists=False))
    assert "username=YOUR-NAME password=YOUR-PASSWORD" in text
    assert ".venv/bin/quart-jwt users add NAME\n" in text


def test_production_is_short() -> None:
    """The address, and how to add the first user if there is none."""
    assert f"quart-jwt (production) on {ADDRESS}\n" == _banner(
        "production", DemoAccount(users=1, exists=False)
    )
    text = _banner("production", DemoAccount(users=0, exists=False))
    assert "There are no users yet: .venv/bin/quart-jwt users add NAME\n" in text
    assert "curl" not in text


def test_a_unix_socket_has_no_lines_to_paste() -> None:
    """The lines are for an address that curl and httpie both take."""
    text = _banner(
        "development", DemoAccount(users=1, exists=True), address="unix:/run/x.sock"
    )
    assert "unix:/run/x.sock" in text
    assert "curl" not in text
