"""A complete local system, started by its command line, and its users."""

import itertools
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg
from psycopg.rows import DictRow, dict_row

from infra.local.config import environment, tokens
from infra.local.database import server
from infra.local.database.setup import functions_url
from infra.local.process import ports
from shared.settings import Settings
from tests.support.http import web

ROOT = Path(__file__).parents[2]
TIMEOUT_SECONDS = 120
"""How long a test waits for what must happen. Only a wait for something that never happens takes
this long, on any machine, so no test depends on the machine's speed."""
_PARTS = ("postgres", "storage", "tasks", "worker")
"""The processes that the supervisor finds a port for."""
UNLIMITED = {f"RATE_LIMIT_{rate}_PER_MINUTE": "0" for rate in ("JOBS", "PROMPTS", "REQUESTS")}
"""No rate limits: tests send requests as fast as they can; tests of limits set their own."""


class LocalSystem:
    """``python -m infra.local up``, on a free port and a separate data folder."""

    def __init__(self, data: Path, *, worker: str, **environment: str) -> None:
        self.data = data
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self._worker = worker
        self._environment = UNLIMITED | environment
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start it, and wait until it accepts jobs."""
        chosen = self.data / "ports.json"
        if not chosen.exists():
            self.data.mkdir(parents=True, exist_ok=True)
            chosen.write_text(json.dumps({name: free_port() for name in _PARTS}))
        arguments = ["--port", str(self.port), "--data", str(self.data), "--worker", self._worker]
        self.log = (self.data.parent / f"{self.data.name}.log").open("a")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "infra.local", "up", *arguments],
            cwd=ROOT,
            env={**os.environ, **self._environment},
            stdout=self.log,
            stderr=subprocess.STDOUT,
            text=True,
        )
        wait_until(self._is_up, what="the system to start")

    def terminal(self) -> str:
        """The output in the terminal that started it."""
        return (self.data.parent / f"{self.data.name}.log").read_text()

    def kill_whole(self) -> None:
        """Kill the supervisor with SIGKILL."""
        assert self._process
        self._process.kill()
        self._process.wait()

    def stop(self) -> int:
        """Stop it as Ctrl-C does and return its exit status."""
        assert self._process
        if self._process.poll() is not None:
            return self._process.returncode
        self._process.send_signal(signal.SIGINT)
        code = self._process.wait(timeout=TIMEOUT_SECONDS)
        self.log.close()
        return code

    def kill(self, name: str) -> None:
        """Kill one process with SIGKILL."""
        os.kill(self.pids()[name], signal.SIGKILL)

    @contextmanager
    def supervisor_paused(self) -> Iterator[None]:
        """Within the context, no process that ends is restarted."""
        assert self._process
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def worker_url(self) -> str:
        """The URL of the system's worker."""
        return f"http://127.0.0.1:{self.ports()['worker']}"

    def pids(self) -> dict[str, int]:
        """The ids of the running processes, by name."""
        processes = json.loads((self.data / "processes.json").read_text())
        return {process["name"]: process["pid"] for process in processes}

    def ports(self) -> dict[str, int]:
        """The port of each process, by name."""
        processes = json.loads((self.data / "processes.json").read_text())
        return {process["name"]: process["port"] for process in processes}

    def settings(self, **more: object) -> Settings:
        """The settings of the system's functions, updated by ``more``."""
        parts = environment.LocalSystem(self.data, self.port, self.ports())
        url = functions_url(server.url(self.ports()["postgres"]))
        env = environment.functions_env(parts, url)
        own = {name: env[name.upper()] for name in Settings.model_fields if name.upper() in env}
        return Settings.model_validate({**own, **more})

    @contextmanager
    def database(self) -> Iterator[psycopg.Connection[DictRow]]:
        """A connection as superuser."""
        url = server.url(self.ports()["postgres"])
        with psycopg.connect(url, row_factory=dict_row, autocommit=True) as connection:
            yield connection

    def rows(self, query: str, *arguments: object) -> list[dict[str, Any]]:
        """The rows that a query returns."""
        with self.database() as connection:
            return connection.execute(query.encode(), arguments).fetchall()

    def value(self, query: str, *arguments: object) -> Any:  # noqa: ANN401 - of any column
        """The single value that a query returns."""
        (row,) = self.rows(query, *arguments)
        return next(iter(row.values()))

    def objects(self) -> set[str]:
        """The bucket and path of every object."""
        storage = f"http://127.0.0.1:{self.ports()['storage']}/storage/v1/b"
        return {
            f"{bucket}/{item['name']}"
            for bucket in ("workspace-temp", "user-library")
            for item in web.get(f"{storage}/{bucket}/o").json().get("items", [])
        }

    def _is_up(self) -> bool:
        assert self._process
        if self._process.poll() is not None:
            raise AssertionError(self.terminal())
        try:
            healthy = web.get(f"{self.base}/healthz").is_success
        except httpx.TransportError:
            return False
        min_workers = 0 if self._worker == "none" else 1
        return healthy and self.value("select count(*) from workers") >= min_workers


