"""Port selection: free ports, stored so that they stay the same."""

import json
import random
import socket
from collections.abc import Iterable
from pathlib import Path

from infra.local.errors import LocalSystemError
from infra.local.process.atomic_file import write_json

_RANGE = range(20_000, 30_000)
"""Below Linux's range for outgoing connections, which could take the port of a process that is
being restarted."""


class NoPortError(LocalSystemError):
    """No free port was found."""


def is_free(port: int) -> bool:
    """Return whether a server could listen on 127.0.0.1 at this port now."""
    with socket.socket() as probe:
        # As servers do: connections of the last run in TIME_WAIT do not matter.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen(1)
        except OSError:
            return False
    return True


def choose(file: Path, names: Iterable[str], *, taken: Iterable[int] = ()) -> dict[str, int]:
    """Choose a port for each name: the stored one if it is free, else a random one.

    Args:
        file: the JSON file of the stored ports; updated.
        names: the names to choose ports for.
        taken: ports that must not be used.

    Raises:
        NoPortError: no free port was found.
    """
    stored: dict[str, int] = json.loads(file.read_text()) if file.exists() else {}
    chosen: dict[str, int] = {}
    for name in names:
        used = {*taken, *chosen.values()}
        port = stored.get(name)
        if port is None or port in used or not is_free(port):
            port = _free_port(used)
        chosen[name] = port
    write_json(file, {**stored, **chosen})
    return chosen


def _free_port(used: set[int]) -> int:
    for port in random.sample(_RANGE, 200):
        if port not in used and is_free(port):
            return port
    raise NoPortError(f"no free port on 127.0.0.1 between {_RANGE.start} and {_RANGE.stop}")
