"""Services close what they opened."""

from functools import cached_property

from shared.services import Services
from shared.settings import Settings

CLOSED = {"idempotency_listener", "event_listener", "pictures", "http", "chat_client"}


class Closable:
    def __init__(self) -> None:
        self.is_closed = False

    async def close(self) -> None:
        self.is_closed = True

    aclose = close


async def test_every_client_with_a_connection_is_closed() -> None:
    services = Services(
        Settings.model_validate({"database_url": "x", "jwt_issuer": "y", "jwt_secret": "s" * 32})
    )
    lazy = {name for name, value in vars(Services).items() if isinstance(value, cached_property)}
    opened = {name: Closable() for name in lazy}
    services.__dict__.update(opened)
    await services.close()
    assert {name for name, client in opened.items() if client.is_closed} == CLOSED
