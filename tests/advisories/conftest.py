"""Fixtures of the advisories: an app for each kind of key."""

import pytest

import key_material
from advisories.door import Door


@pytest.fixture(name="door")
def _door() -> Door:
    return Door()


def _paired(algorithm: str) -> Door:
    return Door(
        JWT_ALGORITHM=algorithm,
        JWT_PRIVATE_KEY=key_material.private_pem(algorithm),
        JWT_PUBLIC_KEY=key_material.public_pem(algorithm),
    )


@pytest.fixture(name="rsa_door", params=["RS256", "PS256"])
def _rsa_door(request: pytest.FixtureRequest) -> Door:
    return _paired(request.param)


@pytest.fixture(name="ec_door", params=["ES256", "ES384", "ES512"])
def _ec_door(request: pytest.FixtureRequest) -> Door:
    return _paired(request.param)


@pytest.fixture(name="paired_door", params=["RS256", "ES256", "EdDSA"])
def _paired_door(request: pytest.FixtureRequest) -> Door:
    return _paired(request.param)
