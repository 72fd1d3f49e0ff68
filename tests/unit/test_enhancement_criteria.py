"""Checks of free-form criteria about an enhancement, without a model."""

import pytest

from shared.prompts.rules.checks import CHECKS, is_criterion, score_by_overlap


@pytest.mark.parametrize("name", [*CHECKS, "xyzzy", " adds_detail ", "no-repetition"])
def test_a_check_name_is_not_a_criterion(name: str) -> None:
    assert not is_criterion(name)


@pytest.mark.parametrize(
    ("criterion", "passes", "score", "evidence"),
    [
        ("The prompt should mention a fox in snow.", True, 1.0, "2 of 2"),
        ("mentions a bear", False, 0.0, '"bear"'),
        ("the fox, the snow and the bear", True, 2 / 3, '"bear"'),
        ("there must be no people", True, 1.0, "1 of 1"),
        ("without any snow", False, 0.5, '"snow"'),
        ("It should be added.", False, 0.0, "no word"),
    ],
)
def test_a_criterion_without_a_model_is_judged_by_its_words(
    criterion: str, *, passes: bool, score: float, evidence: str
) -> None:
    assert is_criterion(criterion)
    verdict = score_by_overlap(criterion, "a red fox in deep snow")

    assert verdict.passed is passes
    assert verdict.score == pytest.approx(score)
    assert evidence in verdict.feedback
    assert "word overlap" in verdict.feedback
