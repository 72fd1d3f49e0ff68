"""docs/guides/frontend.md lists every error code that an endpoint can answer, with its status."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator

from shared import errors
from tests.support.local_system import ROOT

_PAGE = (ROOT / "docs/guides/frontend.md").read_text()
_SOURCES = [path for top in ("shared", "functions") for path in (ROOT / top).rglob("*.py")]
_REST = ROOT / "functions/rest"


def _statuses() -> dict[str, int]:
    """Map each error class of the tree to its status."""
    found = {
        name: member.status for name, member in vars(errors).items() if hasattr(member, "status")
    }
    for path in _SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and node.name.endswith("Error"):
                own = [int(value) for name, value in _class_values(node) if name == "status"]
                bases = [ast.unparse(base) for base in node.bases]
                inherited = [found[base] for base in bases if base in found]
                if own or inherited:
                    found[node.name] = (own or inherited)[0]
    return found


def _class_values(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    """Yield what ``status, code = 404, "not_found"`` in a class's body assigns."""
    for line in node.body:
        match line:
            case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)):
                for name, value in zip(names, values, strict=True):
                    yield ast.unparse(name), str(ast.literal_eval(value))
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.Constant(value=value)):
                yield name, str(value)


def _codes() -> dict[str, set[int]]:
    """Collect each code with the statuses of the errors that carry it."""
    statuses, found = _statuses(), defaultdict[str, set[int]](set)
    for path in _SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and node.name in statuses:
                for name, value in _class_values(node):
                    if name == "code":
                        found[value].add(statuses[node.name])
            if isinstance(node, ast.Call) and (name := ast.unparse(node.func)) in statuses:
                for keyword in node.keywords:
                    if keyword.arg == "code":
                        for code in _spelled(keyword.value):
                            found[code].add(statuses[name])
    return found


def _spelled(value: ast.expr) -> list[str]:
    match value:
        case ast.Constant(value=str(code)):
            return [code]
        case ast.JoinedStr(values=[ast.Constant(value="job_"), _]):
            return ["job_failed", "job_cancelled"]
    return []


def _listed() -> dict[str, set[int]]:
    rows = re.findall(r"^\| `([a-z_]+)` \| ([\d, ]+) \|", _PAGE, re.MULTILINE)
    return {code: {int(status) for status in statuses.split(", ")} for code, statuses in rows}


def test_the_table_has_every_code_with_its_status() -> None:
    codes = _codes()
    assert {"not_json", "slowed_down", "job_failed", "quota_exceeded"} <= codes.keys()
    assert _listed() == codes


def test_the_table_of_rest_has_every_code_of_postgrest() -> None:
    text = "\n".join(path.read_text() for path in _REST.rglob("*.py"))
    listed = re.findall(r"^\| `(PGRST\w+)` \|", _PAGE, re.MULTILINE)
    assert set(listed) == set(re.findall(r"PGRST[0-9X]{2,3}\d", text))
    assert len(listed) == len(set(listed))
