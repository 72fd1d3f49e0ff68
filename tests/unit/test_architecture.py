"""Rules of the source tree that import-linter's contracts (in pyproject.toml) cannot express."""

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra import manifest as the_map

ROOT = Path(__file__).parents[2]
FUNCTIONS = the_map.read().functions

AUTHENTICATORS = {
    "user": {
        "require_user",
        "require_user_or_ticket",
        "require_user_or_worker",
    },  # a ticket or a worker's signature stands for a user
    "user_or_anon": {
        "require_user_or_anon",
        "optional_user",
    },  # a signed URL needs no other credential
    "admin": {"require_admin"},
    "worker": {"require_worker"},
    "scheduler": {"require_scheduler"},
}
SUPPLIED_ELSEWHERE = {
    "shared/workers/challenge.py: secrets.token_urlsafe",  # a challenge must be unpredictable
    "shared/contracts/webhook_signature.py: secrets.token_bytes",  # a key, for the operator
    "shared/http/responses.py: datetime.now",  # an error's own timestamp
    "shared/http/request.py: uuid.uuid4",  # a new trace starts here
    "shared/http/endpoint.py: uuid.uuid4",  # the request's id
}
SUPPLIERS = re.compile(
    r"(secrets|random)\.\w+|time\.time(_ns)?|uuid\.uuid\d|os\.urandom"
    r"|(datetime\.)?(datetime|date)\.(now|utcnow|today)"
)
RUNS_SQL = re.compile(r"\.(execute|executemany|cursor)$|: psycopg\.sql\b")
SQL = re.compile(
    r"\s*(select\s.*\sfrom\s|select \w+\(|insert into |update \w+ set\s|delete from "
    r"|with \w+ as\b|(create|alter|drop) (table|role|index) |set local |truncate |listen |notify )",
    re.IGNORECASE | re.DOTALL,
)


def modules(root: Path, *packages: str) -> Iterator[tuple[str, ast.Module]]:
    """Yield each module below the packages with its path."""
    for package in packages:
        for path in sorted((root / package).rglob("*.py")):
            yield path.relative_to(root).as_posix(), ast.parse(path.read_text())


def sql_outside_the_queries(root: Path) -> set[str]:
    """Return code that composes or runs SQL outside ``shared/db`` and ``functions/rest``."""
    found = {line for line in _named(root, "functions", "shared") if RUNS_SQL.search(line)}
    for path, tree in modules(root, "functions", "shared"):
        prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        texts = [node for node in ast.walk(tree) if isinstance(node, ast.Constant)]
        strings = [str(node.value) for node in texts if id(node) not in prose]
        found |= {f"{path}: {text}" for text in strings if SQL.match(text)}
    return {line for line in found if not line.startswith(("shared/db/", "functions/rest/"))}


def limits_in_subqueries(root: Path) -> set[str]:
    """Return SQL with a limit in ``in (select ...)``, which a nested loop runs again for each row.

    Each run can pick other rows, so that the statement changes more rows than the limit. A
    materialized common table expression runs once.
    """
    subquery = re.compile(
        r"\bin\s*\(\s*select\b[^()]*(?:\([^()]*\)[^()]*)*\blimit\b", re.IGNORECASE
    )
    return {
        f"{path}: {node.lineno}"
        for path, tree in modules(root, "functions", "shared")
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and subquery.search(str(node.value))
    }


def environment_outside_the_settings(root: Path) -> set[str]:
    """Return code that reads the environment outside the one settings module."""
    return {
        line
        for line in _named(root, "functions", "shared", "gpu_workers")
        if re.search(r": os\.(environb?|getenvb?|putenv)$", line)
        and not line.startswith("shared/telemetry/settings.py")
    }


def suppliers_outside_the_services(root: Path) -> set[str]:
    """Return code that uses a clock, ids or randomness outside ``shared/services.py``."""
    return {
        line
        for line in _named(root, "functions", "shared")
        if SUPPLIERS.fullmatch(line.partition(": ")[2])
        and not line.startswith("shared/services.py")
    }


def contracts_imports(root: Path) -> set[str]:
    """Return what ``shared/contracts`` imports beside itself, pydantic and the standard library."""
    known = {*sys.stdlib_module_names, "pydantic", "pydantic_core"}
    found = set()
    for path, tree in modules(root, "shared/contracts"):
        for node in ast.walk(tree):
            match node:
                case ast.Import(names=names):
                    imported = [name.name for name in names]
                case ast.ImportFrom(module=str(module)):
                    imported = [module]
                case _:
                    continue
            found |= {f"{path}: {one}" for one in imported if one.partition(".")[0] not in known}
    return {line for line in found if not re.search(r": shared\.contracts(\.|$)", line)}


def unprotected_tables(root: Path) -> set[str]:
    """Return the tables that no migration puts under row-level security."""
    folder = root / "infra/database/migrations"
    text = "\n".join(path.read_text() for path in folder.glob("*.sql")).lower()
    made = re.findall(
        r"^\s*create (?:unlogged )?table (?:if not exists )?([\w.]+)", text, re.MULTILINE
    )
    return set(made) - set(
        re.findall(r"^call private\.enable_rls\('([\w.]+)'\);", text, re.MULTILINE)
    )


