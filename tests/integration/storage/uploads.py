"""Helpers for the tests of uploads."""

import io
from typing import Any

import httpx
from PIL import Image

from tests.support.http import web
from tests.support.local_system import LocalSystem, UserClient

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(1)</script>"


def picture(kind: str = "PNG", colour: str = "red", **more: Any) -> bytes:  # noqa: ANN401 - Pillow's
    """A small picture of one colour."""
    target = io.BytesIO()
    Image.new("RGB", (24, 16), colour).save(target, kind, **more)
    return target.getvalue()


RED, BLUE = picture(), picture(colour="blue")


def send(
    person: UserClient, path: str, content: bytes = RED, method: str = "POST", **headers: str
) -> httpx.Response:
    """Upload content as the request's body."""
    return web.request(
        method,
        f"{person.base}/storage/v1/object/{path}",
        content=content,
        headers={"authorization": f"Bearer {person.token}", "content-type": "image/png", **headers},
    )


def own(person: UserClient, name: str = "uploads/cat.png") -> str:
    """A path in the user's folder."""
    return f"workspace-temp/{person.id}/{name}"


def colour_of(content: bytes) -> object:
    """The colour of a PNG."""
    with Image.open(io.BytesIO(content)) as drawn:
        assert drawn.format == "PNG"
        return drawn.convert("RGB").getpixel((4, 4))


def stored(system: LocalSystem, person: UserClient) -> set[str]:
    """The user's objects, as bucket and path."""
    return {path for path in system.objects() if f"/{person.id}/" in path}


def refused(answer: httpx.Response, status: int, error: str) -> str:
    """Check an error response as Supabase Storage's clients read it; return its message."""
    assert answer.status_code == status, answer.text
    payload = answer.json()
    assert (payload["statusCode"], payload["error"]) == (str(status), error)
    return str(payload["message"])


def listed(
    person: UserClient, folder: str, bucket: str = "workspace-temp", **more: object
) -> list[str]:
    """The names in a folder; those of folders end in a slash."""
    answer = person.invoke(f"storage/object/list/{bucket}", {"prefix": folder, **more})
    assert answer.status_code == 200, answer.text
    return [one["name"] + ("" if one["id"] else "/") for one in answer.json()]


def remove(person: UserClient, *paths: str, bucket: str = "workspace-temp") -> list[str]:
    """Remove objects and return the paths that were removed."""
    url = f"{person.base}/storage/v1/object/{bucket}"
    headers = {"authorization": f"Bearer {person.token}"}
    answer = web.request("DELETE", url, json={"prefixes": paths}, headers=headers)
    assert answer.status_code == 200, answer.text
    return [one["name"] for one in answer.json()]
