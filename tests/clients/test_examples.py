"""The supabase-js examples of README.md and docs/guides/frontend.md, run exactly as printed."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from infra.local.config import tokens
from tests.clients.test_supabase_js import HERE, needs_node_packages
from tests.support.http import web
from tests.support.local_system import ROOT, TIMEOUT_SECONDS, LocalSystem

pytestmark = needs_node_packages


def test_the_readme_example_prints_the_url_of_a_picture(noop: LocalSystem, tmp_path: Path) -> None:
    _assert_picture(_run_example("README.md", noop, tmp_path))


def test_the_frontend_example_prints_title_and_url(noop: LocalSystem, tmp_path: Path) -> None:
    title, _, url = _run_example("docs/guides/frontend.md", noop, tmp_path).rpartition(" ")
    assert title == "My star"
    _assert_picture(url)


def _run_example(page: str, system: LocalSystem, folder: Path) -> str:
    """Run the one JavaScript block of a page in Node, and return what it prints."""
    (example,) = re.findall(r"```js\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)
    (folder / "example.mjs").write_text(example)
    (folder / "node_modules").symlink_to(HERE / "node_modules")
    node = shutil.which("node")
    assert node, "CI needs Node"
    done = subprocess.run(
        [node, "--import", str(HERE / "websocket.mjs"), "example.mjs"],
        cwd=folder,
        env={**os.environ, "OURVIDZ_URL": system.base, "ANON_KEY": tokens.anon_token()},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


def _assert_picture(url: str) -> None:
    picture = web.get(url, follow_redirects=True)
    assert picture.headers["content-type"] == "image/png"
    assert picture.content.startswith(b"\x89PNG")
