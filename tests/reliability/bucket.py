"""Read a bucket's objects directly, without our functions."""

from collections.abc import Collection
from typing import Any
from urllib.parse import urlencode

from tests.support.http import web
from tests.support.local_system import LocalSystem


def objects_of(
    system: LocalSystem, bucket: str, users: Collection[str]
) -> dict[str, tuple[int, str]]:
    """Return the size and checksum of these users' objects in a bucket, by path."""
    found: dict[str, tuple[int, str]] = {}
    for user in users:
        token = ""
        while True:
            answer = _page(system, bucket, user, token)
            for item in answer.get("items", []):
                found[str(item["name"])] = (int(item["size"]), str(item["crc32c"]))
            token = answer.get("nextPageToken", "")
            if not token:
                break
    return found


def _page(system: LocalSystem, bucket: str, user: str, token: str) -> dict[str, Any]:
    address = f"http://127.0.0.1:{system.ports()['storage']}/storage/v1/b/{bucket}/o"
    query = {"prefix": f"{user}/"} | ({"pageToken": token} if token else {})
    answer = web.get(f"{address}?{urlencode(query)}")
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page
