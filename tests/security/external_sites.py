"""What is asked of a stranger's site, and by which names."""

from collections.abc import Sequence
from ipaddress import ip_address

from shared.clients.public_addresses import Address
from shared.clients.safe_fetch import SafeFetcher
from shared.errors import InvalidRequestError
from tests.support.external_site import HOST, ExternalSite

BASE = f"https://{HOST}"


class Names:
    """A resolver that answers in turn, and is counted."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.requested: list[str] = []

    async def __call__(self, host: str) -> Sequence[Address]:
        self.requested.append(host)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [ip_address(answer)]


async def refusal(site: ExternalSite, url: str, guard: SafeFetcher | None = None) -> str | None:
    """The sentence with which an address is refused; None where it is let through."""
    try:
        await (guard or site.guard()).fetch_image(url)
    except InvalidRequestError as problem:
        return problem.message
    return None
