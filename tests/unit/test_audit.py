"""The audit's verdict: a package that was not queried never counts as passed."""

import json

import pytest

from infra.audit.pip_audit_report import Outcome, of

FAULT = {"id": "PYSEC-2018-28", "fix_versions": ["2.20.0"], "aliases": [], "description": "..."}
PROBE = {"name": "requests", "version": "2.19.0", "vulns": [FAULT]}
SOUND = {"name": "httpx", "version": "0.28.1", "vulns": []}
SKIPPED = {"name": "torch", "skip_reason": "Dependency not found on PyPI"}


def answer(*packages: object) -> str:
    return json.dumps({"dependencies": packages, "fixes": []})


def test_nothing_known_is_said_of_so_many_packages() -> None:
    verdict = of(answer(PROBE), [answer(SOUND), answer({**SOUND, "name": "h11"})])
    assert verdict.outcome is Outcome.NOTHING_KNOWN
    assert verdict.lines == ["audit: nothing is known of 2 packages"]


def test_a_known_vulnerability_is_reported_with_its_fix() -> None:
    verdict = of(answer(PROBE), [answer(SOUND, {**SOUND, "name": "h11", "vulns": [FAULT, FAULT]})])
    assert verdict.outcome is Outcome.SOMETHING_KNOWN
    assert verdict.lines[0] == "h11 0.28.1: PYSEC-2018-28, fixed in 2.20.0"
    assert verdict.lines[-1] == "audit: 2 are known"


@pytest.mark.parametrize(
    ("probe", "answers"),
    [
        pytest.param(answer({**PROBE, "vulns": []}), [answer(SOUND)], id="no advisories"),
        pytest.param(answer({**SKIPPED, "name": "requests"}), [answer(SOUND)], id="probe skipped"),
        pytest.param("", [answer(SOUND)], id="no probe"),
        pytest.param(answer(PROBE), [answer(SOUND, SKIPPED)], id="one passed over"),
        pytest.param(answer(PROBE), [answer(SOUND), ""], id="a list without an answer"),
        pytest.param(answer(PROBE), [answer()], id="nothing queried"),
        pytest.param(answer(PROBE), [], id="no list"),
    ],
)
def test_an_audit_that_did_not_take_place_says_so(probe: str, answers: list[str]) -> None:
    verdict = of(probe, answers)
    assert verdict.outcome is Outcome.NOT_RUN
    assert verdict.lines[0].startswith("audit: not run, for ")
