"""The local system through its command line: start, restart of processes and clean stop.

No worker runs here: these tests cover the processes that serve the functions.
"""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from infra.database.migrate import migrate, pending
from infra.local.database import server, setup
from tests.support.http import web
from tests.support.local_system import LocalSystem, free_port, wait_until

COUNTING_MIGRATION = """
-- A body with what splits badly: $$, 100 % and ; inside.
create table counts (n int);
create function counted() returns bigint language plpgsql as $$
declare
    found bigint; -- not here; either
begin
    if true then perform pg_sleep(0.2); end if;
    select count(*) into found from counts where 'a;b' like '%;%';
    return found;
end;
$$;
insert into counts values (1);
select counted();
"""


def command(*arguments: str, **options: str) -> list[str]:
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    return [sys.executable, "-m", "infra.local", *arguments, *words]


def run(words: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, **environment}
    return subprocess.run(words, capture_output=True, text=True, check=False, env=env)


def left_behind(data: Path) -> list[str]:
    """Command lines of running processes that name the data folder."""
    lines = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            lines.append(file.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
    return [line for line in lines if str(data) in line]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalSystem]:
    system = LocalSystem(tmp_path_factory.mktemp("system") / "data", worker="none")
    system.start()
    yield system
    system.stop()


def test_the_gateway_answers_and_shows_the_issuers_key(running: LocalSystem) -> None:
    assert web.get(running.base + "/healthz").status_code == 200
    assert web.get(running.base + "/.well-known/jwks.json").json()["keys"][0]["alg"] == "RS256"
    assert "OurVidz" in web.get(running.base + "/").text


def test_an_unknown_path_is_an_error_in_the_products_shape(running: LocalSystem) -> None:
    answer = web.get(running.base + "/functions/v1/unknown")

    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"
    assert answer.json()["success"] is False


def test_processes_are_listed_with_living_pids_and_ports(running: LocalSystem) -> None:
    pids = running.pids()

    assert set(pids) == {"postgres", "storage", "tasks", "gateway"}
    assert running.ports()["gateway"] == running.port
    for pid in pids.values():
        os.kill(pid, 0)


def test_the_maps_buckets_exist_once_the_gateway_answers(running: LocalSystem) -> None:
    port = running.ports()["storage"]
    answer = web.get(f"http://127.0.0.1:{port}/storage/v1/b/workspace-temp")

    assert answer.status_code == 200
    assert set(answer.json()["cors"][0]["method"]) == {"GET", "HEAD", "PUT"}


def test_the_functions_connect_as_a_role_without_rights_of_its_own(running: LocalSystem) -> None:
    admin = server.url(running.ports()["postgres"])

    with psycopg.connect(setup.functions_url(admin)) as connection:
        row = connection.execute(
            "select current_user::text, rolsuper, rolinherit from pg_roles "
            "where rolname = current_user"
        ).fetchone()
        assert row == ("functions", False, False)
        connection.execute("set local role service")


def test_migrations_applied_twice_at_once_are_applied_once(
    running: LocalSystem, tmp_path: Path
) -> None:
    port = running.ports()["postgres"]
    with psycopg.connect(server.url(port), autocommit=True) as connection:
        connection.execute("drop database if exists migrated with (force)")
        connection.execute("create database migrated")
    (tmp_path / "0001.counted.sql").write_text(COUNTING_MIGRATION)
    url = server.url(port, "migrated")

    with ThreadPoolExecutor(4) as pool:
        applied = list(pool.map(lambda _: migrate(url, tmp_path), range(4)))

    assert sorted(applied) == [[], [], [], ["0001.counted"]]
    with psycopg.connect(url) as connection:
        assert connection.execute("select counted()").fetchone() == (1,)


def test_a_migration_that_fails_leaves_neither_change_nor_record(
    running: LocalSystem, tmp_path: Path
) -> None:
    port = running.ports()["postgres"]
    with psycopg.connect(server.url(port), autocommit=True) as connection:
        connection.execute("drop database if exists failed with (force)")
        connection.execute("create database failed")
    (tmp_path / "0001.half.sql").write_text("create table half (); select 1 / 0;")
    url = server.url(port, "failed")

    with pytest.raises(psycopg.errors.DivisionByZero):
        migrate(url, tmp_path)

    with psycopg.connect(url, autocommit=True) as connection:
        assert connection.execute("select to_regclass('half')").fetchone() == (None,)
        assert pending(connection, tmp_path) == ["0001.half"]


@pytest.mark.parametrize("name", ["storage", "tasks", "gateway", "postgres"])
def test_a_killed_process_is_started_again_on_its_port(running: LocalSystem, name: str) -> None:
    pid, port = running.pids()[name], running.ports()[name]

    running.kill(name)

    wait_until(lambda: running.pids().get(name, pid) != pid, what=name)
    wait_until(lambda: answers(running, name), what=f"{name} to answer")
    assert running.ports()[name] == port
    assert f"{name} ended (SIGKILL)" in running.terminal()


def answers(running: LocalSystem, name: str) -> bool:
    try:
        if name == "postgres":
            psycopg.connect(server.url(running.ports()[name])).close()
        else:
            socket.create_connection(("127.0.0.1", running.ports()[name]), 1).close()
    except (OSError, KeyError, psycopg.Error):
        return False
    return True


def test_a_second_up_on_the_same_data_says_so(running: LocalSystem) -> None:
    second = run(command("up", data=str(running.data), port=str(free_port())))

    assert second.returncode == 1
    assert "running" in second.stderr
    assert "Traceback" not in second.stderr


def test_a_second_up_on_the_same_port_says_so(running: LocalSystem, tmp_path: Path) -> None:
    second = run(command("up", data=str(tmp_path / "other"), port=str(running.port)))

    assert second.returncode == 1
    assert f"Port {running.port} is in use" in second.stderr


def test_reset_is_refused_while_it_runs(running: LocalSystem) -> None:
    refused = run(command("reset", data=str(running.data)))

    assert refused.returncode == 1
    assert (running.data / "postgres").exists()


def test_data_and_ports_survive_a_restart_until_a_reset(tmp_path: Path) -> None:
    data = tmp_path / "data"
    system = LocalSystem(data, worker="none")
    system.start()
    ports = system.ports()
    with psycopg.connect(server.url(ports["postgres"])) as connection:
        connection.execute("create table kept as select 42 as answer")
    assert system.stop() == 0
    assert left_behind(data) == []
    assert not (data / "processes.json").exists()

    system.start()
    assert system.ports() == ports
    with psycopg.connect(server.url(ports["postgres"])) as connection:
        assert connection.execute("select answer from kept").fetchone() == (42,)
    system.kill_whole()
    wait_until(lambda: not left_behind(data), what="the children to end")

    assert run(command("reset", data=str(data))).returncode == 0
    assert not (data / "postgres").exists()


def test_a_start_that_fails_names_the_process_and_its_log(tmp_path: Path) -> None:
    data = tmp_path / "data"
    words = command("up", worker="none", data=str(data), port=str(free_port()))

    failed = run(words, LEASE_SECONDS="-1")

    assert failed.returncode == 1
    assert "gateway ended (exit 1)" in failed.stderr
    assert "LEASE_SECONDS" in failed.stderr
    assert left_behind(data) == []
