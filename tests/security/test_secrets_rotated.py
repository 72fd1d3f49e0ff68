"""Rotation of secrets under load, as in docs/operations/rotate-secrets.md; none is logged."""

import asyncio
import itertools
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import httpx
import jwt
import pytest

from infra.local.config import tokens
from shared.auth import authenticators
from shared.errors import UnauthenticatedError
from shared.services import Services
from tests.integration.storage.uploads import own, send
from tests.security.key_server import KeyServer
from tests.security.requests import call_with
from tests.security.tally import Tally
from tests.support.http import web
from tests.support.local_system import LocalSystem, UserClient, wait_until
from tests.support.second_gateway import SecondGateway

OLD_JWT, NEW_JWT, OLD_URL, NEW_URL = (secrets.token_hex(32) for _ in range(4))
ROUNDS = 4


class Issuer:
    """Signs user tokens with its current secret."""

    def __init__(self) -> None:
        self.secret = OLD_JWT

    def person(self, system: LocalSystem) -> UserClient:
        user = UserClient(system)
        claims = jwt.decode(user.token, options={"verify_signature": False})
        user.token = jwt.encode(claims, self.secret, algorithm="HS256")
        return user


class Load:
    """Users who upload, sign and download without pause, at the given gateways."""

    def __init__(self, issuer: Issuer, tally: Tally) -> None:
        self.revisions: list[SecondGateway] = []
        self.rounds = 0
        self.addresses: list[str] = []
        """Signed URLs, oldest first; each is fetched again and again."""
        self._issuer, self._tally = issuer, tally
        self._turn = itertools.count()
        self._broken: list[BaseException] = []

    @contextmanager
    def running(self) -> Iterator[None]:
        over = threading.Event()

        def go_on() -> None:
            while not over.is_set():
                try:
                    self._round()
                except BaseException as error:  # noqa: BLE001 - reported at the end
                    self._broken.append(error)
                    return

        threads = [threading.Thread(target=go_on) for _ in range(2)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            over.set()
            for thread in threads:
                thread.join()
        assert not self._broken, self._broken

    def goes_on(self) -> None:
        """Wait for some more rounds."""
        enough = self.rounds + ROUNDS
        wait_until(lambda: self.rounds >= enough or bool(self._broken), what="some rounds")

    def _any(self) -> SecondGateway:
        return self.revisions[next(self._turn) % len(self.revisions)]

    def _round(self) -> None:
        person = self._issuer.person(self._any())
        self._good("upload", send(person, own(person)))
        person.base = self._any().base
        signed = web.post(
            f"{person.base}/storage/v1/object/sign/{own(person)}",
            json={"expiresIn": 600},
            headers={"authorization": f"Bearer {person.token}"},
        )
        self._good("sign", signed)
        self.addresses.append(signed.json()["signedURL"])
        for address in (self.addresses[0], self.addresses[-1]):
            self._good("fetch", fetched(self._any(), address))
        self.rounds += 1

    def _good(self, what: str, answer: httpx.Response) -> None:
        self._tally.answered(what, answer, may={200, 302})


STEPS = [
    (OLD_JWT, OLD_URL),
    (f"{NEW_JWT} {OLD_JWT}", f"{OLD_URL} {NEW_URL}"),
    (f"{NEW_JWT} {OLD_JWT}", f"{NEW_URL} {OLD_URL}"),
    (NEW_JWT, NEW_URL),
]
"""JWT_SECRET and URL_TOKEN_SECRET at each step. The issuer changes its own secret after the second;
the last follows once everything signed with the old ones has expired.
"""


@pytest.fixture(scope="module")
def revisions(bare: LocalSystem) -> Iterator[list[SecondGateway]]:
    """A gateway for each step."""
    steps = [SecondGateway(bare, JWT_SECRET=user, URL_TOKEN_SECRET=url) for user, url in STEPS]
    yield [step.up() for step in steps]
    for step in steps:
        step.end()


def test_the_functions_secrets_are_changed_under_load(
    revisions: list[SecondGateway], tally: Tally
) -> None:
    issuer = Issuer()
    load = Load(issuer, tally)
    load.revisions = revisions[:1]
    with load.running():
        old_token = issuer.person(revisions[0]).token
        load.goes_on()
        for step in (1, 2):
            load.revisions = revisions[step - 1 : step + 1]  # both run for a while
            load.goes_on()
            load.revisions = revisions[step : step + 1]
            load.goes_on()
            issuer.secret = NEW_JWT
    last = revisions[-1]
    assert fetched(last, load.addresses[-1]).status_code == 302
    tally.answered("an old secret's address", fetched(last, load.addresses[0]), may={401})
    by_old = {"authorization": f"Bearer {old_token}"}
    refused = web.get(f"{last.base}/rest/v1/jobs", headers=by_old)
    tally.answered("an old secret's token", refused, may={401})
    proofs = [address.partition("token=")[2] for address in load.addresses]
    for logged in (revision.said() for revision in revisions):
        assert '"answered"' in logged
        for secret in (OLD_JWT, NEW_JWT, OLD_URL, NEW_URL, old_token, *proofs):
            tally.refused("a secret in a log", is_refused=secret not in logged)


async def test_an_issuers_keys_are_changed_under_load(bare: LocalSystem, tally: Tally) -> None:
    issuer, now = KeyServer(), [time.time()]
    settings = bare.settings(jwt_secret=None, jwt_algorithm="ES256", jwt_jwks_url=issuer.url)
    services = Services(settings, clock=lambda: now[0])
    issuer.add("old")
    signs_by = "old"

    async def is_known(kid: str) -> bool:
        try:
            await authenticators.require_user(call_with(_token(issuer, kid)), services)
        except UnauthenticatedError:
            return False
        return True

    async def goes_on() -> None:
        for known in await asyncio.gather(*(is_known(signs_by) for _ in range(30))):
            tally.refused(f"a good token is refused: {signs_by}", is_refused=known)

    await goes_on()
    issuer.add("new")
    now[0] += 31
    assert not await is_known("unknown")
    now[0] += 31
    signs_by = "new"
    await goes_on()
    assert await is_known("old"), "what the old key signed still holds"
    del issuer.keys["old"]
    now[0] += 601
    issuer.is_away = True
    await goes_on()
    issuer.is_away = False
    now[0] += 31
    await goes_on()
    tally.refused("a withdrawn key's token", is_refused=not await is_known("old"))
    issuer.close()
    await services.close()


def fetched(system: LocalSystem, address: str) -> httpx.Response:
    """Fetch a signed URL without a token."""
    return web.get(f"{system.base}/storage/v1{address}")


def _token(issuer: KeyServer, kid: str) -> str:
    claims = jwt.decode(tokens.user_token(str(uuid4())), options={"verify_signature": False})
    key = issuer.private.get(kid, issuer.private["old"])
    return jwt.encode(claims, key, algorithm="ES256", headers={"kid": kid})
