"""The ports of the local system: one is the caller's, the rest are free ones, remembered."""

import json
import random
import socket
from collections.abc import Iterable
from pathlib import Path

from infra.local.errors import LocalSystemError
from infra.local.process.atomic_file import write_json

_RANGE = range(20_000, 30_000)
"""Below the range that Linux hands to outgoing connections, which could take a port from a
process that is being restarted."""


class NoPortError(LocalSystemError):
    """No free port was found."""


def is_free(port: int) -> bool:
    """Whether a server could listen on 127.0.0.1 at this port now."""
    with socket.socket() as trial:
        # As servers do: a connection that lingers from the last run does not matter.
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", port))
            trial.listen(1)
        except OSError:
            return False
    return True


def choose(file: Path, names: Iterable[str], *, taken: Iterable[int] = ()) -> dict[str, int]:
    """A port for each name: those of the file while they are free, so that addresses last."""
    known: dict[str, int] = json.loads(file.read_text()) if file.exists() else {}
    chosen: dict[str, int] = {}
    for name in names:
        used = {*taken, *chosen.values()}
        port = known.get(name)
        if port is None or port in used or not is_free(port):
            port = _free_port(used)
        chosen[name] = port
    write_json(file, {**known, **chosen})
    return chosen


def _free_port(used: set[int]) -> int:
    for port in random.sample(_RANGE, 200):
        if port not in used and is_free(port):
            return port
    raise NoPortError(f"no free port on 127.0.0.1 between {_RANGE.start} and {_RANGE.stop}")
