"""docs/operations: what its pages name is there."""

import re
from pathlib import Path

import pytest

from infra.admin.__main__ import parser
from tests.infra.test_workflows import TARGETS, made
from tests.support.local_system import ROOT

PAGES = sorted((ROOT / "docs/operations").rglob("*.md"))
EVERY = "\n".join(page.read_text() for page in PAGES)
TERRAFORM = "\n".join(path.read_text() for path in (ROOT / "infra/terraform").glob("*.tf"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_each_link_leads_to_a_page(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        assert (page.parent / target).is_file(), target


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
    commands = re.findall(r"--args=([a-z]+,--[^\s`)]+)", EVERY)
    assert {one.split(",")[0] for one in commands} == {"export", "erase", "worker", "retire"}
    for one in commands:
        if not one.endswith(",..."):
            parts = one.replace("USER", "00000000-0000-0000-0000-000000000000").split(",")
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
