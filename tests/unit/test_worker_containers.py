"""The worker containers: rules for their Dockerfiles; each worker runs on its contents alone."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from shared.contracts import webhook_signature
from tests.support.local_system import TIMEOUT_SECONDS, free_port, wait_until
from tests.unit import dockerfiles

DOCKERFILE = dockerfiles.WORKERS / "Dockerfile"
NAMES = sorted(path.parent.name for path in dockerfiles.WORKERS.glob("*/requirements.txt"))


@pytest.fixture(params=NAMES)
def worker(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def _rests(name: str, worker: str = "") -> list[str]:
    return [line.rest for line in dockerfiles.read(DOCKERFILE, worker) if line.name == name]


def test_there_are_three_workers() -> None:
    assert NAMES == ["chat", "sdxl", "wan"]


def test_the_base_is_cudas_and_every_image_has_its_version() -> None:
    (base,) = [rest for rest in _rests("ARG") if rest.startswith("CUDA=")]
    assert re.fullmatch(r"CUDA=nvidia/cuda:\d+\.\d+\.\d+-base-ubuntu\d+\.\d+", base)
    assert _rests("FROM")[-1] == "${CUDA}"
    for image in _rests("FROM")[:-1]:
        assert re.match(r"\S+:\d+\.\d+\.\d+( AS \w+)?$", image)


def test_it_runs_as_an_ordinary_account() -> None:
    names = [line.name for line in dockerfiles.read(DOCKERFILE)]
    assert _rests("USER") == ["worker"]
    assert names.index("USER") > max(i for i, name in enumerate(names) if name in {"RUN", "COPY"})


def test_what_is_installed_is_locked(worker: str) -> None:
    installed = re.findall(r"pip install ([^&]+)", " & ".join(_rests("RUN", worker)))
    assert [one.strip() for one in installed] == [
        "torch==2.13.0 ${TORCH_ARGS}",
        f"--require-hashes --no-deps -r gpu_workers/{worker}/requirements.txt",
    ]


def test_apt_leaves_nothing_behind_and_takes_nothing_along() -> None:
    for run in _rests("RUN"):
        if "apt-get" in run:
            assert "--no-install-recommends" in run
            assert run.endswith("rm -rf /var/lib/apt/lists/*")
        assert not re.search(r"\b(sudo|curl|wget|chmod 777)\b", run)


def test_it_runs_the_worker_that_it_was_built_for(worker: str) -> None:
    assert _rests("ENV", worker)[-1].startswith(f"WORKER={worker} ")
    assert _rests("CMD", worker) == [f'["sh", "-c", "exec python -m gpu_workers.{worker}.main"]']
    assert f"gpu_workers/{worker} gpu_workers/{worker}" in _rests("COPY", worker)


def test_it_holds_no_weights_no_secret_and_no_test(worker: str) -> None:
    sources = dockerfiles.copied(DOCKERFILE, worker)
    assert not [source for source in sources if source in {".", "gpu_workers"} or "demo" in source]
    assert not re.search(r"(KEY|SECRET|TOKEN|PASSWORD)=", DOCKERFILE.read_text())
    assert "ADD" not in {line.name for line in dockerfiles.read(DOCKERFILE)}
    assert re.search(rf"{worker.upper()}_MODEL=/models/{worker}\b", DOCKERFILE.read_text())


def test_it_says_how_to_ask_whether_it_is_well() -> None:
    (check,) = _rests("HEALTHCHECK")
    assert check.endswith('CMD ["python", "-m", "gpu_workers.runtime.server.healthcheck"]')


@contextmanager
def _started(worker: str, folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Start the worker from a copy of the container's files, with only its packages."""
    for source, target in dockerfiles.copied(DOCKERFILE, worker).items():
        source_path, place = dockerfiles.ROOT / source, folder / target
        place.parent.mkdir(parents=True, exist_ok=True)
        if source_path.is_dir():
            # Other processes write and rename files in the caches.
            caches = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source_path, place, ignore=caches, dirs_exist_ok=True)
        else:
            shutil.copy(source_path, place)
    shut = ",".join(dockerfiles.missing_modules(dockerfiles.WORKERS / worker / "requirements.txt"))
    env = {
        "WORKER_ID": "demo",
        "WORKER_KEY": webhook_signature.new_key(),
        "LOCAL_SYSTEM": "1",
        "FUNCTIONS_URL": "http://127.0.0.1:1",
        "PORT": str(port),
        "MODEL_CACHE": str(folder / "models"),
        "TORCH_THREADS": "1",
        "DRAIN_SECONDS": "1",
        "HOME": str(folder),
        "PATH": os.environ["PATH"],
    }
    process = subprocess.Popen(
        [sys.executable, "-c", dockerfiles.GUARD, f"gpu_workers.{worker}.main", shut],
        cwd=folder,
        env=env,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_its_worker_starts_from_what_is_in_it(worker: str, tmp_path: Path) -> None:
    port = free_port()

    def health() -> str:
        try:
            answer = httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=TIMEOUT_SECONDS)
            return str(answer.json()["status"])
        except httpx.TransportError:
            return ""

    def check() -> int:
        command = [sys.executable, "-m", "gpu_workers.runtime.server.healthcheck"]
        return subprocess.run(
            command, cwd=tmp_path, env={"PORT": str(port)}, check=False
        ).returncode

    with _started(worker, tmp_path, port) as process:
        wait_until(
            lambda: health() == "ok" or process.poll() is not None,
            what="the worker to load its model",
        )
        assert health() == "ok"
        wait_until(lambda: check() == 0, what="the health check to succeed")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=TIMEOUT_SECONDS) == 0
    assert check() == 1
