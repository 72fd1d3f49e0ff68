"""Account and lifetime of child processes, by util-linux's ``setpriv``."""

import os
import shutil
from pathlib import Path

from infra.local.errors import LocalSystemError

UNPRIVILEGED_ID = 65534
_CAPABILITIES = {"dac_read_search": 2, "dac_override": 1}
"""Capabilities by name, with their numbers in the kernel. The first allows reading all files, the
second also writing; containers often grant root only the second."""


class NoPrivilegesError(LocalSystemError):
    """The server cannot be run as another account here."""


def child_prefix(dies_with: str = "KILL") -> list[str]:
    """Return a command prefix that makes the kernel end the process when its parent dies.

    Args:
        dies_with: the name of the signal.

    Returns:
        The prefix; empty if ``setpriv`` is not installed.
    """
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", dies_with, "--"] if setpriv else []


def server_prefix(binary: Path, data: Path, *, dies_with: str) -> list[str]:
    """Return the prefix for Postgres, which refuses to run as root: root runs it as account 65534.

    The checkout may be in a folder that only root can enter. Its permissions are not changed: the
    server gets one capability instead, and only if it needs it.

    Raises:
        NoPrivilegesError: the server cannot run as another account.
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
    account = ["--reuid", str(UNPRIVILEGED_ID), "--regid", str(UNPRIVILEGED_ID), "--clear-groups"]
    rights = [] if _is_open(binary) and _is_open(data) else _reading_rights()
    ending = ["--no-new-privs", "--pdeathsig", dies_with, "--"]
    return [setpriv, *account, *rights, *ending]


def give_to_server(*paths: Path) -> None:
    """Make the server's account the owner of paths, if it is not the caller's account."""
    if os.geteuid() == 0:
        for path in paths:
            os.chown(path, UNPRIVILEGED_ID, UNPRIVILEGED_ID)


def _is_open(path: Path) -> bool:
    """Return whether all accounts can traverse every parent folder."""
    return all(folder.stat().st_mode & 0o001 for folder in path.resolve().parents)


def _reading_rights() -> list[str]:
    effective = _effective_capabilities()
    for name, number in _CAPABILITIES.items():
        if effective & (1 << number):
            return [
                *("--bounding-set", f"-all,+{name}", "--inh-caps", f"-all,+{name}"),
                *("--ambient-caps", f"+{name}"),
                # Postgres calls access(2) first, which would otherwise ignore the capability.
                *("--securebits", "+no_setuid_fixup"),
            ]
    raise NoPrivilegesError(
        "Postgres does not run as root, and root here lacks the capability to let another account "
        "into this folder. Move the checkout to a folder that everyone may enter, run this as an "
        "ordinary user, or set DATABASE_URL to a server of your own."
    )


def _effective_capabilities() -> int:
    """Return the effective capabilities of this process as a bit field."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("CapEff:"):
            return int(line.split()[1], 16)
    return 0
