"""The data folder of a local system: which accounts may read it."""

import contextlib
import os
import stat
from pathlib import Path

import pytest

from infra.local.config import keys
from infra.local.process import data_dir
from tests.integration.auth.auth_client import Visitor
from tests.integration.storage.uploads import own, send
from tests.support.local_system import LocalSystem, UserClient


def _open_to_others(root: Path) -> dict[str, str]:
    """Return the files that other accounts have rights to, by path, with their modes."""
    found: dict[str, str] = {}
    for path in [root, *root.rglob("*")]:
        with contextlib.suppress(FileNotFoundError):  # a running system removes files
            mode = path.lstat().st_mode
            if mode & 0o077 and not stat.S_ISLNK(mode):
                found[str(path.relative_to(root))] = stat.filemode(mode)
    return found


def test_no_other_account_reads_the_data(bare: LocalSystem, person: UserClient) -> None:
    Visitor(bare).sign_up()
    assert send(person, own(person)).status_code == 200
    person.create_job()
    assert {"auth.sqlite3", "logs", "storage", "tasks"} <= {
        path.name for path in bare.data.iterdir()
    }
    # Under root, Postgres has another account, which may enter the folder but not list it.
    passable = {".": "drwx--x--x"} if os.geteuid() == 0 else {}
    assert _open_to_others(bare.data) == passable
    assert _open_to_others(keys.FOLDER) == {}


@pytest.mark.parametrize("name", ["auth.sqlite3", "ports.json"])
def test_what_an_earlier_version_left_open_is_closed(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    (tmp_path / name).chmod(0o644)
    (tmp_path / "storage").mkdir()
    (tmp_path / "storage").chmod(0o755)
    with data_dir.lock(tmp_path):
        assert not _open_to_others(tmp_path).keys() - {"."}
