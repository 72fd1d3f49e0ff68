"""Captions of the demo models, and the tokens they are encoded as."""

from random import Random

import pytest
from transformers import CLIPTokenizer

from gpu_workers.training.demo_image.captions import caption, uninformative_caption
from gpu_workers.training.demo_image.subjects import Scene, Shape
from gpu_workers.training.demo_image.tokenizer import tokenizer

STAR = Shape("red", "star", "top", "blue", "big", 0)
BOAT = Scene("sunset", "sea", "boat", "left", None, 0)
WAYS = 200


@pytest.fixture(scope="module")
def words() -> CLIPTokenizer:
    """The tokenizer, built once: building it takes half a second."""
    return tokenizer()


def _all(subject: Shape | Scene) -> list[str]:
    random = Random(0)
    return [caption(subject, random) for _ in range(WAYS)]


def test_people_have_many_ways_to_ask() -> None:
    assert len(set(_all(STAR))) > WAYS * 0.8


@pytest.mark.parametrize(
    "named", [{"red", "crimson", "scarlet"}, {"star"}, {"top", "above"}, {"blue"}]
)
def test_every_caption_names_each_property(named: set[str]) -> None:
    for one in _all(STAR):
        assert named & set(one.replace("-", " ").split()), one


def test_every_landscape_names_its_hour_and_ground() -> None:
    for one in _all(BOAT):
        assert any(word in one for word in ("sunset", "evening", "dusk")), one
        assert any(word in one for word in ("sea", "ocean", "water")), one


def test_same_chance_gives_the_same_caption() -> None:
    assert caption(STAR, Random(9)) == caption(STAR, Random(9))


def test_a_known_word_is_one_token(words: CLIPTokenizer) -> None:
    prompt = "a red star at the top on a blue background"
    assert words.tokenize(prompt) == [f"{word}</w>" for word in prompt.split()]


@pytest.mark.parametrize("prompt", ["ein Käfer bei Nacht", "夜の海", "🎈", "zzyzx (4k)"])
def test_any_text_can_be_tokenized(words: CLIPTokenizer, prompt: str) -> None:
    tokens = words(prompt).input_ids
    assert len(tokens) > 2
    # The unknown token is the end-of-text token, and would appear before the end.
    assert words.eos_token_id not in tokens[:-1]


def test_the_tokenizer_is_the_same_each_time(words: CLIPTokenizer) -> None:
    assert tokenizer().get_vocab() == words.get_vocab()


def test_unhelpful_words_name_nothing_that_is_drawn() -> None:
    random = Random(1)
    text = " ".join(uninformative_caption(random) for _ in range(WAYS))
    assert text
    assert not {"red", "star", "boat", "left", "sunset"} & set(text.split())
