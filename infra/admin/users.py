"""Export and erase one user's data."""

import asyncio
import io
import json
import zipfile
from pathlib import Path
from uuid import UUID

from shared.db.queries import credit_ledger, job_transitions, safety_decisions, user_data
from shared.services import Services

_MAX_BYTES = 1 << 30
_REASON = "Cancelled because the user's data was erased."


async def export(services: Services, user_id: UUID, to: Path | None) -> str:
    """Write a zip of all rows and files of a user and return its location.

    Args:
        services: the services to read with.
        user_id: the user.
        to: the file to write; None for the workspace bucket, which deletes it after some days.
    """
    async with services.database.transaction() as connection:
        rows = await user_data.read(connection, user_id)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.json", json.dumps(rows, default=str, indent=2, ensure_ascii=False))
        for bucket, path in await _files(services, user_id):
            data = await services.storage.read(bucket, path, max_bytes=_MAX_BYTES)
            if data is not None:
                archive.writestr(f"files/{bucket}/{path}", data)
    if to is not None:
        await asyncio.to_thread(to.write_bytes, content.getvalue())
        return str(to)
    bucket, path = services.settings.workspace_bucket, f"{user_id}/export-{services.new_id()}.zip"
    await services.storage.upload_once(bucket, path, content.getvalue(), "application/zip")
    return f"gs://{bucket}/{path}"


async def erase(services: Services, user_id: UUID) -> dict[str, int]:
    """Cancel a user's jobs, then delete their rows and files. Safe to repeat.

    The rows are deleted first, so that no row refers to a deleted file.

    Returns:
        How many jobs, rows and files.
    """
    async with services.database.transaction() as connection:
        cancelled = 0
        for job_id in await user_data.open_jobs(connection, user_id):
            cancelled += (
                await job_transitions.cancel(connection, job_id, reason=_REASON) is not None
            )
        rows = await user_data.erase(connection, user_id)
    files = await _files(services, user_id)
    for bucket, path in files:
        await services.storage.delete(bucket, path)
    return {"jobs_cancelled": cancelled, **rows, "files": len(files)}


async def _files(services: Services, user_id: UUID) -> list[tuple[str, str]]:
    """Return the bucket and path of all objects of a user."""
    buckets = (services.settings.workspace_bucket, services.settings.library_bucket)
    return [
        (bucket, path)
        for bucket in buckets
        for path in await services.storage.list_paths(bucket, f"{user_id}/")
    ]


async def confirm_age(services: Services, user_id: UUID, *, is_withdrawn: bool) -> str:
    """Record or withdraw a user's age confirmation; create their profile if they have none.

    Returns:
        A message for the operator.
    """
    async with services.database.transaction() as connection:
        await credit_ledger.grant(connection, user_id, amount=services.settings.starting_credits)
        await safety_decisions.confirm_age(connection, user_id, is_confirmed=not is_withdrawn)
    return f"The age of {user_id} is {'not ' if is_withdrawn else ''}confirmed."
