"""Who a child runs as, and that it ends with its parent: util-linux's ``setpriv`` does both."""

import os
import shutil
from pathlib import Path

from infra.local.errors import LocalSystemError

NOBODY = 65534
_CAPABILITIES = {"dac_read_search": 2, "dac_override": 1}
"""By their numbers in the kernel. The first lets a process read whatever it likes, the second
write too; a container often grants root only the second."""


class NoPrivilegesError(LocalSystemError):
    """The server cannot be run as another account here."""


def child_prefix(dies_with: str = "KILL") -> list[str]:
    """Put before a command, it makes the kernel end the process when its parent has died."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", dies_with, "--"] if setpriv else []


def server_prefix(binary: Path, data: Path, *, dies_with: str) -> list[str]:
    """The same for Postgres, which refuses to run as root: then as `nobody`, else as the caller.

    The checkout may lie in a folder that only root may enter. That folder stays closed: the
    server is given one capability instead, and only where it needs it.
    """
    if os.geteuid():
        return child_prefix(dies_with)
    setpriv = shutil.which("setpriv")
    if not setpriv:
        raise NoPrivilegesError(
            "Postgres does not run as root, and `setpriv` (of util-linux) is not here to start it "
            "as another account. Install util-linux, run this as an ordinary user, or set "
            "DATABASE_URL to a server of your own."
        )
    account = ["--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups"]
    rights = [] if _is_open(binary) and _is_open(data) else _reading_rights()
    ending = ["--no-new-privs", "--pdeathsig", dies_with, "--"]
    return [setpriv, *account, *rights, *ending]


def give_to_server(*paths: Path) -> None:
    """Make the server's account the owner, where it is not the caller's own."""
    if os.geteuid() == 0:
        for path in paths:
            os.chown(path, NOBODY, NOBODY)


def _is_open(path: Path) -> bool:
    """Whether every folder above lets anyone pass, so that no capability is needed."""
    return all(folder.stat().st_mode & 0o001 for folder in path.resolve().parents)


def _reading_rights() -> list[str]:
    held = _held()
    for name, number in _CAPABILITIES.items():
        if held & (1 << number):
            return [
                *("--bounding-set", f"-all,+{name}", "--inh-caps", f"-all,+{name}"),
                *("--ambient-caps", f"+{name}"),
                # Postgres asks access(2) first, which else leaves the capability out of account.
                *("--securebits", "+no_setuid_fixup"),
            ]
    raise NoPrivilegesError(
        "Postgres does not run as root, and root here lacks the capability to let another account "
        "into this folder. Move the checkout to a folder that everyone may enter, run this as an "
        "ordinary user, or set DATABASE_URL to a server of your own."
    )


def _held() -> int:
    """The capabilities of this process, as a bit field."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("CapEff:"):
            return int(line.split()[1], 16)
    return 0
