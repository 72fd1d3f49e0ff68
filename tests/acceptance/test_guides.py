"""docs/guides/add-an-endpoint.md and add-a-pipeline.md: what they add works in a copy of the tree.

The files, insertions and commands that the guides show are extracted and used as they are.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.support.http import web
from tests.support.local_system import ROOT, TIMEOUT_SECONDS, free_port, wait_until

ENDPOINT = (ROOT / "docs/guides/add-an-endpoint.md").read_text()
PIPELINE = (ROOT / "docs/guides/add-a-pipeline.md").read_text()


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tree to which both guides were applied."""
    folder = tmp_path_factory.mktemp("guides") / "copy"
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():  # a deleted file is listed until it is committed
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    (folder / ".venv").symlink_to(sys.prefix)
    for guide in (ENDPOINT, PIPELINE):
        _apply(guide, folder)
    return folder


def _apply(guide: str, folder: Path) -> None:
    for name, content in re.findall(r"<!-- file: (\S+) -->\n```\w+\n(.*?)```", guide, re.DOTALL):
        assert not (folder / name).exists(), name
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    insertion = r"<!-- insert: (\S+), below (\S+) -->\n```\w+\n(.*?)```"
    for name, key, content in re.findall(insertion, guide, re.DOTALL):
        text = (folder / name).read_text()
        assert text.count(f"\n{key}:\n") == 1
        (folder / name).write_text(text.replace(f"\n{key}:\n", f"\n{key}:\n{content}"))
    for command in re.findall(r"<!-- run: .*? -->\n```sh\n(.*?)```", guide, re.DOTALL):
        _run(command, folder)


def _run(command: str, folder: Path) -> str:
    done = subprocess.run(
        ["bash", "-euc", command],
        cwd=folder,
        env=_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=4 * TIMEOUT_SECONDS,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def _environment() -> dict[str, str]:
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PYTEST_") and name not in {"DATABASE_URL", "PYTHONPATH"}
    }


@pytest.mark.parametrize("guide", [ENDPOINT, PIPELINE], ids=["endpoint", "pipeline"])
def test_the_tests_of_a_guide_pass(copy: Path, guide: str) -> None:
    (command,) = re.findall(r"^    (\.venv/bin/python -m pytest tests/\S+)$", guide, re.MULTILINE)
    assert re.search(r"\d+ passed", _run(command, copy), re.MULTILINE)


def test_the_rules_of_the_tree_hold_with_both(copy: Path) -> None:
    assert ".venv/bin/python -m infra.openapi\n" in ENDPOINT
    _run(".venv/bin/python -m infra.openapi", copy)
    assert '"/functions/v1/job-summary"' in (copy / "docs/openapi.json").read_text()
    _run(".venv/bin/python -m ruff check functions shared gpu_workers tests/unit infra", copy)
    _run(".venv/bin/python -m pytest -q tests/unit/test_architecture.py", copy)


def test_the_pipeline_serves_jobs(copy: Path, tmp_path: Path) -> None:
    """As the guide's last step starts it, with free ports instead of the printed ones."""
    ((system, worker),) = re.findall(
        r"^    (\S+ -m infra\.local up --worker none).*\n\n((?:    .*\n)+)", PIPELINE, re.MULTILINE
    )
    port = free_port()
    started = f"exec {system} --port {port} --data {tmp_path}/data"
    worker = worker.replace("8001", str(free_port())).replace("8080", str(port))
    base = f"http://127.0.0.1:{port}"
    with _background(started, copy, tmp_path / "system.log"):
        wait_until(lambda: _is_up(base), what="the system to start")
        with _background(worker, copy, tmp_path / "worker.log"):
            log = tmp_path / "worker.log"
            wait_until(lambda: "registered" in log.read_text(), what="the worker to register")
            token = _run(".venv/bin/python -m infra.local token", copy).strip()
            client = httpx.Client(base_url=base, headers={"authorization": f"Bearer {token}"})
            body = {"jobType": "sdxl_image_fast", "metadata": {"prompt": "a gradient"}}
            queued = client.post("/functions/v1/queue-job", json=body)
            assert queued.status_code == 202, queued.text
            path = f"/rest/v1/jobs?select=status&id=eq.{queued.json()['job']['id']}"
            wait_until(
                lambda: client.get(path).json() == [{"status": "completed"}],
                what="the job to complete",
            )
            (asset,) = client.get("/rest/v1/workspace_assets?select=model_used,width").json()
            assert asset["width"] == 512


@contextmanager
def _background(command: str, folder: Path, log: Path) -> Iterator[None]:
    with log.open("w") as file:
        process = subprocess.Popen(
            ["bash", "-euc", command],
            cwd=folder,
            env=_environment(),
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield
    finally:
        process.terminate()
        process.wait(TIMEOUT_SECONDS)


def _is_up(base: str) -> bool:
    try:
        return web.get(f"{base}/healthz").status_code < 500
    except httpx.TransportError:
        return False