class UserClient:
    """A signed-in user of a system, who uses HTTP only."""

    def __init__(
        self, system: LocalSystem, user_id: str | None = None, *, is_admin: bool = False
    ) -> None:
        self.id = user_id or str(uuid4())
        self.base = system.base
        self.token = tokens.user_token(self.id, is_admin=is_admin)
        self._http = httpx.Client(
            base_url=system.base,
            headers={"authorization": f"Bearer {self.token}"},
            timeout=TIMEOUT_SECONDS,
            verify=False,  # noqa: S501 - loopback
        )

    def invoke(self, function: str, body: object, **headers: str) -> httpx.Response:
        """POST to a function."""
        return self._http.post(f"/functions/v1/{function}", json=body, headers=headers)

    def post_job(self, prompt: str = "a red star on blue", **metadata: object) -> httpx.Response:
        """Queue a fast image job; the request may be refused."""
        job_type = metadata.pop("job_type", "sdxl_image_fast")
        body = {"jobType": job_type, "metadata": {"prompt": prompt, **metadata}}
        return self.invoke("queue-job", body)

    def create_job(self, prompt: str = "a red star on blue", **metadata: object) -> str:
        """Queue a fast image job that must be accepted; return the job's id."""
        answer = self.post_job(prompt, **metadata)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["job"]["id"])

    def get(self, path: str, **parameters: str) -> httpx.Response:
        """GET a path."""
        return self._http.get(path, params=parameters or None, follow_redirects=True)

    def rows(self, table: str, **parameters: str) -> list[dict[str, Any]]:
        """The rows of a table that the REST endpoint returns."""
        answer = self.get(f"/rest/v1/{table}", **parameters)
        assert answer.status_code == 200, answer.text
        rows: list[dict[str, Any]] = answer.json()
        return rows

    def ledger(self) -> list[str]:
        """The kinds of entries in the credit ledger, oldest first."""
        return [row["kind"] for row in self.rows("credit_ledger", order="created_at.asc,kind.asc")]

    def status(self, job_id: str) -> str:
        """The status of a job."""
        return str(self.rows("jobs", id=f"eq.{job_id}", select="status")[0]["status"])

    def wait_for(self, job_id: str, status: str = "completed") -> None:
        """Wait until a job has that status."""
        wait_until(lambda: self.status(job_id) == status, what=f"{job_id} {status}")

    def asset(self, job_id: str) -> dict[str, Any]:
        """The first asset of a completed job."""
        return self.rows("workspace_assets", job_id=f"eq.{job_id}", order="asset_index.asc")[0]

    def sign(self, path: str, bucket: str = "workspace-temp", seconds: int = 60) -> httpx.Response:
        """Request a signed URL of an object."""
        address = f"/storage/v1/object/sign/{bucket}/{path}"
        return self._http.post(address, json={"expiresIn": seconds})

    def fetch(self, path: str, bucket: str = "workspace-temp") -> bytes:
        """The bytes of an object, by its signed URL, without a token."""
        signed = self.sign(path, bucket).json()["signedURL"]
        answer = web.get(f"{self._http.base_url}/storage/v1{signed}", follow_redirects=True)
        assert answer.status_code == 200, answer.text
        return answer.content


def wait_until(is_met: Callable[[], bool], *, what: str) -> None:
    """Wait until a condition is met; ``what`` names it in the error."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not is_met():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {TIMEOUT_SECONDS} s for {what}")
        time.sleep(0.02)


def free_port() -> int:
    """A free port that no other process of these tests takes meanwhile.

    Each process of pytest-xdist has a range of ports, and each port is used once per cycle.
    All are below the range of outgoing connections (Linux: 32,768 and up) and of the ports that a
    local system chooses for itself (20,000 and up).
    """
    while not ports.is_free(port := next(_PORTS)):
        pass
    return port


def _own_ports() -> Iterator[int]:
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    first = 10_000 + worker % 10 * 1_000
    # The start is random because a second test run may be in progress.
    return itertools.cycle(random.sample(range(first, first + 1_000), 1_000))


_PORTS = _own_ports()
