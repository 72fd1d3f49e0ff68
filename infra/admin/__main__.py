"""``python -m infra.admin migrate|export|erase|confirm-age|worker|retire``: by hand.

The settings are the functions' own (shared/settings.py), but DATABASE_URL is the owner's.
"""

import argparse
import asyncio
import json
import sys
from pathlib import Path
from typing import get_args
from uuid import UUID

from infra.admin import ages, users
from infra.database.migrate import migrate
from infra.database.roles import grant_roles
from shared.contracts.job_catalog import WorkerType
from shared.db.queries import configured
from shared.services import Services
from shared.settings import SettingsError, settings


def main() -> int:
    """Do what the command line asks for, and say what came of it."""
    options = parser().parse_args()
    try:
        message = (
            _migrate(options.login) if options.command == "migrate" else asyncio.run(_run(options))
        )
    except SettingsError as error:
        print(f"The environment is not right: {error}", file=sys.stderr)  # noqa: T201 - an answer
        return 1
    print(message)  # noqa: T201 - a command's answer
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
    if options.command == "erase":
        return json.dumps(await users.erase(services, options.user))
    if options.command == "confirm-age":
        return await ages.confirm(services, options.user, is_withdrawn=options.withdraw)
    async with services.database.transaction() as connection:
        if options.command == "retire":
            known = await configured.deactivate(connection, options.id)
            return f"{options.id} is sent nothing more." if known else f"{options.id} is not known."
        await configured.upsert_configured(
            connection,
            worker_id=options.id,
            worker_type=options.type,
            url=options.url.rstrip("/"),
            slots=options.slots,
        )
        return f"{options.id} is known at {options.url}."


def parser() -> argparse.ArgumentParser:
    """What each command takes."""
    parser = argparse.ArgumentParser(prog="python -m infra.admin", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("migrate", help="apply what is pending, and let the functions in")
    one.add_argument("--login", action="append", default=[], help="as the cloud calls an account")
    for name, does in (("export", "give what is known of a user"), ("erase", "erase a user")):
        one = commands.add_parser(name, help=does)
        one.add_argument("--user", type=UUID, required=True)
        if name == "export":
            one.add_argument("--to", type=Path, help="a file; default: the workspace bucket")
    one = commands.add_parser("confirm-age", help="let a user ask for nsfw, where it is offered")
    one.add_argument("--user", type=UUID, required=True)
    one.add_argument("--withdraw", action="store_true", help="no longer")
    one = commands.add_parser("worker", help="make known a worker that starts when it is called")
    one.add_argument("--id", required=True, help="of its key in WORKER_KEYS")
    one.add_argument("--type", required=True, choices=get_args(WorkerType))
    one.add_argument("--url", required=True)
    one.add_argument("--slots", type=int, required=True, help="of all its instances together")
    one = commands.add_parser("retire", help="send a worker nothing more")
    one.add_argument("--id", required=True)
    return parser


if __name__ == "__main__":
    sys.exit(main())