def unpinned(root: Path) -> set[str]:
    """Return requirements of the functions without a version and hash, or of a model."""
    text = re.sub(r"(?m)^\s*#.*\n?", "", (root / "requirements.txt").read_text())
    lines = [line for line in text.replace("\\\n", " ").splitlines() if line.strip()]
    pinned = re.compile(
        r"(?!torch|diffusers|transformers)[\w.-]+==\S+( ;.*?)?( +--hash=sha256:\w{64})+"
    )
    return {line for line in lines if not pinned.fullmatch(line.split("  #")[0].rstrip())}


Rule = Callable[[Path], set[str]]
EXCEPTIONS: dict[Rule, set[str]] = {suppliers_outside_the_services: SUPPLIED_ELSEWHERE}
BREACHES: list[tuple[Rule, str, str]] = [
    (sql_outside_the_queries, "functions/a/b.py", "QUERY = 'select id from jobs'"),
    (sql_outside_the_queries, "shared/a.py", "async def f(c, q): await c.execute(q)"),
    (sql_outside_the_queries, "shared/a.py", "from psycopg import sql"),
    (
        limits_in_subqueries,
        "shared/db/queries/a.py",
        "A = 'delete from a where id in (select id from a where b < now() limit 5)'",
    ),
    (environment_outside_the_settings, "functions/a/b.py", "import os\nA = os.environ['A']"),
    (environment_outside_the_settings, "gpu_workers/a.py", "from os import getenv"),
    (suppliers_outside_the_services, "shared/a.py", "import time\ntime.time()"),
    (suppliers_outside_the_services, "shared/a.py", "from uuid import uuid4"),
    (suppliers_outside_the_services, "functions/a/b.py", "datetime.now(UTC)"),
    (contracts_imports, "shared/contracts/a.py", "from shared.errors import ApiError"),
    (contracts_imports, "shared/contracts/a.py", "import httpx"),
    (unprotected_tables, "infra/database/migrations/1.sql", "create table a (id int);"),
    (unpinned, "requirements.txt", "httpx==1.0"),
    (unpinned, "requirements.txt", f"torch==2.0 \\\n    --hash=sha256:{'0' * 64}"),
]


@pytest.mark.parametrize("rule", dict.fromkeys(rule for rule, _, _ in BREACHES))
def test_the_tree_keeps_the_rule(rule: Rule) -> None:
    assert rule(ROOT) == EXCEPTIONS.get(rule, set())


@pytest.mark.parametrize(("rule", "path", "text"), BREACHES)
def test_the_rule_notices_a_breach(rule: Rule, path: str, text: str, tmp_path: Path) -> None:
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).write_text(text)

    assert len(rule(tmp_path)) == 1


def test_each_folder_has_one_entry_in_the_map() -> None:
    folders = {path.parent.name for path in (ROOT / "functions").glob("*/*.py")}
    # Unlike the YAML loader, the composer keeps duplicate keys.
    tree: Any = yaml.compose(the_map.PATH.read_text())
    entries = [value for key, value in tree.value if key.value in {"functions", "services"}]

    names = [key.value for several in entries for key, _ in several.value]
    assert sorted(names) == sorted(folder.replace("_", "-") for folder in folders)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_handler_is_short_and_says_what_the_map_says(name: str) -> None:
    function = FUNCTIONS[name]
    text = ROOT.joinpath(*function.module.split(".")).with_suffix(".py").read_text()
    assert len(text.splitlines()) <= 90

    match ast.parse(text).body[-1]:
        case ast.Assign(
            targets=[ast.Name("main")],
            value=ast.Call(ast.Name("endpoint"), [ast.Name(handler)], keywords),
        ):
            arguments = {keyword.arg: ast.unparse(keyword.value) for keyword in keywords}
        case other:
            pytest.fail(f"it ends with {ast.unparse(other)}")
    assert handler == name.replace("-", "_")
    assert arguments["authenticate"] in AUTHENTICATORS[function.caller]
    assert list(ast.literal_eval(arguments.get("methods", "('POST',)"))) == function.methods


def test_no_installed_package_has_a_name_of_ours() -> None:
    assert not {"shared", "functions", "gpu_workers"} & packages_distributions().keys()


def test_a_handler_is_imported_without_a_setting() -> None:
    modules = [function.module for function in FUNCTIONS.values()]
    text = "import importlib, sys; [importlib.import_module(one) for one in sys.argv[1:]]"
    subprocess.run([sys.executable, "-c", text, *modules], cwd=ROOT, env={}, check=True)


def _named(root: Path, *packages: str) -> Iterator[str]:
    """Yield each dotted name in each module, and each name that it imports from another."""
    for path, tree in modules(root, *packages):
        for node in ast.walk(tree):
            match node:
                case ast.Attribute():
                    yield f"{path}: {ast.unparse(node)}"
                case ast.ImportFrom(module=str(module), names=names):
                    yield from (f"{path}: {module}.{name.name}" for name in names)
