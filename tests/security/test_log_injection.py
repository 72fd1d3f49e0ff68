"""Log injection: whatever a request contains, each log line is one that the system wrote."""

import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.security.running_jobs import signed_callback
from tests.security.tally import Corpora, Tally
from tests.support.http import web
from tests.support.local_system import TIMEOUT_SECONDS, LocalSystem, UserClient, wait_until
from tests.support.scripted_worker import ScriptedWorker

_BREAKS = ["\n", "\r\n", "\r", "\u2028", "\u2029", "\x85", "\x0b", "\x0c", "%0a", "%0d%0a", "\\n"]
_FORGED = [
    '{"severity": "CRITICAL", "message": "FORGED"}',
    "ERROR:    FORGED",
    "\x1b[2J\x1b[31mFORGED",
    '", "message": "FORGED", "x": "',
    "FORGED\x00",
    "\u202eDEGROF FORGED",
    "${jndi:ldap://127.0.0.1/FORGED}",
    "%s%s%n FORGED",
    "{0.__class__} FORGED",
]
_MARK = "FORGED"
_ESCAPES = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\x85\u2028\u2029\u202e]")


def _payloads(chance: Random, count: int) -> Iterator[str]:
    for _ in range(count):
        yield "x" + chance.choice(_BREAKS) + chance.choice(_FORGED)


def _header(text: str) -> str:
    """Return the characters of a text that a header can hold."""
    return re.sub(r"[\x00-\x1f\x7f]", "", text).strip()


def _sent(person: UserClient, worker: ScriptedWorker, text: str) -> Iterator[dict[str, Any]]:
    """Yield requests with the text in every place that takes one."""
    token = {"authorization": f"Bearer {person.token}"}
    head = _header(text).encode()
    functions, rest, storage = "/functions/v1", "/rest/v1", "/storage/v1/object"
    job = {"jobType": text, "metadata": {"prompt": text, "session_name": text, text: text}}
    for body in (
        job,
        {**job, "jobType": "sdxl_image_fast", "referenceImageUrl": f"https://{text}"},
    ):
        yield {"url": f"{functions}/queue-job", "json": body, "headers": token}
    for name in ("traceparent", "x-request-id", "user-agent", "idempotency-key", "x-client-info"):
        raw = {b"authorization": b"Bearer " + person.token.encode(), name.encode(): head}
        yield {"url": f"{functions}/workspace-actions", "json": {}, "headers": raw}
    yield {"url": f"{functions}/queue-job", "headers": {b"authorization": b"Bearer " + head}}
    yield {"url": f"{functions}/{text}", "headers": token}
    yield {"url": f"{functions}/workspace-actions", "json": {"action": text}, "headers": token}
    message = {"message": text, "model_type": "qwen_instruct"}
    yield {"url": f"{functions}/playground-chat", "json": message, "headers": token}
    yield {"url": f"{functions}/enhance-prompt", "json": {"prompt": text}, "headers": token}
    yield {"url": f"{functions}/job-events", "params": {"ticket": text}, "method": "GET"}
    yield {"url": f"{rest}/{text}", "method": "GET", "headers": token}
    yield {"url": f"{rest}/jobs", "params": {text: f"eq.{text}"}, "method": "GET", "headers": token}
    yield {"url": f"{rest}/rpc/{text}", "json": {text: text}, "headers": token}
    yield {"url": f"{storage}/workspace-temp/{person.id}/{text}", "content": b"x", "headers": token}
    yield {"url": f"{storage}/sign/{text}/x", "json": {"expiresIn": text}, "headers": token}
    body = {"worker_type": "sdxl", "worker_url": text, "worker_id": "demo", "models": [text]}
    for callback in (
        signed_callback(body, worker.key),
        signed_callback({"jobId": text, "errorMessage": text}, worker.key),
        signed_callback(
            body, worker.key, worker_id=_header(text).encode("ascii", "ignore").decode() or "x"
        ),
    ):
        headers = {"content-type": "application/json", **callback.headers}
        url = f"{functions}/update-worker-url"
        yield {"url": url, "content": callback.body, "headers": headers}


