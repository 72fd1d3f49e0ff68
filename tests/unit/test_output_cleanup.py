"""Cleanup of a model's output: what is kept, and where it is cut."""

import pytest

from shared.prompts import output_cleanup
from shared.prompts.output_cleanup import OutputFormat
from shared.prompts.rules.tokens import estimate_tokens

PICTURE = OutputFormat("Description", "Prompt", is_one_line=True, is_prose=False)
STORY = OutputFormat("Idea", "Opening", is_one_line=False, is_prose=True)


@pytest.mark.parametrize(
    "answer",
    [
        "a cat, soft light",
        "  Prompt: a cat, soft light\n",
        "**Prompt:** a cat, soft light",
        "Enhanced prompt: a cat, soft light",
        '"a cat, soft light"',
        "«a cat, soft light»",
        "Here is your prompt:\n\na cat, soft light\n\nI added some light.",
        "a cat, soft light\nDescription: a dog\nPrompt: a dog, hard light",
        "<think>A cat.\nHm.</think>\n\na cat, soft light",
        "a cat,\tsoft  light",
    ],
)
def test_the_prompt_alone_is_left(answer: str) -> None:
    assert output_cleanup.extract_prompt(answer, PICTURE) == "a cat, soft light"


@pytest.mark.parametrize("answer", ['"night" and "day"', 'a sign "open"', '"', "it's a cat"])
def test_quotation_marks_of_the_prompts_own_stay(answer: str) -> None:
    assert output_cleanup.extract_prompt(answer, PICTURE) == answer


def test_a_story_keeps_its_paragraphs() -> None:
    answer = "Opening: It rains.\n\nI knock.\nIdea: another"
    assert output_cleanup.extract_prompt(answer, STORY) == "It rains.\n\nI knock."


@pytest.mark.parametrize(
    ("text", "limit", "is_prose", "expected"),
    [
        ("a red fox, in snow, soft light", 20, False, "a red fox, in snow, soft light"),
        ("a red fox, in snow, soft light", 6, False, "a red fox, in snow"),
        ("a red fox, in snow, soft light", 2, False, "a red"),
        ("One two. Three four, five.", 6, True, "One two."),
        ("One two, three four five", 5, True, "One two"),
        ("雪の中の狐、柔らかい光、森", 25, False, "雪の中の狐"),
        ("x" * 400, 20, False, ""),
        ("", 20, False, ""),
    ],
)
def test_what_is_too_long_ends_where_a_phrase_does(
    text: str, limit: int, *, is_prose: bool, expected: str
) -> None:
    cut = output_cleanup.truncate(text, limit, is_prose=is_prose)
    assert cut == expected
    assert estimate_tokens(cut) <= limit


def test_of_what_is_unfinished_the_last_phrase_is_left_out() -> None:
    cut = output_cleanup.truncate("It rains. I knock, and", 50, is_prose=True, is_unfinished=True)
    assert cut == "It rains."
    assert (
        output_cleanup.truncate("a fox, in sn", 50, is_prose=False, is_unfinished=True) == "a fox"
    )


def test_no_prompt_has_more_characters_than_a_job_takes() -> None:
    assert len(output_cleanup.truncate("a, " * 1000, 5000, is_prose=False)) <= 2000
