"""Reference images at external URLs: fetched once, safely, and stored only if complete."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from functions.queue_job import references
from infra.local.config import environment
from infra.local.database.server import url
from infra.local.database.setup import functions_url
from shared.auth.authenticators import User
from shared.clients.safe_fetch import SafeFetcher
from shared.contracts.jobs import QueueJobRequest
from shared.errors import InvalidRequestError
from shared.services import Services
from shared.settings import Settings
from shared.storage import paths
from tests.support.external_site import HOST, ExternalSite
from tests.support.images import RED, picture
from tests.support.local_system import LocalSystem
from tests.support.malicious_images import jpeg_with_scans


@pytest.fixture
async def outside(
    bare: LocalSystem, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Services, ExternalSite]]:
    """The functions' services beside the running system, on a network with an external site."""
    parts = environment.LocalSystem(bare.data, bare.port, bare.ports())
    env = environment.functions_env(parts, functions_url(url(bare.ports()["postgres"])))
    own = {name: env[name.upper()] for name in Settings.model_fields if name.upper() in env}
    services, site = (
        _Outside(Settings.model_validate(own)),
        ExternalSite(tmp_path_factory.mktemp("site")),
    )
    services.outside = site.guard()
    yield services, site
    await services.close()
    site.close()


class _Outside(Services):
    outside: SafeFetcher

    @property
    def safe_fetcher(self) -> SafeFetcher:
        return self.outside


async def test_a_foreign_picture_is_fetched_once_and_stored(
    bare: LocalSystem, outside: tuple[Services, ExternalSite]
) -> None:
    services, site = outside
    site.content = picture("green")
    user, job_id = User(uuid4(), {}), uuid4()
    request = QueueJobRequest(
        job_type="sdxl_image_fast", start_reference_image_url=f"https://{HOST}/picture"
    )
    assert await references.store(request, user, job_id, services) == ["start"]
    path = paths.reference(user.id, job_id, "start")
    assert len(site.requested) == 1
    assert f"workspace-temp/{path}" in bare.objects()

    await references.delete(["start"], user, job_id, services)
    assert f"workspace-temp/{path}" not in bare.objects()


async def test_a_fetched_picture_has_the_limits_of_an_upload(
    bare: LocalSystem, outside: tuple[Services, ExternalSite]
) -> None:
    services, site = outside
    site.content = jpeg_with_scans(64, 101)
    user, before = User(uuid4(), {}), bare.objects()
    request = QueueJobRequest(
        job_type="sdxl_image_fast", reference_image_url=f"https://{HOST}/picture"
    )
    with pytest.raises(InvalidRequestError, match="more than 100 scans"):
        await references.store(request, user, uuid4(), services)
    assert bare.objects() == before


async def test_an_object_is_written_once(outside: tuple[Services, ExternalSite]) -> None:
    services, _ = outside
    place = (services.settings.workspace_bucket, f"{uuid4()}/once.png")
    await services.storage.upload_once(*place, RED, "image/png")
    await services.storage.upload_once(*place, RED, "image/png")
    with pytest.raises(ValueError, match="another object"):
        await services.storage.upload_once(*place, b"others", "image/png")
    assert await services.storage.read(*place, max_bytes=10_000) == RED
    stored = await services.storage.get_metadata(*place)
    assert stored is not None
    assert stored.content_type == "image/png"


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("picture", "not a complete PNG"),
        ("large", "larger than 10485760 bytes"),
        ("missing", "the response is not a picture"),
        ("redirect?to=https://169.254.169.254/", "its host name is invalid"),
    ],
)
async def test_a_foreign_url_without_a_valid_picture_stores_nothing(
    bare: LocalSystem, outside: tuple[Services, ExternalSite], address: str, why: str
) -> None:
    services, _ = outside
    user, before = User(uuid4(), {}), bare.objects()
    request = QueueJobRequest(
        job_type="sdxl_image_fast", end_reference_image_url=f"https://{HOST}/{address}"
    )
    with pytest.raises(InvalidRequestError, match=why) as raised:
        await references.store(request, user, uuid4(), services)
    assert raised.value.details[0]["field"] == "endReferenceImageUrl"
    assert bare.objects() == before
