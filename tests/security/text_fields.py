"""Requests with a given text in each text field."""

from collections.abc import Iterator
from uuid import uuid4

import httpx

from tests.support.local_system import LocalSystem, UserClient


def requests_with(person: UserClient, text: str) -> Iterator[tuple[str, str, object]]:
    """Yield the method, path and body of a request for each field."""
    functions = "/functions/v1"
    job = {"jobType": "sdxl_image_fast", "metadata": {"prompt": "a boat"}}
    for name in ("prompt", "negative_prompt", "enhanced_prompt", "session_name", "other"):
        body = {**job, "metadata": {"prompt": "a boat", name: text}}
        yield "POST", f"{functions}/queue-job", body
    yield "POST", f"{functions}/queue-job", {**job, "referenceImageUrl": f"https://{text}/x.png"}
    actions = [
        {"action": "create_collection", "name": text},
        {"action": "create_collection", "name": "x", "description": text},
        {"action": "update_library_asset", "libraryAssetId": str(uuid4()), "customTitle": text},
        {"action": "save_to_library", "assetId": str(uuid4()), "tags": [text]},
    ]
    for action in actions:
        yield "POST", f"{functions}/workspace-actions", action
    yield "POST", f"{functions}/playground-chat", {"message": text}
    yield "POST", f"{functions}/enhance-prompt", {"prompt": text}
    judged = {"original_prompt": "a boat", "enhanced_prompt": "a boat at sea"}
    for name in ("original_prompt", "enhanced_prompt"):
        body = {**judged, name: text, "test_cases": ["preserves_subject"]}
        yield "POST", f"{functions}/validate-enhancement-fix", body
    yield "POST", f"{functions}/validate-enhancement-fix", {**judged, "test_cases": [text]}
    image = {"prompt": text, "model_type": "sdxl", "quality": "fast"}
    yield "POST", f"{functions}/generate-admin-image", image
    session = {"user_id": person.id, "session_name": text}
    yield "POST", "/rest/v1/workspace_sessions", session
    arguments = {"p_user_id": person.id, "p_session_name": text}
    yield "POST", "/rest/v1/rpc/create_workspace_session", arguments
    yield "PATCH", f"/rest/v1/profiles?id=eq.{person.id}", {"username": text}
    listed = {"prefix": f"{person.id}/{text}", "search": text}
    yield "POST", "/storage/v1/object/list/workspace-temp", listed
    yield "POST", "/storage/v1/object/sign/workspace-temp", {"expiresIn": 60, "paths": [text]}


def make_profile(system: LocalSystem, person: UserClient) -> None:
    """Insert the row that a user's first job creates; without it, a new username updates no row."""
    system.rows("insert into profiles (id) values (%s) returning id", person.id)


def send(person: UserClient, method: str, path: str, body: object) -> httpx.Response:
    """Send one of these requests as a user."""
    headers = {"authorization": f"Bearer {person.token}"}
    with httpx.Client(timeout=120, trust_env=False) as client:
        return client.request(method, f"{person.base}{path}", json=body, headers=headers)


def field_names(body: object) -> Iterator[str]:
    """Yield the names of the fields that were sent, for the report."""
    if isinstance(body, dict):
        for key, value in body.items():
            yield key
            yield from field_names(value)
