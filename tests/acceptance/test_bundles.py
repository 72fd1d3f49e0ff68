"""The bundle of each function, unpacked alone and served by functions-framework as in the cloud."""

import json
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from infra import manifest as the_map
from infra.bundle import REQUIREMENTS, write
from infra.local.config import keys
from infra.local.config.environment import OIDC_ISSUER, SCHEDULER_EMAIL, functions_env
from infra.local.config.environment import LocalSystem as Parts
from infra.local.database.server import url as database_url
from infra.local.database.setup import functions_url
from infra.local.process import privileges, readiness
from infra.local.tasks_emulator.oidc import TokenSigner
from shared.contracts import webhook_signature
from tests.support.http import web
from tests.support.local_system import (
    ROOT,
    TIMEOUT_SECONDS,
    LocalSystem,
    UserClient,
    free_port,
    wait_until,
)

FUNCTIONS = the_map.read().functions
FRAMEWORK = Path(sys.executable).with_name("functions-framework")
UNKNOWN_OBJECT = f"/object/workspace-temp/{uuid4()}/{uuid4()}/0.png"
PATHS = {"storage": UNKNOWN_OBJECT}
"""Paths for the 401 check of functions that do not respond at their root."""


def pack(folder: Path, *names: str) -> subprocess.CompletedProcess[str]:
    """Run ``make bundle``."""
    command = [sys.executable, "-m", "infra.bundle", "--out", str(folder), *names]
    return subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the bundles of all functions."""
    folder = tmp_path_factory.mktemp("dist")
    done = pack(folder)
    assert done.returncode == 0, done.stderr
    assert [Path(line.split()[0]).stem for line in done.stdout.splitlines()] == list(FUNCTIONS)
    return folder


@pytest.fixture(scope="module")
def settings(bare: LocalSystem) -> dict[str, str]:
    """The environment of the running system's functions, without a path to the repository."""
    ports = bare.ports()
    parts = Parts(bare.data, bare.port, ports)
    env = functions_env(parts, functions_url(database_url(ports["postgres"])))
    return {name: value for name, value in env.items() if name != "PYTHONPATH"}


class Server:
    """One unpacked bundle behind ``functions-framework``."""

    def __init__(self, bundle: Path, folder: Path, environment: Mapping[str, str]) -> None:
        with zipfile.ZipFile(bundle) as packed:
            packed.extractall(folder)
        self._port = free_port()
        self._log = folder.with_suffix(".log")
        arguments = ["--target", "main", "--host", "127.0.0.1", "--port", str(self._port)]
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [*privileges.child_prefix("TERM"), FRAMEWORK, *arguments],
                cwd=folder,
                env=environment,
                stdout=log,
                stderr=log,
            )

    def call(self, method: str, path: str = "/", **more: Any) -> httpx.Response:  # noqa: ANN401 - httpx's own
        """Send a request once the server listens."""
        wait_until(self._is_up, what="the bundle's server")
        return web.request(method, f"http://127.0.0.1:{self._port}{path}", **more)

    def _is_up(self) -> bool:
        assert self.process.poll() is None, self._log.read_text()
        return readiness.listens(self._port)


def end(*servers: Server) -> None:
    for server in servers:
        server.process.terminate()
    for server in servers:
        server.process.wait(timeout=TIMEOUT_SECONDS)


@pytest.fixture(scope="module")
def served(
    bundles: Path, settings: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapping[str, Server]]:
    """Every bundle served from a separate folder; all servers start at the same time."""
    folder = tmp_path_factory.mktemp("served")
    servers = {name: Server(bundles / f"{name}.zip", folder / name, settings) for name in FUNCTIONS}
    yield servers
    end(*servers.values())


