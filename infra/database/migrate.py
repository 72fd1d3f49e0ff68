"""Apply the migrations: ``DATABASE_URL=postgresql://... python -m infra.database.migrate``.

yoyo-migrations orders and records them; each file is applied and recorded in one transaction, so
that a crash leaves either both or neither.
"""

import os
import sys
from pathlib import Path

import psycopg

FOLDER = Path(__file__).parent / "migrations"
_RECORD = "_yoyo_migration"
_LOCK = 0x6F757276_69647A
"""The number of an advisory lock, which ends with its connection, unlike yoyo's lock row."""
_OLD_FIRST = "0001.identity"
"""The first migration of the set that was used until December 2026 and has no successor."""


class OldDatabaseError(RuntimeError):
    """The tables of a database are older than the first migration of this version."""

    def __init__(self, export_command: str = "python -m infra.admin export-library") -> None:
        super().__init__(
            "This database was created by a version whose tables cannot be upgraded; it was not "
            f"changed. Export its library with `{export_command} --to FOLDER`, then use a new "
            "database."
        )


def migrate(url: str, folder: Path = FOLDER) -> list[str]:
    """Apply pending migrations and return their names in order.

    Concurrent calls are safe: the second waits for the first and then has nothing to apply.

    Args:
        url: the database's URL, as the owner of the schema.
        folder: the folder of the ``.sql`` files.

    Raises:
        OldDatabaseError: the database has tables that this version cannot upgrade.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        if not pending(connection, folder):
            return []
    with psycopg.connect(url) as holder:
        holder.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
        return _apply(url, folder)


def pending(connection: psycopg.Connection, folder: Path = FOLDER) -> list[str]:
    """Return the migrations of the folder that are not applied yet.

    It reads yoyo's table without importing yoyo, which takes a fifth of a second.

    Raises:
        OldDatabaseError: the database has tables that this version cannot upgrade.
    """
    files = sorted(
        path.stem for path in folder.glob("*.sql") if not path.name.endswith(".rollback.sql")
    )
    row = connection.execute("select to_regclass(%s)", [_RECORD]).fetchone()
    if row is None or row[0] is None:
        return files
    rows = connection.execute("select migration_id from _yoyo_migration").fetchall()
    applied = {str(row[0]) for row in rows}
    if _OLD_FIRST in applied:
        raise OldDatabaseError
    return [name for name in files if name not in applied]


def _apply(url: str, folder: Path) -> list[str]:
    from yoyo import get_backend, read_migrations  # noqa: PLC0415 - slow, and seldom needed

    scheme, _, rest = url.partition("://")
    address = f"{scheme.partition('+')[0]}+psycopg://{rest}"
    names = []
    with get_backend(address, migration_table=_RECORD) as backend:
        for migration in backend.to_apply(read_migrations(str(folder))):
            migration.load()
            if migration.use_transactions:
                # yoyo's apply_one records the migration in a second transaction.
                with backend.transaction():
                    migration.process_steps(backend, "apply")
                    backend.mark_one(migration, log=False)
            else:
                backend.apply_one(migration)
            names.append(str(migration.id))
    return names


def main() -> None:
    """Apply the migrations to the database at DATABASE_URL."""
    url = os.environ.get("DATABASE_URL")
    if not url:
        sys.exit("DATABASE_URL is not set: it names the database to migrate.")
    try:
        applied = migrate(url)
    except OldDatabaseError as error:
        sys.exit(str(error))
    print("\n".join(applied) or "nothing to apply", flush=True)  # noqa: T201 - a command's output


if __name__ == "__main__":
    main()
