"""Fetching: by token, by signed address, or by nothing what is public.

Bytes do not pass through here: the answer is a redirect to the bucket's own signed URL.
"""

from email.utils import format_datetime
from urllib.parse import quote

from functions.storage import access, described
from functions.storage.object_urls import ObjectRef, bucket_name
from shared.auth import url_tokens
from shared.auth.authenticators import Anon, User
from shared.contracts.storage import FileInfo
from shared.errors import UnauthenticatedError
from shared.http import HttpRequest, RawResponse, Redirect
from shared.services import Services

_MAX_SECONDS = 3600
"""How long the bucket's own URL lasts: a film may be sought in for an hour."""


async def fetch(
    call: HttpRequest, place: ObjectRef, caller: User | Anon, services: Services
) -> RawResponse | Redirect:
    """What the caller may read."""
    await access.check(place, access.require_token(caller), services)
    return await _answer(call, place, _MAX_SECONDS, services)


async def fetch_public(
    call: HttpRequest, place: ObjectRef, _: User | Anon, services: Services
) -> RawResponse | Redirect:
    """What anyone may read: files of the library that their owners made public."""
    await access.check(place, Anon(has_key=False), services)
    return await _answer(call, place, _MAX_SECONDS, services)


async def fetch_signed(
    call: HttpRequest, place: ObjectRef, _: User | Anon, services: Services
) -> RawResponse | Redirect:
    """What the address was signed for, as long as that lasts."""
    allowed, left = url_tokens.check(call.query.get("token", ""), services)
    if allowed != place.key:
        raise UnauthenticatedError("The address is signed for another object.")
    return await _answer(call, place, max(1, min(left, _MAX_SECONDS)), services)


async def info(
    _: HttpRequest, place: ObjectRef, caller: User | Anon, services: Services
) -> FileInfo:
    """What the bucket says of an object."""
    await access.check(place, access.require_token(caller), services)
    metadata = await access.stat(place, services)
    return FileInfo(
        id=described.id_of(place),
        name=place.path,
        version=str(metadata.generation),
        bucket_id=place.bucket,
        size=metadata.size,
        content_type=metadata.content_type,
        cache_control=described.CACHE_CONTROL,
        etag=metadata.etag,
        metadata={},
        last_modified=metadata.updated_at,
        created_at=metadata.created_at,
    )


async def _answer(
    call: HttpRequest, place: ObjectRef, seconds: int, services: Services
) -> RawResponse | Redirect:
    if call.method == "HEAD":
        return await _head(place, services)
    url = await services.storage.signed_url(
        bucket_name(place.bucket, services),
        place.path,
        "GET",
        seconds=seconds,
        disposition=_disposition(call.query.get("download")),
    )
    return Redirect(url)


async def _head(place: ObjectRef, services: Services) -> RawResponse:
    """Without a redirect: a client may take one for an answer."""
    metadata = await access.stat(place, services)
    headers = {
        "content-length": str(metadata.size),
        "etag": f'"{metadata.etag}"',
        "last-modified": format_datetime(metadata.updated_at, usegmt=True),
        "accept-ranges": "bytes",
        "cache-control": described.CACHE_CONTROL,
    }
    return RawResponse(b"", metadata.content_type, headers)


def _disposition(download: str | None) -> str | None:
    if not download:
        return None if download is None else "attachment"
    name = quote(download, safe="")
    return f"attachment; filename={name}; filename*=UTF-8''{name}"
