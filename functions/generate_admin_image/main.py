"""POST /generate-admin-image: create a priority job and wait for its image."""

from urllib.parse import urljoin

from pydantic import TypeAdapter

from functions.generate_admin_image import admin_job
from shared import safety
from shared.auth import url_tokens
from shared.auth.authenticators import User, require_admin
from shared.contracts.admin import GenerateAdminImageRequest, GenerateAdminImageResponse
from shared.http import Accepted, HttpRequest, endpoint, read_json
from shared.services import Services
from shared.telemetry.logs import bind

_REQUEST = TypeAdapter(GenerateAdminImageRequest)
_URL_SECONDS = 24 * 3600


async def generate_admin_image(
    call: HttpRequest, user: User, services: Services
) -> GenerateAdminImageResponse | Accepted:
    """Create a job without charging credits, wait for it and return a signed URL of its image.

    The URL is valid for 24 hours. If the job takes longer than the server waits, the response is
    202 with the job's id and an empty ``image_url``; the job continues.
    """
    request = await read_json(call, _REQUEST)
    async with safety.recording_refusals(user.id, services):
        safety.check_prompt(request.prompt, field="prompt")
    job_id = await admin_job.create_admin_job(call, request, user, services)
    bind(job_id=str(job_id))
    path = await admin_job.wait_for_image(job_id, user, services)
    if path is None:
        return Accepted(GenerateAdminImageResponse(image_url="", job_id=job_id))
    signed = url_tokens.signed_path("workspace-temp", path, _URL_SECONDS, services)
    url = urljoin(services.settings.functions_url or "", f"/storage/v1{signed}")
    return GenerateAdminImageResponse(image_url=url, job_id=job_id)


main = endpoint(generate_admin_image, authenticate=require_admin, rate=None)
