"""The pages of the repository: what they name exists."""

import re
from pathlib import Path

import pytest

from infra.admin.__main__ import parser
from tests.infra.test_workflows import TARGETS, made
from tests.support.local_system import ROOT

PAGES = sorted((ROOT / "docs/operations").rglob("*.md"))
DECISIONS = sorted((ROOT / "docs/decisions").glob("*.md"))
LINKING = [
    page
    for page in sorted(ROOT.rglob("*.md"))
    if not {".venv", ".local", "node_modules"} & set(page.relative_to(ROOT).parts)
]
EXAMPLES = {"infra/database/migrations/NNNN.name.sql", "infra/auth"}
"""Paths that pages name although they do not exist: a pattern, and one that was rejected."""

EVERY = "\n".join(page.read_text() for page in PAGES)
TERRAFORM = "\n".join(path.read_text() for path in (ROOT / "infra/terraform").glob("*.tf"))


@pytest.mark.parametrize("page", LINKING, ids=lambda page: page.stem)
def test_each_link_leads_to_a_page(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", LINKING, ids=lambda page: page.stem)
def test_each_path_that_a_page_names_exists(page: Path) -> None:
    if page.name == "CHANGELOG.md":
        return  # it names what earlier versions had
    for path in re.findall(
        r"`((?:functions|shared|gpu_workers|infra|tests|docs)/[\w./-]+)`", page.read_text()
    ):
        assert (ROOT / path).exists() or path in EXAMPLES, path


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_a_decision_has_its_number_and_its_parts(page: Path) -> None:
    text = page.read_text()
    assert text.startswith(f"# {int(page.stem[:4])}. ")
    assert "**Context" in text
    assert "**Decision" in text


def test_each_runbook_has_its_alert() -> None:
    alerts = "\n".join(
        path.read_text() for path in (ROOT / "infra/terraform/modules/monitoring").glob("*.tf")
    )
    for page in (ROOT / "docs/operations/runbooks").glob("*.md"):
        assert re.search(rf"^    {page.stem} = {{|/{page.stem}\.md", alerts, re.MULTILINE), page


def test_each_log_message_that_a_page_greps_for_is_logged() -> None:
    messages = set(re.findall(r"jsonPayload\.message:\"([^\"]+)\"", EVERY))
    messages |= set(re.findall(r"`(a part of the sweep [^`]+|the task was [^`]+)`", EVERY))
    assert len(messages) >= 3
    sources = [*(ROOT / "shared").rglob("*.py"), *(ROOT / "functions").rglob("*.py")]
    code = "\n".join(path.read_text() for path in sources)
    for message in messages:
        assert message in code, message


def test_each_test_that_security_md_names_is_there() -> None:
    text = (ROOT / "SECURITY.md").read_text()
    names = re.findall(r"`((?:[\w-]+/)*[\w-]+\.(?:py|hcl|yaml|tftest\.hcl))`", text)
    assert len(names) > 30
    for name in names:
        folder = ROOT if "/" in name else ROOT / "tests/security"
        assert (folder / name).is_file(), name
    threats = {path.name for path in (ROOT / "tests/security").glob("test_*.py")}
    assert threats <= set(names)


def test_the_first_page_names_every_other() -> None:
    first = (ROOT / "docs/operations/README.md").read_text()
    for page in PAGES:
        path = page.relative_to(ROOT / "docs/operations").as_posix()
        assert path == "README.md" or f"({path})" in first, path


def test_each_make_target_is_one() -> None:
    inline = "\n".join(re.findall(r"(?:`|^|&& )(make [^`#\n]*)", EVERY, re.MULTILINE))
    assert {"images", "plan", "deploy", "migrate"} <= made(inline) <= TARGETS


def test_each_output_and_module_of_terraform_is_one() -> None:
    outputs = set(re.findall(r"output (?:-raw )?([a-z_]+)[`)\"]", EVERY))
    assert outputs
    for output in outputs:
        assert f'output "{output}"' in TERRAFORM, output
    for module in re.findall(r"-target=module\.([a-z_]+)", EVERY):
        assert f'module "{module}"' in TERRAFORM, module


def test_the_operator_s_commands_are_as_written() -> None:
    commands = re.findall(r"--args=([a-z-]+,--[^\s`)]+)", EVERY)
    assert {command.split(",")[0] for command in commands} == {
        "export",
        "erase",
        "worker",
        "retire",
    }
    for command in commands:
        if not command.endswith(",..."):
            parts = command.replace("USER", "00000000-0000-0000-0000-000000000000").split(",")
            assert parser().parse_args(parts)


def test_each_file_that_a_page_names_is_there() -> None:
    for path in re.findall(r"`((?:tests|infra|shared|docs)/[\w./-]+\.\w+)`", EVERY):
        assert (ROOT / path).is_file(), path


def test_the_sums_of_the_costs_are_right() -> None:
    page = (ROOT / "docs/operations/cost.md").read_text()
    sums = re.findall(r"^    .*?  +([^=\n]*\d[^=\n]*)= ([\d.]+)$", page, re.MULTILINE)
    sums += re.findall(r"\| \(?([\d(][^|=]*?) = (\d+)", page)
    assert len(sums) > 10
    for written, expected in sums:
        plain = re.sub(r"(?<=\d),(?=\d)", "", written).replace(" x ", " * ")
        plain = re.sub(r"[A-Za-z]+", "", plain)
        if plain.count(")") > plain.count("("):
            plain = f"({plain}"
        decimals = len(expected.partition(".")[2])
        value = eval(plain, {"__builtins__": {}})  # noqa: S307 - of a page of ours
        assert round(value, decimals) == float(expected), written
