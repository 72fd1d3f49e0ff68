"""Local system CLI."""

import argparse
import signal
import sys
import uuid
from dataclasses import fields
from pathlib import Path

from infra.local.config.keys import WORKERS
from infra.local.supervisor.processes import Options

_DATA = Options.data


def main() -> int:
    """Run the command and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m infra.local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    _add_up(commands.add_parser("up", help="start everything and serve until Ctrl-C"))
    _add_token(commands.add_parser("token", help="print a token for development"))
    reset = commands.add_parser("reset", help="remove the data")
    reset.add_argument("--data", type=Path, default=_DATA, help="the data folder")
    export = commands.add_parser("export-library", help="write the library to a folder")
    export.add_argument("--data", type=Path, default=_DATA, help="the data folder")
    export.add_argument("--to", type=Path, required=True, help="the folder to write")
    arguments = parser.parse_args()
    run = {"up": _up, "token": _token, "reset": _reset, "export-library": _export_library}
    return run[arguments.command](arguments)


def _add_up(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=int, default=Options.port, help="the gateway's port")
    parser.add_argument("--data", type=Path, default=_DATA, help="the data folder")
    parser.add_argument("--worker", choices=[*WORKERS, "none"], default=Options.worker)
    parser.add_argument("--sample", metavar="PROMPT", help="generate one picture after the start")
    parser.add_argument("--once", action="store_true", help="stop after the sample")


def _add_token(parser: argparse.ArgumentParser) -> None:
    role = parser.add_mutually_exclusive_group()
    role.add_argument(
        "--admin", action="store_true", help="with the admin role; valid in the local system only"
    )
    role.add_argument("--anon", action="store_true", help="a client without a user")
    parser.add_argument("--user", type=uuid.UUID, help="default: one fixed user")
    parser.add_argument("--expires-in", type=int, metavar="SECONDS", help="default: a week")


def _up(arguments: argparse.Namespace) -> int:
    for number in (signal.SIGINT, signal.SIGTERM):
        # Before the supervisor handles the signals there is nothing to stop.
        signal.signal(number, lambda *_: sys.exit(0))
    from infra.local.supervisor.supervisor import up  # noqa: PLC0415 - `token` and `reset` need none of it

    return up(Options(**{field.name: getattr(arguments, field.name) for field in fields(Options)}))


def _token(arguments: argparse.Namespace) -> int:
    from infra.local.config import tokens  # noqa: PLC0415 - slow, and `up` needs it later

    lifetime = arguments.expires_in
    if lifetime is None:
        lifetime = tokens.LIFETIME_SECONDS
    if arguments.anon:
        token = tokens.anon_token(expires_in=lifetime)
    else:
        user = str(arguments.user or tokens.DEVELOPER)
        token = tokens.user_token(user, is_admin=arguments.admin, expires_in=lifetime)
    print(token)
    return 0


def _reset(arguments: argparse.Namespace) -> int:
    from infra.local.process import data_dir  # noqa: PLC0415 - like the other commands

    try:
        data_dir.reset(arguments.data.resolve())
    except data_dir.BusyError as error:
        print(error, "Stop it first.", file=sys.stderr)
        return 1
    print(f"The data in {arguments.data} is gone.")
    return 0


def _export_library(arguments: argparse.Namespace) -> int:
    from infra.local.database import export  # noqa: PLC0415 - like the other commands
    from infra.local.errors import LocalSystemError  # noqa: PLC0415

    try:
        print(export.export(arguments.data.resolve(), arguments.to.resolve()))
    except LocalSystemError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
