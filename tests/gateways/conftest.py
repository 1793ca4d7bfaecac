"""Fixtures of the gateways' tests."""

from collections.abc import Iterator

import pytest

from gateways.products import Product
from gateways.products import PRODUCTS
from gateways.stages import Stage
from gateways.stages import Stages
from gateways.stages import ToldStage


@pytest.fixture(name="stages", scope="session")
def _stages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stages]:
    with Stages(tmp_path_factory.mktemp("gateways")) as stages:
        yield stages


@pytest.fixture(name="product", params=PRODUCTS, ids=str)
def _product(request: pytest.FixtureRequest) -> Product:
    product: Product = request.param
    product.program()
    return product


@pytest.fixture(name="stage")
def _stage(stages: Stages, product: Product) -> Stage:
    """A gateway, our service and the application, which nothing has reached yet."""
    stage = stages.of(product)
    stage.application.arrivals.clear()
    return stage


@pytest.fixture(name="told_stage")
def _told_stage(stages: Stages, product: Product) -> ToldStage:
    """The same with a service that answers as it is told."""
    stage = stages.told_of(product)
    stage.application.arrivals.clear()
    return stage
