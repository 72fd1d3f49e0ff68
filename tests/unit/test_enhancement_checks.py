"""The named checks of an enhancement, each on prompts that pass and prompts that fail."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from shared.prompts.rules.checks import CHECKS, closest_check_name
from shared.prompts.rules.rule_enhancer import enhance

LIMIT = 20

# Check, original, enhanced, passes, score, what the feedback mentions.
CASES = [
    (
        "preserves_subject",
        "a red fox",
        "a red fox in the snow",
        True,
        1.0,
        "2 of 2, in their order",
    ),
    ("preserves_subject", "a red fox", "the snow, a fox, red", True, 0.9, "another order"),
    ("preserves_subject", "a red fox running", "a red fox runs past", True, 1.0, "3 of 3"),
    ("preserves_subject", "a red fox", "a brown bear", False, 0.0, '"red", "fox"'),
    ("preserves_subject", "a red fox at dawn", "a fox at dawn", False, 2 / 3, '"red"'),
    ("preserves_subject", "城の絵", "城の絵、夕方", True, 1.0, "3 of 3"),
    ("preserves_subject", "城の絵", "a castle", False, 0.0, '"城"'),
    ("preserves_subject", "...", "a fox", True, 1.0, "no subject"),
    ("adds_detail", "a fox", "a fox on pale sand, low side light", True, 5 / 6, "5 new"),
    ("adds_detail", "a fox", "the fox", False, 0.0, "0 new"),
    ("adds_detail", "a fox", "a fox in snow", False, 1 / 6, '1 new word: "snow"'),
    ("no_repetition", "a fox", "a fox, soft light, low sun", True, 1.0, "No word"),
    ("no_repetition", "a fox", "soft light, a fox, soft light", False, 0.5, "soft light"),
    ("no_repetition", "fox fox fox", "fox fox fox in snow", True, 1.0, "No word"),
    ("no_repetition", "a fox", "sharp fox, sharp snow, sharp sky", False, 0.5, "sharp"),
    ("within_token_limit", "a fox", "a red fox in the snow", True, 1.0, "6 of 20"),
    ("within_token_limit", "a fox", "a fox " * 20, False, 0.5, "40 of 20"),
    ("no_contradiction", "night", "night, a lamp", True, 1.0, "No two"),
    ("no_contradiction", "a city at night", "a city at night, golden hour", False, None, "night"),
    ("no_contradiction", "a watercolour", "a watercolour, photorealistic", False, 0.5, "photo"),
    ("no_contradiction", "night sun", "night sun, a lamp", True, 1.0, "No two"),
    ("no_contradiction", "a beach, no sunlight", "a beach in sunlight", False, 0.0, "day"),
    ("keeps_style_words", "a fox, watercolour", "a fox, loose watercolour", True, 1.0, "water"),
    ("keeps_style_words", "a photo of a fox", "photograph of a fox", True, 1.0, "photo"),
    ("keeps_style_words", "a fox, watercolour", "a fox in snow", False, 0.0, '"watercolour"'),
    ("keeps_style_words", "anime fox", "anime fox, oil painting", False, 0.5, '"oil"'),
    ("keeps_style_words", "a fox", "a fox, oil painting", True, 1.0, "no style"),
    ("same_language", "a fox", "a fox in the snow", True, 1.0, "unchanged"),
    ("same_language", "лиса", "лиса в снегу", True, 1.0, "unchanged"),
    ("same_language", "лиса в снегу", "a fox in the snow", False, 0.0, "Cyrillic"),
    ("same_language", "ein Fuchs im Schnee", "a fox in the snow", False, 0.0, "to English"),
    ("same_language", "the fox is red", "der Fuchs ist rot", False, 0.0, "from English"),
    ("same_language", "🦊", "a fox", True, 1.0, "too short"),
    ("no_negation_lost", "a street, no cars", "an empty street, no cars", True, 1.0, '"cars"'),
    ("no_negation_lost", "a street, no cars", "a street with cars", False, 0.0, "but added"),
    ("no_negation_lost", "no cars, no text", "a street without cars", False, 0.5, '"text"'),
    ("no_negation_lost", "no cars or dogs", "no dogs, no cars", True, 1.0, "Still"),
    ("no_negation_lost", "a street", "a street, no cars", True, 1.0, "excludes nothing"),
    ("is_single_line", "a fox", "a fox in snow", True, 1.0, "1 line"),
    ("is_single_line", "a fox", "Sure:\n\na fox", False, 0.5, "2 lines"),
    ("is_single_line", "a fox", "", False, 0.0, "0 lines"),
]


@pytest.mark.parametrize(("check", "original", "enhanced", "passes", "score", "evidence"), CASES)
def test_a_check_judges_and_says_why(
    check: str, original: str, enhanced: str, *, passes: bool, score: float | None, evidence: str
) -> None:
    verdict = CHECKS[check](original, enhanced, LIMIT)

    assert verdict.passed is passes
    assert evidence in verdict.feedback
    assert score is None or verdict.score == pytest.approx(score)


def test_every_check_is_tried_both_ways() -> None:
    assert {(case[0], case[3]) for case in CASES} == set(product(CHECKS, [True, False]))


@pytest.mark.parametrize(
    ("prompt", "addition"),
    [
        ("a city at night", "golden hour"),
        ("a city at night", "bright sunlight"),
        ("macro of a bee", "wide-angle view"),
        ("a street, black and white", "vivid colours"),
        ("a bedroom", "a distant horizon"),
        ("anime girl", "photorealistic"),
        ("a fox, watercolour", "85mm lens"),
        ("an oil painting of a ship", "bokeh"),
        ("pixel art tavern", "3D render"),
        ("a minimal vase", "intricate ornament"),
        ("portrait, soft focus", "tack sharp"),
        ("a beach at dawn", "warm evening sun"),
        ("a lake, windless", "ripples in the breeze"),
        ("an empty street", "a bustling crowd"),
        ("static camera, a harbour", "the camera pans left"),
        ("slow motion of a horse", "time-lapse"),
        ("a garden in summer", "fresh snow"),
        ("seen from above, a market", "at eye level"),
        ("muted tones", "saturated neon"),
        ("low-key portrait", "high-key light"),
        ("overcast hills", "a cloudless sky"),
        ("a cat asleep", "leaping over a wall"),
        ("a man from behind", "smiling"),
        ("full body shot of a king", "head and shoulders"),
    ],
)
def test_what_one_picture_cannot_be_is_a_contradiction(prompt: str, addition: str) -> None:
    check = CHECKS["no_contradiction"]

    assert not check(prompt, f"{prompt}, {addition}", 75).passed
    assert check(prompt, prompt, 75).passed
    assert check(f"{prompt}, {addition}", f"{prompt}, {addition}", 75).passed


@settings(deadline=None)
@given(some.sampled_from(sorted(CHECKS)), some.text(), some.text(), some.integers(0, 500))
def test_any_two_texts_get_a_score_and_feedback(
    check: str, original: str, enhanced: str, limit: int
) -> None:
    verdict = CHECKS[check](original, enhanced, limit)

    assert 0 <= verdict.score <= 1
    assert verdict.feedback.endswith(".")
    assert verdict.score > 0 or not verdict.passed


@pytest.mark.parametrize("prompt", ["a red fox", "portrait of a king, no crown", "Tokyo at night"])
@pytest.mark.parametrize("check", CHECKS)
def test_the_rules_pass_the_checks(check: str, prompt: str) -> None:
    enhanced = enhance(prompt, media="image", quality="fast", token_limit=75)

    assert CHECKS[check](prompt, enhanced.text, 75).passed


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("preserves_subject", "preserves_subject"),
        ("preserve-subjects", "preserves_subject"),
        ("Adds Detail", "adds_detail"),
        ("repetition", "no_repetition"),
        ("token_limit", "within_token_limit"),
        ("contradictions", "no_contradiction"),
        ("xyzzy", None),
        ("", None),
    ],
)
def test_the_nearest_name_is_found(name: str, found: str | None) -> None:
    assert closest_check_name(name) == found
