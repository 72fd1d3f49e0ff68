"""The Python ``supabase`` client, unmodified: the journey from sign-up to library."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from postgrest.types import CountMethod
from realtime.types import RealtimePostgresChangesListenEvent as ListenEvent
from supabase import AsyncClient, acreate_client
from supabase_functions.errors import FunctionsHttpError

from infra.local.config import tokens
from tests.support.http import web
from tests.support.images import RED
from tests.support.local_system import TIMEOUT_SECONDS, LocalSystem

PASSWORD = "correct horse battery"


@pytest.fixture
async def supabase(noop: LocalSystem) -> AsyncIterator[AsyncClient]:
    """A client whose user has just signed up."""
    client = await acreate_client(noop.base, tokens.anon_token())
    await client.auth.sign_up({"email": f"{uuid4()}@example.com", "password": PASSWORD})
    yield client
    await client.remove_all_channels()


async def _user_id(supabase: AsyncClient) -> str:
    session = await supabase.auth.get_session()
    assert session
    return str(session.user.id)


async def _queue(supabase: AsyncClient, **more: object) -> dict[str, Any]:
    body = {"jobType": "sdxl_image_fast", "metadata": {"prompt": "a red star on blue"}, **more}
    answer: Any = await supabase.functions.invoke(
        "queue-job", {"body": body, "responseType": "json"}
    )
    job: dict[str, Any] = answer["job"]
    return job


async def test_a_job_is_followed_kept_and_fetched(supabase: AsyncClient) -> None:
    received: asyncio.Queue[Any] = asyncio.Queue()
    listening = asyncio.Event()
    channel = supabase.channel("jobs").on_postgres_changes(
        ListenEvent.All,
        callback=lambda change: received.put_nowait(change["data"]),
        schema="public",
        table="jobs",
    )
    await channel.subscribe(lambda status, _: listening.set() if status == "SUBSCRIBED" else None)
    async with asyncio.timeout(TIMEOUT_SECONDS):
        await listening.wait()
        job = await _queue(supabase)
        statuses = [(await received.get())["record"]["status"]]
        while statuses[-1] != "completed":
            statuses.append((await received.get())["record"]["status"])
    assert list(dict.fromkeys(statuses)) == ["queued", "processing", "completed"]

    assets = supabase.table("workspace_assets")
    asset: Any = (await assets.select("*").eq("job_id", job["id"]).single().execute()).data
    signed = await supabase.storage.from_("workspace-temp").create_signed_url(
        asset["temp_storage_path"], 60
    )
    picture = await asyncio.to_thread(web.get, str(signed["signedURL"]), follow_redirects=True)
    assert picture.headers["content-type"] == "image/png"

    body = {"action": "save_to_library", "assetId": asset["id"], "customTitle": "My star"}
    await supabase.functions.invoke("workspace-actions", {"body": body})
    library = supabase.table("user_library").select("custom_title", count=CountMethod.exact)
    kept = await library.eq("user_id", await _user_id(supabase)).execute()
    assert (kept.count, kept.data) == (1, [{"custom_title": "My star"}])


async def test_a_reference_is_uploaded_and_used(supabase: AsyncClient) -> None:
    bucket = supabase.storage.from_("workspace-temp")
    folder = f"{await _user_id(supabase)}/references"
    await bucket.upload(f"{folder}/red.png", RED, {"content-type": "image/png"})
    assert [one["name"] for one in await bucket.list(folder)] == ["red.png"]
    await _queue(supabase, referenceImageUrl=f"{folder}/red.png")
    removed = await bucket.remove([f"{folder}/red.png"])
    assert [one["name"] for one in removed] == [f"{folder}/red.png"]


async def test_the_deprecated_procedures_and_a_refusal(supabase: AsyncClient) -> None:
    user_id = await _user_id(supabase)
    made = await supabase.rpc("create_workspace_session", {"p_user_id": user_id}).execute()
    arguments = {"p_session_id": made.data, "p_user_id": user_id}
    assert (await supabase.rpc("clear_workspace_session", arguments).execute()).data is True
    with pytest.raises(FunctionsHttpError, match="Unknown job type"):
        await _queue(supabase, jobType="nothing")
