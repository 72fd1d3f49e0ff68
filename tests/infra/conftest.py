"""One plan of each environment for each run; without terraform these tests are skipped."""

import pytest

from tests.infra import terraform
from tests.infra.terraform import ENVIRONMENTS, Resource, Terraform

_NO_REGISTRY = "Failed to query available provider packages"


@pytest.fixture(scope="session")
def configuration(tmp_path_factory: pytest.TempPathFactory) -> Terraform:
    """The initialised configuration."""
    program = terraform.program()
    if program is None:
        pytest.skip("not run: TERRAFORM names no terraform; `make infra-test` does")
    made = terraform.copy(program, tmp_path_factory.mktemp("terraform"))
    done = made.init()
    if _NO_REGISTRY in done.stderr:
        pytest.skip("not run: the provider's registry cannot be reached")
    assert done.returncode == 0, done.stderr
    return made


@pytest.fixture(scope="session")
def plans(configuration: Terraform) -> dict[str, list[Resource]]:
    """The planned resources of each environment."""
    return {name: configuration.plan(name) for name in ENVIRONMENTS}


@pytest.fixture(scope="session")
def plan(plans: dict[str, list[Resource]]) -> list[Resource]:
    """The planned resources of production."""
    return plans["production"]
