"""Each bundle, unpacked by itself and served by the framework's own command, as the cloud does."""

import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from infra import map as the_map
from infra.local import keys, postgres, ready
from infra.local.database import functions_url
from infra.local.environment import OIDC_ISSUER, SCHEDULER_EMAIL, of_functions
from infra.local.environment import System as Parts
from infra.local.tasks_emulator.oidc import TokenSigner
from shared.contracts import signature
from tests.system import ROOT, Person, System, free_port, until

FUNCTIONS = the_map.read().functions
FRAMEWORK = Path(sys.executable).with_name("functions-framework")
NOBODYS = f"/object/workspace-temp/{uuid4()}/{uuid4()}/0.png"
PATHS = {"storage": NOBODYS}
"""Where a function that has no answer at its root is asked for its 401."""


def pack(folder: Path) -> None:
    """``make bundle``."""
    command = [sys.executable, "-m", "infra.bundle", "--out", str(folder)]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert [Path(line.split()[0]).stem for line in done.stdout.splitlines()] == list(FUNCTIONS)


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every bundle."""
    folder = tmp_path_factory.mktemp("dist")
    pack(folder)
    return folder


@pytest.fixture(scope="module")
def settings(bare: System) -> dict[str, str]:
    """What a function of the running system is told, and no way to the repository."""
    ports = bare.ports()
    parts = Parts(bare.data, bare.port, ports)
    told = of_functions(parts, functions_url(postgres.url(ports["postgres"])))
    return {name: value for name, value in told.items() if name != "PYTHONPATH"}


class Server:
    """One unpacked bundle behind ``functions-framework``."""

    def __init__(self, bundle: Path, folder: Path, environment: Mapping[str, str]) -> None:
        with zipfile.ZipFile(bundle) as packed:
            packed.extractall(folder)
        self._port = free_port()
        self._log = folder.with_suffix(".log")
        arguments = ["--target", "main", "--host", "127.0.0.1", "--port", str(self._port)]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [FRAMEWORK, *arguments],
                cwd=folder,
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def call(self, method: str, path: str = "/", **more: Any) -> httpx.Response:  # noqa: ANN401 - httpx's own
        """Its answer, once it answers."""
        until(self._is_up, seconds=30, what="the bundle's server")
        return httpx.request(method, f"http://127.0.0.1:{self._port}{path}", timeout=30, **more)

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        if self._process.wait(timeout=10) != 0:
            os.killpg(self._process.pid, signal.SIGKILL)

    def _is_up(self) -> bool:
        assert self._process.poll() is None, self._log.read_text()
        return ready.listens(self._port)


@contextmanager
def serving(servers: Mapping[str, Server]) -> Iterator[Mapping[str, Server]]:
    try:
        yield servers
    finally:
        for server in servers.values():
            server.stop()


@pytest.fixture(scope="module")
def served(
    bundles: Path, settings: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapping[str, Server]]:
    """Every bundle in a folder of its own, all of them starting at once."""
    folder = tmp_path_factory.mktemp("served")
    packed = {name: bundles / f"{name}.zip" for name in FUNCTIONS}
    with serving(
        {name: Server(path, folder / name, settings) for name, path in packed.items()}
    ) as servers:
        yield servers


def sealed(letter: dict[str, str]) -> dict[str, Any]:
    """A worker's letter, as httpx sends it."""
    content = json.dumps(letter).encode()
    headers = signature.seal(
        keys.worker_key("demo"),
        worker_id="demo",
        message_id=f"msg_{uuid4().hex}",
        timestamp=int(time.time()),
        body=content,
    )
    return {"content": content, "headers": {"content-type": "application/json", **headers}}


def test_the_same_tree_gives_the_same_bytes(bundles: Path, tmp_path: Path) -> None:
    pack(tmp_path)

    for name in FUNCTIONS:
        assert (tmp_path / f"{name}.zip").read_bytes() == (bundles / f"{name}.zip").read_bytes()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_bundle_holds_its_own_folder_and_the_library(bundles: Path, name: str) -> None:
    own = f"functions/{name.replace('-', '_')}/"
    with zipfile.ZipFile(bundles / f"{name}.zip") as packed:
        held = packed.namelist()

    rest = {path for path in held if not path.startswith((own, "shared/"))}
    assert rest == {"main.py", "requirements.txt", "functions/__init__.py"}
    assert {f"{own}main.py", "shared/http/door.py", "shared/queries/jobs.py"} <= set(held)
    assert held == sorted(held)
    assert not [path for path in held if path.endswith(".pyc")]


