"""Texts that are slow to normalise: refused by their length, without delaying other users."""

import unicodedata
from urllib.parse import quote

from tests.security.other_user import other_user
from tests.security.tally import Corpora, Tally
from tests.security.text_fields import field_names, make_profile, requests_with, send
from tests.support.local_system import LocalSystem, UserClient

_REFUSED = {400, 404, 413, 414, 422, 431}
_TAKEN = {200, 201, 202, 204, 402, 403, 409, 429, 503}
_LONG = 80_000
"""Characters: far over every limit, and under the limit of a body in bytes."""


def _long_texts(length: int) -> dict[str, str]:
    """Return texts whose normalisation takes time quadratic in their length, or that expand."""
    half, third = length // 2, length // 3
    return {
        "two marks out of order": "a" + "\u0345" * half + "\u0334" * half,
        "two marks in turns": "a" + "\u0345\u0334" * half,
        "marks of marks": "\u0f73" * third,
        "marks alone": "\u0301\u0327" * half,
        "katakana marks between": ("\u0345" * 20 + "\uff9e") * (length // 21),
        "expands 18 times": "\ufdfa" * third,
        "expands three times": "\ufb2c" * third,
        "jamo": "\u1112\u1161\u11ab" * third,
        "marks after a good prompt": "a red star on blue" + "\u0345" * half + "\u0334" * half,
        "marks of four bytes": "a" + "\U0001d165\U0001d16d" * (length // 4),
    }


def test_no_long_text_is_normalised(
    bare: LocalSystem, corpora: Corpora, tally: Tally, person: UserClient
) -> None:
    make_profile(bare, person)
    admin = UserClient(bare, is_admin=True)
    bare.rows("insert into user_roles (user_id, role) values (%s, 'admin') returning id", admin.id)
    texts = _long_texts(_LONG)
    with other_user(bare, tally):
        for name in corpora.some(sorted(texts), short=1):
            for method, path, body in requests_with(person, texts[name]):
                sender = admin if "admin" in path else person
                answer = send(sender, method, path, body)
                tally.answered(f"{name}: {path} {list(field_names(body))}", answer, _REFUSED)
    assert person.rows("jobs") == []
    assert person.rows("user_collections") == []


def test_no_address_is_normalised(
    bare: LocalSystem, corpora: Corpora, tally: Tally, person: UserClient
) -> None:
    """A query's texts are compared, and a path is looked up, without normalisation."""
    texts = _long_texts(1000)
    paths = (
        "/rest/v1/jobs?select=id&original_prompt=eq.{}",
        "/rest/v1/jobs?select=id&original_prompt=ilike.*{}*",
        "/rest/v1/{}",
        "/storage/v1/object/workspace-temp/{}",
        "/functions/v1/{}",
    )
    with other_user(bare, tally):
        for name in corpora.some(sorted(texts), short=2):
            for path in paths:
                answer = send(person, "GET", path.format(quote(texts[name])), None)
                tally.answered(f"{name}: {path}", answer, {*_REFUSED, *_TAKEN})


def test_texts_of_the_maximum_length_delay_no_other_user(
    bare: LocalSystem, corpora: Corpora, tally: Tally, person: UserClient
) -> None:
    """Texts of the maximum length are normalised, checked by the safety rules, and stored."""
    texts = _longest_texts()
    with other_user(bare, tally):
        for name in corpora.some(sorted(texts), short=2):
            for method, path, body in requests_with(person, texts[name]):
                if "admin" in path or "chat" in path:  # these wait for a worker
                    continue
                answer = send(person, method, path, body)
                tally.answered(f"{name}: {path}", answer, {*_REFUSED, *_TAKEN})


def _longest_texts() -> dict[str, str]:
    cluster = "a" + "\u0345\u0334" * 15
    return {
        "as many marks as may be": (cluster * 70)[:2000],
        "expands 18 times": "\ufdfa" * 2000,
        "decomposed": unicodedata.normalize("NFD", "\u1f82") * 2000,
        "four bytes each": "\U0001d165" * 2000,
        "one long word": "漢" * 2000,
    }
