"""The first request of each function, as its callers send it."""

import json
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple
from uuid import uuid4

from infra.local.config import keys, tokens
from infra.local.config.environment import OIDC_ISSUER, SCHEDULER_EMAIL
from infra.local.tasks_emulator.oidc import TokenSigner
from shared.contracts import webhook_signature

_KEY_ID = "demo"
_USER = "11111111-2222-4333-8444-555555555555"
_REGISTRATION = {"worker_url": "http://127.0.0.1:9", "worker_id": "bench"}


class Opener(NamedTuple):
    """A request."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


def openers(settings: Mapping[str, str]) -> dict[str, Callable[[], Opener]]:
    """Return a factory of a new request for each function. A function without one is an error."""
    user, admin = tokens.user_token(_USER), tokens.user_token(_USER, is_admin=True)
    return {
        "queue-job": lambda: _posted(user, picture()),
        "job-callback": lambda: _signed(_claim()),
        "workspace-actions": lambda: _posted(
            user, {"action": "discard_asset", "assetId": str(uuid4())}
        ),
        "job-events": lambda: _posted(user, {}),
        "update-worker-url": lambda: _signed({"worker_type": "sdxl", **_REGISTRATION}),
        "register-chat-worker": lambda: _signed(_REGISTRATION),
        "sweep-jobs": lambda: _posted(_scheduler(settings), {}),
        "rest": lambda: _got(user, "/jobs?select=id&limit=1"),
        "storage": lambda: _posted(
            user, {"expiresIn": 60}, f"/object/sign/workspace-temp/{_USER}/none.png"
        ),
        "get-active-worker-url": lambda: _posted(user, {"worker_type": "sdxl"}),
        "generate-admin-image": lambda: _posted(
            user, {"prompt": "a star", "model_type": "sdxl", "quality": "fast"}
        ),
        "system-metrics": lambda: _posted(admin, {}),
        "enhance-prompt": lambda: _posted(user, {"prompt": "a big red star"}),
        "validate-enhancement-fix": lambda: _posted(user, _CASE),
        "playground-chat": lambda: _posted(user, {"message": "Hello."}),
    }


def bare() -> Opener:
    """Return the request for both baselines."""
    return _posted(tokens.user_token(_USER), picture())


def picture() -> dict[str, object]:
    """Return the body of a request for a picture."""
    return {"jobType": "sdxl_image_fast", "metadata": {"prompt": "a big red star"}}


_CASE = {
    "original_prompt": "a red star",
    "enhanced_prompt": "a red star in soft light",
    "test_cases": ["preserves_subject"],
}


def _claim() -> dict[str, object]:
    ids = {name: str(uuid4()) for name in ("jobId", "claimId")}
    return {**ids, "userId": _USER, "status": "processing", "dispatchNo": 1}


def _scheduler(settings: Mapping[str, str]) -> str:
    signer = TokenSigner(keys.oidc_key().read_bytes(), OIDC_ISSUER)
    return signer.token(SCHEDULER_EMAIL, settings["SCHEDULER_AUDIENCE"])


def _posted(token: str, body: object, path: str = "/") -> Opener:
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    return Opener("POST", path, headers, json.dumps(body).encode())


def _got(token: str, path: str) -> Opener:
    return Opener("GET", path, {"authorization": f"Bearer {token}"}, b"")


def _signed(body: object) -> Opener:
    content = json.dumps(body).encode()
    signature = webhook_signature.sign(
        keys.worker_key(_KEY_ID),
        worker_id=_KEY_ID,
        message_id=f"msg_{uuid4().hex}",
        timestamp=int(time.time()),
        body=content,
    )
    return Opener("POST", "/", {"content-type": "application/json", **signature}, content)
