"""The templates and negative prompts of a new database."""

import re
from itertools import product
from typing import Any

import pytest

from shared.prompts.rules.checks import CHECKS
from shared.prompts.rules.prompt_analysis import analyze
from shared.prompts.rules.tokens import estimate_tokens
from tests.support.db_roles import connect_as
from tests.support.local_system import LocalSystem

LIMITS = {"sdxl": 75, "wan": 200, "qwen_instruct": 75, "qwen_base": 75}
ENHANCE_PROMPT_ASKS = ["enhancement", "chat", "roleplay"]
CONVERSATIONS = ["general", "roleplay", "creative", "admin"]
SDXL_WINDOW = 75
BRANDS = re.compile(
    r"\b(canon|nikon|leica|kodak|sony|disney|pixar|ghibli|marvel|greg|artstation)\b", re.IGNORECASE
)
EXAMPLE = re.compile(r"^Description: (.+)\nPrompt: (.+)$", re.MULTILINE)


@pytest.fixture(scope="module")
def templates(bare: LocalSystem) -> list[dict[str, Any]]:
    """The active templates, as the functions read them."""
    with connect_as(bare, "service") as connection:
        return connection.execute("select * from prompt_templates where is_active").fetchall()


@pytest.fixture(scope="module")
def negatives(bare: LocalSystem) -> list[dict[str, Any]]:
    """The active negative prompts, in the order in which they are joined."""
    query = "select * from negative_prompts where is_active order by priority desc"
    with connect_as(bare, "service") as connection:
        return connection.execute(query).fetchall()


def test_there_is_a_template_for_each_request(templates: list[dict[str, Any]]) -> None:
    spoken = ["qwen_instruct", "qwen_base"]
    cases = [
        *ENHANCE_PROMPT_ASKS,
        *(f"conversation_{conversation}" for conversation in CONVERSATIONS),
    ]

    found = [(template["model_type"], template["use_case"]) for template in templates]
    assert sorted(found) == sorted(
        [*product(spoken, cases), ("sdxl", "enhancement"), ("wan", "enhancement")]
    )


def test_all_are_safe_for_work(
    templates: list[dict[str, Any]], negatives: list[dict[str, Any]]
) -> None:
    assert {one["content_mode"] for one in [*templates, *negatives]} == {"sfw"}
    assert all("safe for work" in template["system_prompt"].lower() for template in templates)


def test_a_name_says_what_a_template_is_for(templates: list[dict[str, Any]]) -> None:
    for template in templates:
        parts = (template["model_type"], template["use_case"], template["content_mode"])
        assert template["template_name"] == "_".join(parts)
        assert template["version"] == 1


def test_a_prompt_for_a_picture_fits_its_model(templates: list[dict[str, Any]]) -> None:
    limits = {
        template["model_type"]: template["token_limit"]
        for template in templates
        if template["use_case"] == "enhancement"
    }

    assert limits == LIMITS


@pytest.mark.parametrize("model", LIMITS)
def test_the_examples_of_a_template_pass_the_checks(
    templates: list[dict[str, Any]], model: str
) -> None:
    (template,) = [
        row for row in templates if (row["model_type"], row["use_case"]) == (model, "enhancement")
    ]
    examples = EXAMPLE.findall(template["system_prompt"])
    assert examples

    for (description, prompt), (name, check) in product(examples, CHECKS.items()):
        verdict = check(description, prompt, template["token_limit"])
        assert verdict.passed, (name, prompt, verdict)


def test_no_text_names_a_brand(
    templates: list[dict[str, Any]], negatives: list[dict[str, Any]]
) -> None:
    texts = [template["system_prompt"] for template in templates]
    texts += [negative["negative_prompt"] for negative in negatives]

    assert [text for text in texts if BRANDS.search(text)] == []


@pytest.mark.parametrize("model", ["sdxl", "wan"])
def test_the_negative_prompts_of_a_model_fit_its_window_together(
    negatives: list[dict[str, Any]], model: str
) -> None:
    mine = [negative for negative in negatives if negative["model_type"] == model]
    joined = ", ".join(one["negative_prompt"] for one in mine)

    assert mine
    assert len({one["priority"] for one in mine}) == len(mine)
    assert estimate_tokens(joined) <= SDXL_WINDOW
    phrases = joined.split(", ")
    assert len(phrases) == len(set(phrases))


def test_no_negative_prompt_works_against_a_style(negatives: list[dict[str, Any]]) -> None:
    for negative in negatives:
        assert "style" not in analyze(negative["negative_prompt"]).categories
