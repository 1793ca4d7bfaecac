import pytest

from quart_jwt.service.serving.exposure import exposed


@pytest.mark.parametrize(
    "bind",
    [
        "127.0.0.1:8000",
        "127.8.9.1:0",
        "127.0.0.1",
        "[::1]:8000",
        "::1:8000",
        "localhost:8000",
        "unix:/run/x.sock",
        "fd://3",
    ],
)
def test_this_machine_alone(bind: str) -> None:
    """Loopback and socket files are for this machine."""
    assert exposed([bind]) == []


@pytest.mark.parametrize(
    "bind",
    [
        "0.0.0.0:8000",
        "0.0.0.0",  # noqa: S104 - never bound
        ":8000",
        "[::]:8000",
        ":::8000",
        "192.0.2.1:80",
        "128.0.0.1:80",
        "www.example.com:80",
        "localhost.example.com:80",
    ],
)
def test_other_machines_too(bind: str) -> None:
    """Everything else, a name included, can be reached from elsewhere."""
    assert exposed(["127.0.0.1:1", bind]) == [bind]
