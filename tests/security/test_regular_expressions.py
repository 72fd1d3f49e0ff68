"""Regular expressions: texts that make a backtracking matcher slow, wherever text is parsed."""

import asyncio
import functools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import httpx

from infra.local.config import tokens
from tests.regular_expressions.backtracking import find_loops
from tests.regular_expressions.source import find_expressions
from tests.security import concurrency
from tests.security.other_user import other_user
from tests.security.tally import Corpora, Tally
from tests.support.local_system import LocalSystem, UserClient
from tests.support.realtime_changes import client

_NO_ERROR = range(200, 500)
_ENDS = ('x"y', "", "!", ")")
"""Appended after a text that a loop matches, so that the whole pattern fails."""

_CONTROLS = bytes(range(32))
"""Removed from header values: no client sends them."""

_FAMILIES = [
    (" ", 'x"y'), ("\t \n", '"'), ("(", ""), ('"', ""), ("\\", ""), ('\\"', ""), ("((", ")"),
    ("a.", ""), ("a,", "("), ("a b ", "!"), ("1", "mm!"), ("<lora:", ""), ("<", ">"), ("(a:1", ""),
    ("<think>", ""), ("a@", ""), ("..", "@"), ("not.", ""), ("a->", "x"), ("a-", ">"), ("[[", ""),
    ("[.", "]"), ("{", "}"), ("porn", "!"), ("teen", "!"), ("teenage", "x"), ("under ", "x"),
    ("a", "\x00"), ("0", ":"), ("eq.", ""), ("::", ""), ("bytes=", "-"), ("0-", "/*"),
]  # fmt: skip
"""Texts to repeat, with an ending, that are slow for typical patterns."""


@dataclass(frozen=True)
class Place:
    """A place that reads a caller's text."""

    name: str
    max_characters: int
    """Longer texts are refused unread, or by the server before us."""
    send: Callable[[httpx.Client, str], httpx.Response]


@functools.cache
def _loops() -> list[tuple[str, str]]:
    """Return a text that leads to each loop of the product's expressions, and one around it."""
    expressions = {(item.pattern, item.flags) for item in find_expressions()[0]}
    return sorted({loop for expression in expressions for loop in find_loops(*expression)})


def _texts(max_characters: int) -> Iterator[str]:
    """Yield a text for each loop with each ending, and those of the families."""
    pumped = [(prefix, pump, end) for prefix, pump in _loops() for end in _ENDS]
    pumped += [("", pump, end) for pump, end in _FAMILIES]
    for prefix, pump, end in pumped:
        times = (max_characters - len(prefix) - len(end)) // max(len(json.dumps(pump)) - 2, 1)
        yield prefix + pump * times + end


def _places(system: LocalSystem, person: UserClient) -> list[Place]:
    bearer = {"authorization": f"Bearer {person.token}"}

    def get(path: str, parameter: str, prefix: str = "") -> Callable[..., httpx.Response]:
        def send(http: httpx.Client, text: str) -> httpx.Response:
            parameters = {parameter: prefix + text}
            return concurrency.ask(
                http, "GET", system.base + path, params=parameters, headers=bearer
            )

        return send

    def post(path: str, body: Callable[[str], object]) -> Callable[..., httpx.Response]:
        def send(http: httpx.Client, text: str) -> httpx.Response:
            return concurrency.ask(
                http, "POST", system.base + path, json=body(text), headers=bearer
            )

        return send

    def header(path: str, name: str) -> Callable[..., httpx.Response]:
        def send(http: httpx.Client, text: str) -> httpx.Response:
            value = text.encode().translate(None, _CONTROLS).strip()
            headers = [(b"authorization", bearer["authorization"].encode())]
            headers = [item for item in headers if item[0] != name.encode()]
            url = system.base + path
            return concurrency.ask(http, "GET", url, headers=[*headers, (name.encode(), value)])

        return send

    def job(**metadata: Callable[[str], object]) -> Callable[..., httpx.Response]:
        return post(
            "/functions/v1/queue-job",
            lambda text: {
                "jobType": "sdxl_image_fast",
                "metadata": {"prompt": "a boat"} | {key: of(text) for key, of in metadata.items()},
            },
        )

    jobs, length = "/rest/v1/jobs", 8_000
    return [
        *(Place(f"rest {item}", length, get(jobs, item)) for item in ("select", "order", "or")),
        *(
            Place(f"rest {item}", length, get(jobs, "id", f"{item}."))
            for item in ("eq", "in", "fts")
        ),
        Place("rest match", 200, get(jobs, "original_prompt", "match.")),
        *(
            Place(f"header {item}", length, header(jobs, item))
            for item in ("range", "prefer", "accept", "traceparent", "authorization")
        ),
        Place("last-event-id", length, header("/functions/v1/job-events", "last-event-id")),
        Place("prompt", 2_000, job(prompt=lambda text: text)),
        Place("negative prompt", 2_000, job(negative_prompt=lambda text: text)),
        Place("reference", 4_000, job(reference_image_url=lambda text: text)),
        Place(
            "enhance-prompt",
            2_000,
            post("/functions/v1/enhance-prompt", lambda text: {"prompt": text}),
        ),
        Place(
            "validate-enhancement-fix",
            2_000,
            post(
                "/functions/v1/validate-enhancement-fix",
                lambda text: {"prompt": "a boat", "enhanced": text, "test_cases": [text]},
            ),
        ),
        Place(
            "sign up",
            255,
            post("/auth/v1/signup", lambda text: {"email": text, "password": "secret words"}),
        ),
        Place(
            "upload's path",
            1_024,
            post(
                "/storage/v1/object/sign/workspace-temp",
                lambda text: {"expiresIn": 60, "paths": [f"{person.id}/{text}"]},
            ),
        ),
    ]


def test_no_text_holds_an_endpoint_up(
    bare: LocalSystem, person: UserClient, corpora: Corpora, tally: Tally
) -> None:
    tried = [
        (place, text) for place in _places(bare, person) for text in _texts(place.max_characters)
    ]

    def send(http: httpx.Client, item: tuple[Place, str]) -> None:
        place, text = item
        response = place.send(http, text)
        tally.answered(f"{place.name}: {text[:40]!r}", response, _NO_ERROR)

    with other_user(bare, tally):
        concurrency.each(corpora.some(tried, short=120), send)


async def test_no_filter_holds_realtime_up(
    bare: LocalSystem, person: UserClient, corpora: Corpora, tally: Tally
) -> None:
    """With the anon key alone, as the first such text was found."""
    filters = [f"original_prompt={text}" for text in _texts(5_000)]
    filters += [f"original_prompt=eq.{text}" for text in _texts(5_000)]
    filters += [f"original_prompt=in.({text})" for text in _texts(5_000)]
    filters.insert(0, "original_prompt=in.(" + " " * 2_000 + 'x"y")')
    with other_user(bare, tally):
        for group in _groups(corpora.some(filters, short=60), 90):
            async with client(person, apikey=tokens.anon_token()) as socket:
                for text in group:
                    binding = {"event": "*", "table": "user_library", "filter": text}
                    response = await socket.join("a", binding)
                    is_answered = response["status"] in {"ok", "error"}
                    tally.refused(text[:40], is_refused=is_answered)
                    await asyncio.sleep(0)


def _groups(texts: list[str], size: int) -> Iterator[list[str]]:
    """Yield groups of as many texts as one socket may join with at once."""
    for first in range(0, len(texts), size):
        yield texts[first : first + size]
