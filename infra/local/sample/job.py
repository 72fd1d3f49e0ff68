"""Run the sample job: generate one picture, over HTTP like any client."""

import itertools
import threading
from pathlib import Path
from typing import Any
from urllib.parse import quote

from infra.local.errors import LocalSystemError
from infra.local.sample.client import Client, RefusedError, fetch
from infra.local.sample.progress_bar import ProgressBar

PICTURE = "first-picture.png"
_POLL_SECONDS = (0.3,) * 4
_LATER_POLL_SECONDS = 1.1
"""Each poll makes two requests: a user's rate limit refills by two per second."""

_BUCKET = "workspace-temp"
_LINK_SECONDS = 3600


class SampleError(LocalSystemError):
    """The sample job failed."""


def make_sample(
    prompt: str, base: str, token: str, folder: Path, stopped: threading.Event
) -> tuple[Path, str]:
    """Queue a job for a picture, wait for it and download the picture.

    Args:
        prompt: the prompt.
        base: the base URL of the API.
        token: the user's token.
        folder: where the picture is saved.
        stopped: ends the wait when it is set.

    Returns:
        The picture's file and its signed URL.

    Raises:
        SampleError: the job failed; holds the job's error message.
    """
    client = Client(base, token, stopped)
    try:
        job = _queue(client, prompt)
        _wait(client, job, stopped)
        address = _signed_address(client, base, job)
        path = folder / PICTURE
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(fetch("GET", address))
    except (RefusedError, OSError) as error:
        raise SampleError(f"The sample was not made: {error}") from error
    return path, address


def _queue(client: Client, prompt: str) -> str:
    metadata = {"prompt": prompt, "num_images": 1}
    response = client.post(
        "/functions/v1/queue-job", {"jobType": "sdxl_image_fast", "metadata": metadata}
    )
    return str(response["job"]["id"])


def _wait(client: Client, job: str, stopped: threading.Event) -> None:
    bar = ProgressBar()
    for pause in itertools.chain(_POLL_SECONDS, itertools.repeat(_LATER_POLL_SECONDS)):
        if stopped.wait(pause):
            break
        row = _first(client.get(f"/rest/v1/jobs?id=eq.{job}&select=status,error_message"))
        if row.get("status") == "completed":
            bar.draw(1.0, "done")
            bar.end()
            return
        if row.get("status") in ("failed", "cancelled"):
            bar.end()
            raise SampleError(f"The sample job {row['status']}: {row.get('error_message')}")
        path = f"/rest/v1/job_progress?job_id=eq.{job}&select=progress,step,steps"
        bar.draw(*_describe_progress(str(row.get("status")), _first(client.get(path))))
    raise SampleError("Stopped before the sample was finished.")


def _describe_progress(status: str, progress: dict[str, Any]) -> tuple[float, str]:
    """Return the job's progress, 0 to 1, and a description of it."""
    if progress.get("steps"):
        return float(progress["progress"] or 0), f"step {progress['step']} of {progress['steps']}"
    return float(progress.get("progress") or 0), status


def _signed_address(client: Client, base: str, job: str) -> str:
    rows = client.get(f"/rest/v1/workspace_assets?job_id=eq.{job}&select=id,temp_storage_path")
    path = _first(rows).get("temp_storage_path")
    if not path:
        raise SampleError("The sample job completed without an asset.")
    response = client.post(
        f"/storage/v1/object/sign/{_BUCKET}/{quote(path)}", {"expiresIn": _LINK_SECONDS}
    )
    return f"{base}/storage/v1{response['signedURL']}"


def _first(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return rows[0] if rows else {}
