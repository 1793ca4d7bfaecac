"""A gateway that is not installed is said aloud."""

import pytest

import required
from gateways.products import Product

MISSING = Product(
    name="no-such-gateway", arguments=(), listens=("", ""), signs_in={}, requires={}
)


def test_missing_gateway_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it may be missing, its tests say so."""
    monkeypatch.delenv(required.REQUIRED, raising=False)

    with pytest.raises(pytest.skip.Exception, match="no-such-gateway is not installed"):
        MISSING.program()


def test_required_gateway_may_not_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing may be missing, its tests fail."""
    monkeypatch.setenv(required.REQUIRED, "1")

    with pytest.raises(pytest.fail.Exception, match="no-such-gateway is not installed"):
        MISSING.program()
