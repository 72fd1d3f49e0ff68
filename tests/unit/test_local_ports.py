"""Free ports, remembered."""

import socket
from pathlib import Path

from infra.local import ports


def test_ports_differ_and_are_remembered(tmp_path: Path) -> None:
    file = tmp_path / "ports.json"
    first = ports.choose(file, ["storage", "tasks", "worker"], taken=[8080])

    assert len(set(first.values())) == 3
    assert ports.choose(file, ["storage", "tasks", "worker"], taken=[8080]) == first


def test_a_port_that_was_taken_meanwhile_is_replaced_and_the_others_stay(tmp_path: Path) -> None:
    file = tmp_path / "ports.json"
    first = ports.choose(file, ["storage", "tasks"])

    with socket.create_server(("127.0.0.1", first["storage"])):
        second = ports.choose(file, ["storage", "tasks"])

    assert second["storage"] != first["storage"]
    assert second["tasks"] == first["tasks"]


def test_the_callers_port_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "ports.json"
    taken = ports.choose(file, ["storage"])["storage"]

    assert ports.choose(file, ["storage"], taken=[taken])["storage"] != taken


def test_a_listening_port_is_not_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert not ports.is_free(server.getsockname()[1])
