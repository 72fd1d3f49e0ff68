"""Parsing of OpenAI event streams, however the bytes are split."""

import json
from collections.abc import AsyncIterator

import pytest

from shared.clients import chat_stream
from shared.settings import Settings

TEXT = "héllo 夜 🌙\nand \x00more"
STREAM = (
    b": a comment\r\n\r\n"
    + b"".join(
        b"data: " + json.dumps({"choices": [{"delta": {"content": one}}]}).encode() + b"\r\n\r\n"
        for one in TEXT
    )
    + b'data:{"choices":[{"delta":{},"finish_reason":"stop"}],"usage":{"completion_tokens":9}}\n\n'
    + b"data: [DONE]\n\ndata: no JSON"
)


async def _in_pieces(content: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 10_000])
async def test_a_stream_is_read_however_it_is_cut(size: int) -> None:
    pieces: list[str] = []
    completion = await chat_stream.read(_in_pieces(STREAM, size), pieces.append)
    text = "héllo 夜 🌙\nand more"
    assert completion == (text, "stop", 9)
    assert pieces == list(text)


async def test_the_last_line_needs_no_end() -> None:
    content = b'data: {"choices": [{"delta": {"content": "a"}, "finish_reason": "stop"}]}'
    assert await chat_stream.read(_in_pieces(content, 9), lambda _: None) == ("a", "stop", None)


@pytest.mark.parametrize("url", ["127.0.0.1:8000", "ftp://a", "http://", "http://[", "file:///a"])
def test_a_chat_server_has_an_address_of_the_web(url: str) -> None:
    with pytest.raises(ValueError, match="chat_url"):
        Settings.model_validate({"database_url": "x", "jwt_issuer": "y", "chat_url": url})


def test_a_chat_servers_models_are_ours() -> None:
    with pytest.raises(ValueError, match="chat_models"):
        Settings.model_validate(
            {"database_url": "x", "jwt_issuer": "y", "chat_models": '{"gpt": "a"}'}
        )
