"""Migrations that have landed do not change."""

import hashlib

from infra.database.migrate import FOLDER

DIGESTS = FOLDER / "SHA256SUMS"


def test_no_landed_migration_changes() -> None:
    lines = [line.split() for line in DIGESTS.read_text().splitlines()]
    recorded = {name: digest for digest, name in lines}
    present = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in FOLDER.glob("*.sql")
    }
    assert present == recorded, (
        "Databases have applied the recorded migrations: add a new one, do not edit or remove one. "
        "Record a new one: cd infra/database/migrations && sha256sum NAME.sql >> SHA256SUMS"
    )
