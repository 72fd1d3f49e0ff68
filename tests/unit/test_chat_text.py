"""Text from tokens: only complete characters are emitted, and stop texts never are."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from gpu_workers.chat.detokenizer import Detokenizer, StopTexts

ALPHABET = sorted(pre_tokenizers.ByteLevel.alphabet())
TOKENIZER = Tokenizer(
    models.BPE(vocab={character: number for number, character in enumerate(ALPHABET)}, merges=[])
)
TOKENIZER.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
TOKENIZER.decoder = decoders.ByteLevel()


def decode(tokens: Sequence[int]) -> str:
    """Decode tokens as a tokenizer with one token for each byte."""
    return str(TOKENIZER.decode(list(tokens)))


@given(st.text())
def test_text_comes_out_as_it_went_in_and_no_character_in_parts(text: str) -> None:
    detokenizer = Detokenizer(decode)
    pieces = [detokenizer.push(token) for token in TOKENIZER.encode(text).ids]
    assert "".join(pieces) == text.removesuffix("\ufffd")
    assert [piece for piece in pieces if piece] == list(text.removesuffix("\ufffd"))


@given(st.lists(st.sampled_from(range(len(ALPHABET)))))
def test_invalid_bytes_are_decoded_as_the_tokenizer_decodes_them(tokens: list[int]) -> None:
    detokenizer = Detokenizer(decode)
    output = "".join(detokenizer.push(token) for token in tokens)
    assert output == decode(tokens).removesuffix("\ufffd")


def test_spaces_between_words_are_kept_where_the_tokenizer_writes_none_first() -> None:
    words = {1: "good", 2: "day"}
    detokenizer = Detokenizer(lambda tokens: " ".join(words[token] for token in tokens))
    assert [detokenizer.push(token) for token in (1, 2, 2)] == ["good", " day", " day"]


def pushed_text(stops: list[str], pieces: list[str]) -> str:
    texts = StopTexts(stops)
    return "".join(texts.push(piece) for piece in pieces) + texts.rest()


@pytest.mark.parametrize(
    ("stops", "pieces", "expected"),
    [
        ([], ["a", "b"], "ab"),
        (["\n\n"], ["a", "\n", "\n", "b"], "a"),
        (["\n\n"], ["a", "\n", "b", "\n"], "a\nb\n"),
        (["END"], ["a E", "N", "E", "N", "D b"], "a EN"),
        (["abc", "b"], ["abc"], "a"),
        (["xyz", "stop"], ["one stop xyz"], "one "),
    ],
)
def test_text_ends_before_a_stop_text(stops: list[str], pieces: list[str], expected: str) -> None:
    assert pushed_text(stops, pieces) == expected


SHORT_TEXTS = st.text("ab", max_size=30)
STOPS = st.lists(st.text("ab", min_size=1, max_size=4), max_size=4)


@given(SHORT_TEXTS, STOPS, st.randoms(use_true_random=False))
def test_it_does_not_matter_how_the_text_was_cut(
    text: str, stops: list[str], chance: object
) -> None:
    cuts = sorted(chance.sample(range(len(text) + 1), min(3, len(text))))  # type: ignore[attr-defined]
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert pushed_text(stops, pieces) == pushed_text(stops, list(text))


@given(SHORT_TEXTS, STOPS)
def test_no_stop_text_is_sent_and_nothing_else_is_lost(text: str, stops: list[str]) -> None:
    output = pushed_text(stops, list(text))
    assert text.startswith(output)
    assert not any(stop in output for stop in stops)
    assert output == text or any(text.startswith(stop, len(output)) for stop in stops)


@given(SHORT_TEXTS, STOPS)
def test_only_what_may_begin_a_stop_text_is_held_back(text: str, stops: list[str]) -> None:
    texts = StopTexts(stops)
    output = "".join(texts.push(character) for character in text)
    held = "" if texts.found else text[len(output) :]
    assert not held or any(stop.startswith(held) for stop in stops)
