"""The supabase-js client, unmodified, as in a front end: each suite in ``js`` is a test."""

import os
import shutil
import subprocess
from pathlib import Path
from uuid import uuid4

import pytest

from infra.local.config import tokens
from tests.support.http import web
from tests.support.local_system import TIMEOUT_SECONDS, LocalSystem, UserClient, wait_until

HERE = Path(__file__).parent / "js"
SUITES = sorted(path.name.removesuffix(".test.mjs") for path in HERE.glob("*.test.mjs"))
PASSWORD = "correct horse battery"

needs_node_packages = pytest.mark.skipif(
    not (HERE / "node_modules").is_dir() and not os.environ.get("CLIENTS_REQUIRED"),
    reason="not run: Node's packages are not here (`make clients`)",
)
pytestmark = needs_node_packages


@pytest.mark.parametrize("suite", [suite for suite in SUITES if suite != "specification"])
def test_a_front_end(noop: LocalSystem, suite: str) -> None:
    _run(noop, suite)


def test_the_specifications_examples(noop: LocalSystem) -> None:
    email = f"{uuid4()}@example.com"
    answer = web.post(
        f"{noop.base}/auth/v1/signup",
        json={"email": email, "password": PASSWORD},
        headers={"apikey": tokens.anon_token()},
    )
    assert answer.status_code == 200, answer.text
    person = UserClient(noop, answer.json()["user"]["id"])
    job = person.create_job(destination="library")
    query = "select count(*) from user_library where user_id = %s"
    wait_until(lambda: noop.value(query, person.id) == 1, what="the picture to be kept")
    item = noop.value(  # by SQL: the table is an archive that no endpoint writes
        "insert into workspace_items (user_id, job_id, status, item_type)"
        " values (%s, %s, 'generated', 'image') returning id::text",
        *(person.id, job),
    )
    _run(noop, "specification", EMAIL=email, PASSWORD=PASSWORD, JOB=job, ITEM=item)


def _run(system: LocalSystem, suite: str, **more: str) -> None:
    node = shutil.which("node")
    assert node, "CI needs Node"
    done = subprocess.run(
        [node, "--test", "--test-force-exit", "--test-reporter=spec", f"{suite}.test.mjs"],
        cwd=HERE,
        env={**os.environ, "BASE": system.base, "ANON_KEY": tokens.anon_token(), **more},
        capture_output=True,
        text=True,
        timeout=2 * TIMEOUT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr
    assert "fail 0" in done.stdout