def test_a_name_that_the_map_lacks_is_told(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "infra.bundle", "--out", str(tmp_path), "queue-jobs"]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)

    assert done.returncode == 1
    assert "no function queue-jobs" in done.stderr
    assert "queue-job," in done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_served_bundle_answers_a_browsers_preflight(
    served: Mapping[str, Server], name: str
) -> None:
    answer = served[name].call("OPTIONS")

    assert answer.status_code == 204
    methods = answer.headers["access-control-allow-methods"]
    assert methods == ", ".join([*FUNCTIONS[name].methods, "OPTIONS"])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_served_bundle_wants_a_credential(served: Mapping[str, Server], name: str) -> None:
    answer = served[name].call(FUNCTIONS[name].methods[0], PATHS.get(name, "/"))

    assert answer.status_code == 401
    body = answer.json()
    assert body.keys() == {"success", "error", "code", "details", "timestamp", "request_id"}
    assert (body["success"], body["code"]) == (False, "unauthenticated")


def test_queue_job_takes_a_job_that_rest_shows(
    served: Mapping[str, Server], person: Person
) -> None:
    headers = {"authorization": f"Bearer {person.token}"}
    body = {"jobType": "sdxl_image_fast", "metadata": {"prompt": "a red star on blue"}}

    taken = served["queue-job"].call("POST", json=body, headers=headers)
    assert taken.status_code == 202, taken.text

    read = served["rest"].call("GET", "/jobs", params={"select": "id,status"}, headers=headers)
    assert read.status_code == 200, read.text
    assert read.json() == [{"id": taken.json()["job"]["id"], "status": "queued"}]


def test_workspace_actions_knows_no_asset_of_another(
    served: Mapping[str, Server], person: Person
) -> None:
    answer = served["workspace-actions"].call(
        "POST",
        json={"action": "save_to_library", "assetId": str(uuid4())},
        headers={"authorization": f"Bearer {person.token}"},
    )

    assert answer.status_code == 404, answer.text


def test_storage_knows_no_object_of_another(served: Mapping[str, Server], person: Person) -> None:
    headers = {"authorization": f"Bearer {person.token}"}

    assert served["storage"].call("GET", NOBODYS, headers=headers).status_code == 404


def test_job_callback_knows_no_such_job(served: Mapping[str, Server]) -> None:
    ids = {name: str(uuid4()) for name in ("jobId", "userId", "claimId")}
    answer = served["job-callback"].call("POST", **sealed({**ids, "status": "processing"}))

    assert answer.status_code == 404, answer.text


def test_update_worker_url_wants_an_address(served: Mapping[str, Server]) -> None:
    body = {"worker_type": "sdxl", "worker_id": "demo-sdxl"}
    answer = served["update-worker-url"].call("POST", **sealed(body))

    assert answer.status_code == 422, answer.text
    assert [one["field"] for one in answer.json()["details"]] == ["worker_url"]


def test_sweep_jobs_sweeps_for_the_scheduler(
    served: Mapping[str, Server], settings: dict[str, str]
) -> None:
    signer = TokenSigner(keys.oidc_key().read_bytes(), OIDC_ISSUER)
    token = signer.token(SCHEDULER_EMAIL, settings["SCHEDULER_AUDIENCE"])
    answer = served["sweep-jobs"].call("POST", headers={"authorization": f"Bearer {token}"})

    assert answer.status_code == 200, answer.text
    assert answer.json()["success"] is True


def test_an_installed_package_of_the_same_name_does_not_win(
    bundles: Path, settings: dict[str, str], tmp_path: Path
) -> None:
    for name in ("shared", "functions"):
        (tmp_path / "decoys" / name).mkdir(parents=True)
        (tmp_path / "decoys" / name / "__init__.py").write_text("raise SystemExit('a decoy')\n")
    environment = {**settings, "PYTHONPATH": str(tmp_path / "decoys")}
    told = subprocess.run(
        [sys.executable, "-c", "import shared"], env=environment, check=False, capture_output=True
    )
    assert told.stderr.strip() == b"a decoy"

    server = Server(bundles / "queue-job.zip", tmp_path / "served", environment)
    with serving({"queue-job": server}):
        assert server.call("POST").status_code == 401
