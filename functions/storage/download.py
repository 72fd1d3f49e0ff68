"""Fetching: by token, by signed address, or by nothing what is public.

Bytes do not pass through here: the answer is a redirect to the bucket's own signed URL.
"""

from email.utils import format_datetime
from urllib.parse import quote

from functions.storage import access, described
from functions.storage.object_urls import Place, bucket_name
from shared.auth import url_tokens
from shared.auth.authenticators import Anon, User
from shared.contracts.storage import FileInfo
from shared.errors import UnauthenticatedError
from shared.http import Call, Content, Redirect
from shared.services import Services

_MOST_SECONDS = 3600
"""How long the bucket's own URL lasts: a film may be sought in for an hour."""


async def fetch(
    call: Call, place: Place, caller: User | Anon, services: Services
) -> Content | Redirect:
    """What the caller may read."""
    await access.check(place, access.known(caller), services)
    return await _answer(call, place, _MOST_SECONDS, services)


async def fetch_public(
    call: Call, place: Place, _: User | Anon, services: Services
) -> Content | Redirect:
    """What anyone may read: files of the library that their owners made public."""
    await access.check(place, Anon(has_key=False), services)
    return await _answer(call, place, _MOST_SECONDS, services)


async def fetch_signed(
    call: Call, place: Place, _: User | Anon, services: Services
) -> Content | Redirect:
    """What the address was signed for, as long as that lasts."""
    allowed, left = url_tokens.check(call.query.get("token", ""), services)
    if allowed != place.key:
        raise UnauthenticatedError("The address is signed for another object.")
    return await _answer(call, place, max(1, min(left, _MOST_SECONDS)), services)


async def info(_: Call, place: Place, caller: User | Anon, services: Services) -> FileInfo:
    """What the bucket says of an object."""
    await access.check(place, access.known(caller), services)
    found = await access.stat(place, services)
    return FileInfo(
        id=described.id_of(place),
        name=place.path,
        version=str(found.generation),
        bucket_id=place.bucket,
        size=found.size,
        content_type=found.content_type,
        cache_control=described.CACHE_CONTROL,
        etag=found.etag,
        metadata={},
        last_modified=found.updated_at,
        created_at=found.created_at,
    )


async def _answer(call: Call, place: Place, seconds: int, services: Services) -> Content | Redirect:
    if call.method == "HEAD":
        return await _head(place, services)
    url = await services.storage.sign(
        bucket_name(place.bucket, services),
        place.path,
        "GET",
        seconds=seconds,
        disposition=_disposition(call.query.get("download")),
    )
    return Redirect(url)


async def _head(place: Place, services: Services) -> Content:
    """Without a redirect: a client may take one for an answer."""
    found = await access.stat(place, services)
    headers = {
        "content-length": str(found.size),
        "etag": f'"{found.etag}"',
        "last-modified": format_datetime(found.updated_at, usegmt=True),
        "accept-ranges": "bytes",
        "cache-control": described.CACHE_CONTROL,
    }
    return Content(b"", found.content_type, headers)


def _disposition(download: str | None) -> str | None:
    if not download:
        return None if download is None else "attachment"
    name = quote(download, safe="")
    return f"attachment; filename={name}; filename*=UTF-8''{name}"
