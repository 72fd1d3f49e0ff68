"""Operator CLI: ``python -m infra.admin COMMAND``; ``--help`` lists the commands.

It uses the functions' settings (shared/settings.py); DATABASE_URL must be that of the owner.
"""

import argparse
import asyncio
import json
import sys
from pathlib import Path
from typing import get_args
from uuid import UUID

from infra.admin import users
from infra.database.library_export import LibraryExportError, export_library
from infra.database.migrate import OldDatabaseError, migrate
from infra.database.roles import grant_roles
from shared.contracts.job_catalog import WorkerType
from shared.db.queries import workers
from shared.services import Services
from shared.settings import SettingsError, settings

_MAX_FILE_BYTES = 1 << 30
"""Of one exported file."""


def main() -> int:
    """Run the command, print its result and return the exit status."""
    options = parser().parse_args()
    try:
        message = (
            _migrate(options.login) if options.command == "migrate" else asyncio.run(_run(options))
        )
    except SettingsError as error:
        print(f"The environment is not right: {error}", file=sys.stderr)  # noqa: T201 - a command's output
        return 1
    except (OldDatabaseError, LibraryExportError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command's output
        return 1
    print(message)  # noqa: T201 - a command's output
    return 0


def _migrate(logins: list[str]) -> str:
    url = settings().database_url.get_secret_value()
    applied = migrate(url)
    grant_roles(url, logins)
    return "\n".join(applied) or "nothing to apply"


async def _run(options: argparse.Namespace) -> str:
    services = Services(settings())
    try:
        return await _run_with_services(options, services)
    finally:
        await services.close()


async def _run_with_services(options: argparse.Namespace, services: Services) -> str:
    if options.command == "export":
        return await users.export(services, options.user, options.to)
    if options.command == "export-library":
        return await _export_library(services, options.to)
    if options.command == "erase":
        return json.dumps(await users.erase(services, options.user))
    if options.command == "confirm-age":
        return await users.confirm_age(services, options.user, is_withdrawn=options.withdraw)
    async with services.database.transaction() as connection:
        if options.command == "retire":
            exists = await workers.deactivate(connection, options.id)
            return f"{options.id} was deactivated." if exists else f"{options.id} does not exist."
        await workers.upsert_configured(
            connection,
            worker_id=options.id,
            worker_type=options.type,
            url=options.url.rstrip("/"),
            slots=options.slots,
        )
        return f"{options.id} was added with URL {options.url}."


async def _export_library(services: Services, to: Path) -> str:
    url = services.settings.database_url.get_secret_value()
    bucket = services.settings.library_bucket

    async def read_file(path: str) -> bytes | None:
        return await services.storage.read(bucket, path, max_bytes=_MAX_FILE_BYTES)

    return await export_library(url, read_file, to)


def parser() -> argparse.ArgumentParser:
    """Return the parser of the commands."""
    parser = argparse.ArgumentParser(prog="python -m infra.admin", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser(
        "migrate", help="apply pending migrations, and grant the functions' roles"
    )
    command.add_argument("--login", action="append", default=[], help="an account's Postgres login")
    for name, does in (("export", "export a user's data"), ("erase", "erase a user's data")):
        command = commands.add_parser(name, help=does)
        command.add_argument("--user", type=UUID, required=True)
        if name == "export":
            command.add_argument("--to", type=Path, help="a file; default: the workspace bucket")
    command = commands.add_parser(
        "export-library", help="export the library of all users, of any version of the tables"
    )
    command.add_argument("--to", type=Path, required=True, help="the folder to write")
    command = commands.add_parser(
        "confirm-age", help="confirm a user's age, which allows nsfw if it is enabled"
    )
    command.add_argument("--user", type=UUID, required=True)
    command.add_argument("--withdraw", action="store_true", help="withdraw the confirmation")
    command = commands.add_parser("worker", help="add a worker that starts on demand")
    command.add_argument("--id", required=True, help="the id of its key in WORKER_KEYS")
    command.add_argument("--type", required=True, choices=get_args(WorkerType))
    command.add_argument("--url", required=True)
    command.add_argument(
        "--slots", type=int, required=True, help="slots of all its instances together"
    )
    command = commands.add_parser("retire", help="deactivate a worker")
    command.add_argument("--id", required=True)
    return parser


if __name__ == "__main__":
    sys.exit(main())
