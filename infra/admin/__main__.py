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
from infra.database.roles import let_in
from shared.contracts.job_catalog import WorkerType
from shared.db.queries import configured
from shared.services import Services
from shared.settings import SettingsError, settings


def main() -> int:
    """Do what the command line asks for, and say what came of it."""
    asked = parser().parse_args()
    try:
        said = _migrate(asked.login) if asked.command == "migrate" else asyncio.run(_do(asked))
    except SettingsError as error:
        print(f"The environment is not right: {error}", file=sys.stderr)  # noqa: T201 - an answer
        return 1
    print(said)  # noqa: T201 - a command's answer
    return 0


def _migrate(logins: list[str]) -> str:
    url = settings().database_url.get_secret_value()
    applied = migrate(url)
    let_in(url, logins)
    return "\n".join(applied) or "nothing to apply"


async def _do(asked: argparse.Namespace) -> str:
    services = Services(settings())
    try:
        return await _answer(asked, services)
    finally:
        await services.close()


async def _answer(asked: argparse.Namespace, services: Services) -> str:
    if asked.command == "export":
        return await users.export(services, asked.user, asked.to)
    if asked.command == "erase":
        return json.dumps(await users.erase(services, asked.user))
    if asked.command == "confirm-age":
        return await ages.confirm(services, asked.user, is_withdrawn=asked.withdraw)
    async with services.database.transaction() as connection:
        if asked.command == "retire":
            known = await configured.retire(connection, asked.id)
            return f"{asked.id} is sent nothing more." if known else f"{asked.id} is not known."
        await configured.put(
            connection,
            worker_id=asked.id,
            worker_type=asked.type,
            url=asked.url.rstrip("/"),
            slots=asked.slots,
        )
        return f"{asked.id} is known at {asked.url}."


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