def _lines(path: Path, start: int) -> list[str]:
    """Return the lines written since ``start``, split at line feeds only, as a collector does."""
    with path.open("rb") as log:
        log.seek(start)
        return log.read().decode(errors="replace").split("\n")


def test_no_text_of_a_request_writes_a_line(
    bare: LocalSystem,
    person: UserClient,
    hand_worker: ScriptedWorker,
    corpora: Corpora,
    tally: Tally,
) -> None:
    logs = [path for path in (bare.data / "logs").iterdir() if path.suffix == ".log"]
    sizes = {log: log.stat().st_size for log in logs}
    chance = corpora.chance("log")
    for text in _payloads(chance, corpora.size(60, short=6)):
        for payload in _sent(person, hand_worker, text):
            url = f"{bare.base}{payload.pop('url')}"
            try:
                answer = web.request(payload.pop("method", "POST"), url, **payload)
            except (UnicodeError, ValueError):
                continue
            except Exception as error:
                if type(error).__name__ in {"InvalidURL", "LocalProtocolError"}:
                    continue  # the client itself refuses to send it
                raise
            if (answer.status_code, url.rpartition("/")[2]) == (503, "playground-chat"):
                continue  # no chat worker is running
            tally.answered(f"{text!r} at {url}", answer, range(200, 500))
    _settle(bare, person)
    for log, size in sizes.items():
        for line in _lines(log, size):
            tally.refused(f"{log.name}: {line!r}"[:300], is_refused=_is_own(line))


def _settle(system: LocalSystem, person: UserClient) -> None:
    """Wait until the last request is logged."""
    log = system.data / "logs" / "gateway.log"
    before = log.stat().st_size
    person.rows("profiles")
    wait_until(lambda: log.stat().st_size > before, what="the last line")


def _is_own(line: str) -> bool:
    """Return whether a line is a JSON object, or a line of the server not begun by the text."""
    if _ESCAPES.search(line):
        return False
    if line.startswith("{"):
        record: dict[str, object] = json.loads(line)
        return record.get("message") != _MARK and record.get("severity") != "CRITICAL"
    return not line.lstrip().startswith((_MARK, f"ERROR:    {_MARK}"))


@pytest.mark.parametrize("line", ["GET /x\n{} HTTP/1.1", "GET /x HTTP/1.1\r\nx: y\n{}"])
def test_no_raw_request_writes_a_line(bare: LocalSystem, tally: Tally, line: str) -> None:
    """Sent over a raw socket, since no HTTP client would send it."""
    log = bare.data / "logs" / "gateway.log"
    size = log.stat().st_size
    for forged in _FORGED:
        raw = line.format(forged).encode() + b"\r\nhost: x\r\nconnection: close\r\n\r\n"
        with socket.create_connection(
            ("127.0.0.1", bare.port), timeout=TIMEOUT_SECONDS
        ) as connection:
            connection.sendall(raw)
            received = connection.recv(200)
        tally.refused(f"{received!r}", is_refused=b" 5" not in received[:14])
    assert web.get(f"{bare.base}/healthz").status_code == 200
    for written in _lines(log, size):
        tally.refused(f"{written!r}"[:300], is_refused=_is_own(written))


def test_no_prompt_or_token_is_in_a_log(
    bare: LocalSystem, person: UserClient, hand_worker: ScriptedWorker, tally: Tally
) -> None:
    secret = "an-unlikely-word-of-a-prompt"
    job_id = person.create_job(f"a boat, {secret}", session_name=f"session {secret}")
    hand_worker.finish(job_id)
    person.invoke("enhance-prompt", {"prompt": f"a boat, {secret}"})
    person.invoke("playground-chat", {"message": f"hello, {secret}"})
    person.invoke("queue-job", {"jobType": secret, "metadata": {"prompt": secret, "seed": secret}})
    person.get(f"/rest/v1/jobs?original_prompt=eq.{secret}")
    web.get(f"{bare.base}/functions/v1/job-events", params={"ticket": f"{secret}-ticket"})
    _settle(bare, person)
    for log in (bare.data / "logs").iterdir():
        text = log.read_text(errors="replace")
        for name, one in {"a prompt": secret, "a token": person.token}.items():
            tally.refused(f"{name} in {log.name}", is_refused=one not in text)
