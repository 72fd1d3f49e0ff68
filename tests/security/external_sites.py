"""Requests that reach an external site, and the host names they resolve."""

from collections.abc import Sequence
from ipaddress import ip_address

from shared.clients.public_addresses import Address
from shared.clients.safe_fetch import SafeFetcher
from shared.errors import InvalidRequestError
from tests.support.external_site import HOST, ExternalSite

BASE = f"https://{HOST}"


class Names:
    """A resolver that returns its answers in turn, and records the names."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.requested: list[str] = []

    async def __call__(self, host: str) -> Sequence[Address]:
        self.requested.append(host)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [ip_address(answer)]


async def refusal(site: ExternalSite, url: str, guard: SafeFetcher | None = None) -> str | None:
    """Return the error message that refuses an address, or None where it is accepted."""
    try:
        await (guard or site.guard()).fetch_image(url)
    except InvalidRequestError as problem:
        return problem.message
    return None
