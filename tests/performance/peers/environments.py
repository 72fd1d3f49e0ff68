"""A virtual environment for each peer, created by uv below .local."""

import subprocess
import sys
from pathlib import Path

from tests.performance.peers.peers import Peer
from tests.support.local_system import ROOT

_FOLDER = ROOT / ".local" / "peers"
_INSTALL_SECONDS = 300


class NotInstalledError(Exception):
    """The peer cannot be installed or started here; the text has the reason."""


def python_of(peer: Peer) -> Path:
    """Return the interpreter of a peer's environment, created at first use.

    Raises:
        NotInstalledError: Its packages cannot be installed.
    """
    folder = _FOLDER / f"{peer.name}-{_key(peer)}"
    python, done = folder / "bin" / "python", folder / "installed"
    if not done.exists():
        _run("venv", "--quiet", "--allow-existing", "--python", sys.executable, str(folder))
        _run("pip", "install", "--quiet", "--python", str(python), *peer.packages)
        done.touch()
    return python


def versions(peer: Peer) -> str:
    """Return the installed versions of the peer's packages."""
    listed = _run("pip", "freeze", "--python", str(python_of(peer))).splitlines()
    packages = {package.partition("==")[0].partition("[")[0].lower() for package in peer.packages}
    chosen = [line for line in listed if line.partition("==")[0].lower() in packages]
    return ", ".join(line.replace("==", " ") for line in chosen)


def _key(peer: Peer) -> str:
    return str(sum(ord(character) * n for n, character in enumerate("".join(peer.packages), 1)))


def _run(*arguments: str) -> str:
    try:
        done = subprocess.run(
            [str(Path(sys.executable).parent / "uv"), *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=_INSTALL_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise NotInstalledError(f"it took more than {_INSTALL_SECONDS} s to install") from error
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        raise NotInstalledError(lines[-1].strip() if lines else "uv failed")
    return done.stdout
