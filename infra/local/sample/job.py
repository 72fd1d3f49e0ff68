"""The first picture: one job, made as any client would make it, over HTTP alone."""

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
"""Two requests at a time: what a user may ask for fills up by two a second."""

_BUCKET = "workspace-temp"
_LINK_SECONDS = 3600


class SampleError(LocalSystemError):
    """The sample was not made."""


def make_sample(
    prompt: str, base: str, token: str, folder: Path, stopped: threading.Event
) -> tuple[Path, str]:
    """Queue a picture, wait for it and fetch it: its file, and its signed address.

    Raises:
        SampleError: with the job's own error message, where it failed.
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
    answer = client.post(
        "/functions/v1/queue-job", {"jobType": "sdxl_image_fast", "metadata": metadata}
    )
    return str(answer["job"]["id"])


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
    raise SampleError("The sample was not waited for.")


def _describe_progress(status: str, progress: dict[str, Any]) -> tuple[float, str]:
    """How far the job is, and in words."""
    if progress.get("steps"):
        return float(progress["progress"] or 0), f"step {progress['step']} of {progress['steps']}"
    return float(progress.get("progress") or 0), status


def _signed_address(client: Client, base: str, job: str) -> str:
    rows = client.get(f"/rest/v1/workspace_assets?job_id=eq.{job}&select=id,temp_storage_path")
    path = _first(rows).get("temp_storage_path")
    if not path:
        raise SampleError("The sample job completed without an asset.")
    answer = client.post(
        f"/storage/v1/object/sign/{_BUCKET}/{quote(path)}", {"expiresIn": _LINK_SECONDS}
    )
    return f"{base}/storage/v1{answer['signedURL']}"


def _first(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return rows[0] if rows else {}
