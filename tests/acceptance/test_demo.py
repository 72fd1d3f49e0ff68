"""The demo with the small model, run by the README's commands as a new user would run them."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from PIL import Image

from tests.acceptance.test_api_guide import run_journey
from tests.support.local_system import (
    ROOT,
    TIMEOUT_SECONDS,
    LocalSystem,
    UserClient,
    free_port,
    wait_until,
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalSystem]:
    """A system with the demo worker, swept continuously."""
    system = LocalSystem(
        tmp_path_factory.mktemp("demo") / "data", worker="demo", SWEEP_SECONDS="0.5"
    )
    system.start()
    yield system
    assert system.stop() == 0


def test_make_demo_leaves_a_picture_with_its_settings_inside(tmp_path: Path) -> None:
    port = f"PORT={free_port()}"
    for _ in range(2):
        done = subprocess.run(
            ["make", "demo", port, f"DATA={tmp_path}/data", "SAMPLE=a green ring by the sea"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    assert "first-picture.png" in done.stdout
    assert (ROOT / "first-picture.png").is_file()
    # Read this run's original: another test may write the repository's copy at the same time.
    made = Image.open(tmp_path / "data/samples/first-picture.png")
    made.load()
    assert made.info["parameters"].startswith("a green ring by the sea\nSteps: 15")
    assert "trainedAlgorithmicMedia" in made.info["XML:com.adobe.xmp"]


def test_the_curl_lines_do_the_whole_journey(demo: LocalSystem, tmp_path: Path) -> None:
    done = run_journey(demo.base, tmp_path, str(uuid4()))
    assert done.returncode == 0, done.stderr
    assert Image.open(tmp_path / "picture.png").size == (96, 96)


def test_the_same_seed_gives_the_same_picture(demo: LocalSystem) -> None:
    person = UserClient(demo)
    pictures = []
    for _ in range(2):
        job_id = person.create_job("a blue boat", seed=3, aspect_ratio="16:9")
        person.wait_for(job_id)
        pictures.append(person.fetch(person.asset(job_id)["temp_storage_path"]))
    assert pictures[0] == pictures[1]


def test_a_killed_workers_job_completes_once(demo: LocalSystem) -> None:
    person, job_id = _killed_in_the_middle(demo)
    demo.rows(
        "update jobs set lease_until = now() - interval '1 s' where id = %s returning id", job_id
    )
    person.wait_for(job_id)
    (job,) = person.rows("jobs", id=f"eq.{job_id}")
    assert job["attempts"] == 2
    assert len(person.rows("workspace_assets", job_id=f"eq.{job_id}")) == 2
    kinds = [row["kind"] for row in person.rows("credit_ledger", order="created_at.asc")]
    assert kinds == ["grant", "reserve", "settle"]


def _killed_in_the_middle(demo: LocalSystem) -> tuple[UserClient, str]:
    """A user and a job whose worker was killed while it generated."""
    jobs: list[tuple[UserClient, str]] = []

    def is_killed() -> bool:
        person = UserClient(demo)
        job_id = person.create_job(steps=100, num_images=2)
        wait_until(
            lambda: (
                any(row["step"] for row in person.rows("job_progress", job_id=f"eq.{job_id}"))
                or person.status(job_id) == "completed"
            ),
            what="the job to be in its middle",
        )
        demo.kill("worker")
        jobs.append((person, job_id))
        return person.status(job_id) == "processing"

    wait_until(is_killed, what="a worker to be killed before its job ends")
    return jobs[-1]


def test_ctrl_c_ends_make_run_and_leaves_no_process(tmp_path: Path) -> None:
    data = tmp_path / "data"
    run = subprocess.Popen(
        ["make", "run", f"PORT={free_port()}", f"DATA={data}", "WORKER=noop"],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert run.stderr
        output = "".join(_until_welcome(iter(run.stderr.readline, "")))
        assert "can be opened at http://127.0.0.1" in output
        os.killpg(run.pid, signal.SIGINT)
        run.wait(timeout=TIMEOUT_SECONDS)
    finally:
        if run.poll() is None:
            os.killpg(run.pid, signal.SIGKILL)
    left = subprocess.run(["pgrep", "-f", str(data)], capture_output=True, text=True, check=False)
    assert left.stdout == ""


def _until_welcome(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        yield line
        if "Ctrl-C stops it" in line:
            return
