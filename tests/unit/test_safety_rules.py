"""The safety rules' file: validation and behaviour. Placeholder words only."""
# ruff: noqa: RUF001 - look-alike characters are what is tested

from pathlib import Path

import pytest
from pydantic import ValidationError

from shared.safety import refused_in_conversation
from shared.safety.classifier import (
    Classification,
    classify,
    refused_by_negative_prompt,
    refused_category,
)
from shared.safety.rules import RULES, Rules

STAND_INS = """
version = "test"
ordinary = ["lim"]
[contexts.one]
words = ['zorp\\w*', 'under ?sea']
[contexts.other]
words = ['blimp', 'mo?re than (?:[1-9]|1[0-7])']
[contexts.third]
words = ['fizzle']
[contexts.kept_out]
words = ['(?:all )?quandels?']
[[together]]
category = "together"
contexts = ["one", "other"]
across = true
[[together]]
category = "apart"
contexts = ["one", "third"]
across = false
[[left_out]]
category = "left_out"
positive = "one"
negative = "kept_out"
unless = "third"
"""

DISGUISES = {
    "case": "ZORP BLIMP",
    "look-alikes": "zоrp blimр",  # two characters are Cyrillic
    "spacing": "z o r p, b l i m p",
    "pieces": "zo rp and bl imp",
    "three pieces": "b li mp of a zorp",
    "leetspeak": "z0rp bl1mp",
    "zero width": "zo\u200brp bl\u2060imp",
    "stretched": "zooooorp bliiimp",
    "accents": "zörp blímp",
    "full width": "ｚｏｒｐ ｂｌｉｍｐ",
    "far apart": f"zorp {'in the park ' * 100} blimp",
    "run together": "zorpblimp",
    "a weight inside": "z(orp:1.2) and bli(mp:0.9)",
    "a LoRA's tag inside": "zo<lora:ink:1>rp and blimp",
    "a phrase": "underSEA, more than 1 7",
    "signs between": "z*o*r*p & b_l_i_m_p",
}
HARMLESS = [
    "zorp",
    "a blimp over the sea",
    "slim pickings of zorpery",
    "a zorp in bli mpery",
    "zorp, lim p",
    "zo, rpm",
]


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Rules:
    file = tmp_path_factory.mktemp("rules") / "rules.toml"
    file.write_text(STAND_INS)
    return Rules.read(file)


@pytest.mark.parametrize("text", DISGUISES.values(), ids=DISGUISES)
def test_two_contexts_are_refused_together_however_disguised(rules: Rules, text: str) -> None:
    assert refused_category(text.replace("1 7", "17"), rules) == "together"


@pytest.mark.parametrize("text", HARMLESS)
def test_one_context_alone_is_harmless(rules: Rules, text: str) -> None:
    assert refused_category(text, rules) is None


def test_each_rule_has_its_own_category(rules: Rules) -> None:
    assert classify("a zorp fizzle", rules) == Classification("apart", frozenset({"one", "third"}))


def test_across_messages_only_those_rules_count_that_say_so(rules: Rules) -> None:
    one, other, third = frozenset({"one"}), frozenset({"other"}), frozenset({"third"})
    assert refused_in_conversation(one, other, rules) == "together"
    assert refused_in_conversation(other, one, rules) == "together"
    assert refused_in_conversation(one, third, rules) is None
    assert refused_in_conversation(one | other, third, rules) is None, (
        "what is said now is harmless"
    )
    assert refused_in_conversation(frozenset(), one | other, rules) == "together"


@pytest.mark.parametrize(
    ("prompt", "negative", "category"),
    [
        ("a zorp", "zorp, blimp, blurry", None),
        ("a hill", "zorp blimp", None),
        ("a zorp", "quandels, blurry", "left_out"),
        ("a zorp", "blurry, ALL qu4ndels", "left_out"),
        ("a zorp", "blurry\nquandel", "left_out"),
        ("a zorp", "blurry, q u a n d e l", "left_out"),
        ("a zorp", "old quandels", None),
        ("a hill", "quandels", None),
        ("a zorp", "quandels, fizzle", None),
        ("a zorp", "(blimp:-1.2)", "together"),
        ("a zorp", "(blimp : −１)", "together"),
        ("a hill", "(zorp blimp:-1)", "together"),
        ("a zorp", "(blimp:1.2)", None),
        ("a zorp", "", None),
    ],
)
def test_a_negative_prompt_protects_and_may_ask_for_what_it_leaves_out(
    rules: Rules, prompt: str, negative: str, category: str | None
) -> None:
    assert refused_by_negative_prompt(prompt, negative, rules) == category


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('version = "test"', 'version = ""'), "version"),
        (('contexts = ["one", "other"]', 'contexts = ["one", "elsewhere"]'), "elsewhere"),
        (("[contexts.third]", "[contexts.forth]"), "forth"),
        (('unless = "third"', 'unles = "third"'), "unles"),
        (("words = ['blimp', 'mo?re than (?:[1-9]|1[0-7])']", "words = []"), "other"),
    ],
)
def test_a_file_that_is_malformed_is_no_rules(
    change: tuple[str, str], message: str, tmp_path: Path
) -> None:
    right, wrong = change
    assert right in STAND_INS
    file = tmp_path / "rules.toml"
    file.write_text(STAND_INS.replace(right, wrong))
    with pytest.raises(ValidationError, match=message):
        Rules.read(file)


def test_the_products_own_rules_have_a_version_and_a_drill() -> None:
    assert RULES.version
    assert refused_category("a zorpel in the rain") is None
    assert refused_category("a blimsen at dusk") is None
    assert refused_category("a zorpel blimsen") == "drill"


@pytest.mark.parametrize(
    ("prompt", "negative", "category"),
    [
        ("a portrait of an old fisherman", "nsfw, nude, naked, child, deformed hands", None),
        ("children playing in a park", "nsfw, nude, nudity, explicit, blurry", None),
        ("a schoolgirl on a bicycle", "modern clothes, dirty clothing, text", None),
        ("a sexy sports car at night", "nsfw, adult, nude, watermark", None),
        ("a child by the sea", "blurry, clothes", "sexual_minors"),
        ("a child by the sea", "dressed", "sexual_minors"),
        ("a nude figure", "blurry, adult", "sexual_minors"),
        ("a child by the sea", "(nude:-1)", "sexual_minors"),
        ("a zorpel", "quandels", "drill"),
    ],
)
def test_ordinary_negative_prompts_pass(prompt: str, negative: str, category: str | None) -> None:
    assert refused_by_negative_prompt(prompt, negative) == category
