"""Checks of free-form sentences about an enhancement, without a model."""

import pytest

from shared.prompts.rules.checks import CHECKS, is_sentence, score_by_overlap


@pytest.mark.parametrize("name", [*CHECKS, "xyzzy", " adds_detail ", "no-repetition"])
def test_a_name_is_no_sentence(name: str) -> None:
    assert not is_sentence(name)


@pytest.mark.parametrize(
    ("sentence", "passes", "score", "evidence"),
    [
        ("The prompt should mention a fox in snow.", True, 1.0, "2 of 2"),
        ("mentions a bear", False, 0.0, '"bear"'),
        ("the fox, the snow and the bear", True, 2 / 3, '"bear"'),
        ("there must be no people", True, 1.0, "1 of 1"),
        ("without any snow", False, 0.5, '"snow"'),
        ("It should be added.", False, 0.0, "no word"),
    ],
)
def test_a_sentence_is_judged_by_its_words_and_that_is_said(
    sentence: str, *, passes: bool, score: float, evidence: str
) -> None:
    assert is_sentence(sentence)
    verdict = score_by_overlap(sentence, "a red fox in deep snow")

    assert verdict.passed is passes
    assert verdict.score == pytest.approx(score)
    assert evidence in verdict.feedback
    assert "word overlap" in verdict.feedback
