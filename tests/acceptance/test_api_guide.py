"""The examples of docs/guides/api.md, extracted and run."""

import json
import os
import re
import subprocess
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

from PIL import Image

from shared.contracts.job_catalog import JOB_TYPES
from tests.support.local_system import ROOT, TIMEOUT_SECONDS, LocalSystem, UserClient
from tests.support.scripted_worker import ScriptedWorker

_GUIDE = (ROOT / "docs/guides/api.md").read_text()
_CONTRACT = (ROOT / "shared/contracts/workspace.py").read_text()


def _journey() -> str:
    found = re.search(r"<!-- the journey.*?-->\n```sh\n(.*?)```", _GUIDE, re.DOTALL)
    assert found
    return found.group(1)


def run_journey(base: str, folder: Path, user_id: str) -> subprocess.CompletedProcess[str]:
    """Run the journey's lines as one user, from a folder with links to the checkout's folders."""
    for name in (".venv", "infra", "shared", ".local"):
        (folder / name).symlink_to(ROOT / name)
    lines = _journey().replace("http://127.0.0.1:8080", base)
    lines = lines.replace("infra.local token)", f"infra.local token --user {user_id})")
    assert user_id in lines
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", lines],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )


def test_the_curl_lines_do_the_whole_journey(noop: LocalSystem, tmp_path: Path) -> None:
    user_id = str(uuid4())
    done = run_journey(noop.base, tmp_path, user_id)
    assert done.returncode == 0, done.stderr
    picture = Image.open(tmp_path / "picture.png")
    assert "a big red star on blue, left" in picture.info["parameters"]
    *_, saved, library = done.stdout.strip().splitlines()
    assert json.loads(saved)["success"] is True
    saved_id = json.loads(saved)["libraryAssetId"]
    (kept,) = [row for row in json.loads(library) if row["id"] == saved_id]
    assert kept["custom_title"] == "My star"
    assert kept["storage_path"].startswith(user_id)


def test_the_line_of_an_event_says_what_changes(noop: LocalSystem) -> None:
    (line,) = re.findall(r"<!-- events.*?-->\n```sh\n(.*?)```", _GUIDE, re.DOTALL)
    person = UserClient(noop)
    listening = subprocess.Popen(
        ["bash", "-c", line.replace("--max-time 5", f"--max-time {TIMEOUT_SECONDS}")],
        env={**os.environ, "BASE": noop.base, "TOKEN": person.token},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert listening.stdout
    lines, job_id = [], ""
    for line in listening.stdout:
        lines.append(line.replace('": "', '":"'))
        if line.startswith("event: ready"):
            job_id = person.create_job()
        if '"status":"completed"' in lines[-1]:
            break
    listening.kill()
    listening.communicate()
    assert lines[0].startswith("retry: ")
    assert f'"id":"{job_id}"' in lines[-1]


def test_every_job_type_of_the_table_runs_as_the_table_says(noop: LocalSystem) -> None:
    row = re.compile(r"^\| (`\w+`.*?) \| (image|video) \| (\w+) \| .*? \| (\d)", re.MULTILINE)
    rows = row.findall(_GUIDE)
    assert len(rows) == len(JOB_TYPES)
    person = UserClient(noop)
    for names, media, variant, credits_each in rows:
        for name in re.findall(r"`(\w+)`", names):
            answer = person.post_job(job_type=name)
            assert answer.status_code == 202, answer.text
            job = answer.json()["job"]
            assert (job["format"], job["model_variant"]) == (media, variant)
            assert job["credits"] == int(credits_each)
            person.wait_for(job["id"])


def _ids(person: UserClient) -> dict[str, str]:
    """One id of each kind; all are the user's."""
    job_id, other = person.create_job(), person.create_job()
    person.wait_for(job_id)
    person.wait_for(other)
    save = {"action": "save_to_library", "assetId": person.asset(other)["id"]}
    collection = {"action": "create_collection", "name": "Mine"}
    saved = person.invoke("workspace-actions", save).json()
    made = person.invoke("workspace-actions", collection).json()
    return {
        "LIBRARY_ASSET": saved["libraryAssetId"],
        "ASSET": person.asset(job_id)["id"],
        "JOB": job_id,
        "COLLECTION": made["collectionId"],
    }


def _owned(pairs: list[tuple[str, Any]], own: dict[str, str]) -> dict[str, Any]:
    return {name: own.get(str(value), value) for name, value in pairs}


def _unmade(person: UserClient, worker: ScriptedWorker) -> dict[str, str]:
    """A job that has not finished and one that failed."""
    failed = person.create_job()
    claim_id, _ = worker.claimed(failed)
    worker.fail(failed, claim_id)
    return {"OPEN_JOB": person.create_job(), "FAILED_JOB": failed}


def test_every_action_of_the_table_answers_as_the_table_says(
    noop: LocalSystem, bare: LocalSystem, hand_worker: ScriptedWorker
) -> None:
    rows = re.findall(r'^\| `(\{"action".*?\})` \|(.*)\|$', _GUIDE, re.MULTILINE)
    actions = {json.loads(body)["action"] for body, _ in rows}
    assert actions == set(re.findall(r'Literal\["(\w+)"\]\n', _CONTRACT))
    for body, answers in rows:
        about_open = "_JOB" in body
        person = UserClient(bare if about_open else noop)
        own = _unmade(person, hand_worker) if about_open else _ids(person)
        sent = json.loads(body, object_pairs_hook=partial(_owned, own=own))
        answer = person.invoke("workspace-actions", sent)
        assert answer.status_code == 200, answer.text
        assert {"success", "message", *re.findall(r"`(\w+)`", answers)} <= answer.json().keys()
