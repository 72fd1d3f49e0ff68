"""Free ports of the local system, remembered between starts."""

import socket
from pathlib import Path

from infra.local.process import ports
from tests.support.local_system import wait_until

NAMES = ["storage", "tasks", "worker"]


def test_ports_differ_and_are_remembered(tmp_path: Path) -> None:
    file = tmp_path / "ports.json"

    def are_remembered() -> bool:
        first = ports.choose(file, NAMES, taken=[8080])
        assert len(set(first.values())) == 3
        return ports.choose(file, NAMES, taken=[8080]) == first

    wait_until(are_remembered, what="no other process to take one of the ports")


def test_a_port_that_was_taken_meanwhile_is_replaced_and_the_others_stay(tmp_path: Path) -> None:
    file = tmp_path / "ports.json"

    def do_the_others_stay() -> bool:
        first = ports.choose(file, NAMES)
        try:
            server = socket.create_server(("127.0.0.1", first["storage"]))
        except OSError:
            return False
        with server:
            second = ports.choose(file, NAMES)
        assert second["storage"] != first["storage"]
        return all(second[name] == first[name] for name in ("tasks", "worker"))

    wait_until(do_the_others_stay, what="no other process to take one of the ports")


def test_the_callers_port_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "ports.json"
    taken = ports.choose(file, ["storage"])["storage"]

    assert ports.choose(file, ["storage"], taken=[taken])["storage"] != taken


def test_a_listening_port_is_not_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert not ports.is_free(server.getsockname()[1])