def bearing(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def signed(body: dict[str, str]) -> dict[str, Any]:
    """Keyword arguments of an httpx request signed by a worker."""
    content = json.dumps(body).encode()
    how = {"worker_id": "demo", "message_id": f"msg_{uuid4().hex}"}
    headers = webhook_signature.sign(
        keys.worker_key("demo"), timestamp=int(time.time()), body=content, **how
    )
    return {"content": content, "headers": {"content-type": "application/json", **headers}}


def test_the_same_tree_gives_the_same_bytes_wherever_it_lies(bundles: Path, tmp_path: Path) -> None:
    for name in ("functions", "shared"):
        shutil.copytree(ROOT / name, tmp_path / name, copy_function=shutil.copyfile)
    shutil.copyfile(ROOT / REQUIREMENTS, tmp_path / REQUIREMENTS)
    (tmp_path / "shared" / "__pycache__").mkdir(exist_ok=True)
    (tmp_path / "shared" / "__pycache__" / "more.pyc").touch()
    (tmp_path / "shared" / "errors.py").chmod(0o600)

    for name, function in FUNCTIONS.items():
        again = write(function, tmp_path / "dist", tmp_path)
        assert again.read_bytes() == (bundles / f"{name}.zip").read_bytes()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_bundle_holds_its_own_folder_and_the_library(bundles: Path, name: str) -> None:
    own = f"functions/{name.replace('-', '_')}/"
    with zipfile.ZipFile(bundles / f"{name}.zip") as packed:
        held = packed.namelist()

    rest = {path for path in held if not path.startswith((own, "shared/"))}
    assert rest == {"main.py", "requirements.txt", "functions/__init__.py"}
    assert {f"{own}main.py", "shared/http/endpoint.py", "shared/db/queries/jobs.py"} <= set(held)
    assert held == sorted(held)
    assert not [path for path in held if path.endswith(".pyc")]


def test_a_name_that_the_map_lacks_is_reported(tmp_path: Path) -> None:
    done = pack(tmp_path, "queue-jobs")

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
    if name == "rest":  # errors have the shape of PostgREST
        assert (body["code"], body.keys()) == ("PGRST302", {"code", "message", "details", "hint"})
        return
    if name == "storage":  # errors have the shape of Supabase Storage
        assert (body["statusCode"], body["code"]) == ("401", "InvalidJWT")
        return
    assert body.keys() == {"success", "error", "code", "details", "timestamp", "request_id"}
    assert (body["success"], body["code"]) == (False, "unauthenticated")


def test_queue_job_takes_a_job_that_rest_shows(
    served: Mapping[str, Server], person: UserClient
) -> None:
    headers = bearing(person.token)
    body = {"jobType": "sdxl_image_fast", "metadata": {"prompt": "a red star on blue"}}

    response = served["queue-job"].call("POST", json=body, headers=headers)
    assert response.status_code == 202, response.text

    read = served["rest"].call("GET", "/jobs", params={"select": "id,status"}, headers=headers)
    assert read.status_code == 200, read.text
    assert read.json() == [{"id": response.json()["job"]["id"], "status": "queued"}]


def test_each_other_bundle_reaches_what_it_needs(
    served: Mapping[str, Server], settings: dict[str, str], person: UserClient
) -> None:
    users = bearing(person.token)
    signer = TokenSigner(keys.oidc_key().read_bytes(), OIDC_ISSUER)
    schedulers = bearing(signer.token(SCHEDULER_EMAIL, settings["SCHEDULER_AUDIENCE"]))
    unknown = {name: str(uuid4()) for name in ("jobId", "userId", "claimId", "assetId")}
    save = {"action": "save_to_library", "assetId": unknown["assetId"]}
    responses = {
        "workspace-actions": served["workspace-actions"].call("POST", json=save, headers=users),
        "storage": served["storage"].call("GET", UNKNOWN_OBJECT, headers=users),
        "job-callback": served["job-callback"].call(
            "POST", **signed({**unknown, "status": "processing"})
        ),
        "update-worker-url": served["update-worker-url"].call("POST", **signed({})),
        "sweep-jobs": served["sweep-jobs"].call("POST", headers=schedulers),
    }

    assert {
        name: (answer.status_code, answer.json().get("code")) for name, answer in responses.items()
    } == {
        "workspace-actions": (404, "not_found"),
        "storage": (404, "NoSuchKey"),
        "job-callback": (404, "not_found"),
        "update-worker-url": (422, "invalid"),
        "sweep-jobs": (200, None),
    }


def test_an_installed_package_of_the_same_name_does_not_win(
    bundles: Path, settings: dict[str, str], tmp_path: Path
) -> None:
    for name in ("shared", "functions"):
        (tmp_path / "decoys" / name).mkdir(parents=True)
        (tmp_path / "decoys" / name / "__init__.py").write_text("raise SystemExit('a decoy')\n")
    environment = {**settings, "PYTHONPATH": str(tmp_path / "decoys")}
    command = [sys.executable, "-c", "import shared"]
    without = subprocess.run(
        command, cwd=tmp_path, env=environment, check=False, capture_output=True
    )
    assert without.stderr.strip() == b"a decoy"

    server = Server(bundles / "queue-job.zip", tmp_path / "served", environment)
    assert server.call("POST").status_code == 401
    end(server)
