"""A table that a migration creates while the functions run."""

from collections.abc import AsyncIterator, Iterator

import pytest

from functions.rest.errors import RestError
from functions.rest.schema import cache
from functions.rest.schema.catalog import Catalogue
from shared.auth.authenticators import User
from shared.services import Services
from tests.support.local_system import LocalSystem, UserClient

_MADE = ("trial_later", "trial_latest")


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def services(bare: LocalSystem, clock: Clock) -> AsyncIterator[Services]:
    services = Services(bare.settings(), clock=clock)
    yield services
    await services.close()


@pytest.fixture
def making(bare: LocalSystem) -> Iterator[LocalSystem]:
    """The system; the tables are dropped afterwards."""
    yield bare
    with bare.database() as connection:
        connection.execute(f"drop table if exists {', '.join(_MADE)}".encode())


def _make(system: LocalSystem, name: str) -> None:
    with system.database() as connection:
        connection.execute(f"create table {name} (id integer)".encode())
        connection.execute(f"grant select on {name} to authenticated".encode())


async def test_an_unknown_name_is_looked_for_again_but_not_all_the_time(
    making: LocalSystem, person: UserClient, services: Services, clock: Clock
) -> None:
    user = User(services.new_id(), {"sub": person.id, "role": "authenticated"})

    async def looked_for(name: str) -> str:
        def plan(catalogue: Catalogue) -> str:
            return catalogue.table(name).name

        try:
            return await cache.plan_with_schema(plan, user, services)
        except RestError as error:
            return error.error_code

    assert await looked_for("profiles") == "profiles"
    _make(making, "trial_later")
    assert await looked_for("trial_later") == "trial_later"
    _make(making, "trial_latest")
    assert await looked_for("trial_latest") == "PGRST205"
    clock.now += 10
    assert await looked_for("trial_latest") == "trial_latest"
