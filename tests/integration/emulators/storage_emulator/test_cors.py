"""Cross-origin requests of browsers."""

import httpx
import pytest
from google.cloud.storage import Bucket

from tests.integration.emulators.storage_emulator.emulator import ORIGIN, Emulator, Sign, put

pytestmark = pytest.mark.emulates(
    "Cloud Storage", "CORS by the bucket's rules, preflight and answers"
)


def test_preflight_is_allowed_when_the_bucket_has_the_default_rules(
    emulator: Emulator, bucket: Bucket, http: httpx.Client
) -> None:
    headers = {
        "origin": ORIGIN,
        "access-control-request-method": "PUT",
        "access-control-request-headers": "content-type,x-goog-if-generation-match",
    }
    for path in (f"/{bucket.name}/x", f"/storage/v1/b/{bucket.name}/o/x"):
        answer = http.options(emulator.url + path, headers=headers)
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "PUT" in answer.headers["access-control-allow-methods"]
        allowed = answer.headers["access-control-allow-headers"]
        assert allowed == headers["access-control-request-headers"]


@pytest.fixture
def ruled(bucket: Bucket) -> Bucket:
    """A bucket whose CORS rules let one origin read."""
    rule = {"origin": [ORIGIN], "method": ["GET"], "responseHeader": ["ETag"], "maxAgeSeconds": 60}
    bucket.cors = [rule]
    bucket.patch()
    return bucket


def test_preflight_follows_the_bucket_when_it_has_rules(
    emulator: Emulator, ruled: Bucket, http: httpx.Client
) -> None:
    address = f"{emulator.url}/{ruled.name}/x"
    headers = {"origin": ORIGIN, "access-control-request-method": "GET"}
    allowed = http.options(address, headers=headers)
    assert allowed.headers["access-control-allow-origin"] == ORIGIN
    assert allowed.headers["access-control-max-age"] == "60"
    for change in (
        {"origin": "https://other.example.com"},
        {"access-control-request-method": "PUT"},
        {"access-control-request-headers": "x-custom"},
    ):
        refused = http.options(address, headers=headers | change)
        assert refused.status_code == 200
        assert "access-control-allow-origin" not in refused.headers


def test_cross_origin_follows_the_bucket_when_it_has_rules(
    emulator: Emulator, ruled: Bucket, sign: Sign, http: httpx.Client
) -> None:
    address = f"{emulator.url}/{ruled.name}/x"
    for answer in (
        http.get(sign(put(ruled.blob("x"))), headers={"origin": ORIGIN}),
        http.get(address, headers={"origin": ORIGIN}),
    ):
        assert answer.headers["access-control-allow-origin"] == ORIGIN
        assert answer.headers["access-control-expose-headers"] == "ETag"
        assert answer.headers["vary"] == "Origin"
    for path in (f"/{ruled.name}/x", f"/storage/v1/b/{ruled.name}", "/storage/v1/b"):
        other = http.get(emulator.url + path, headers={"origin": "https://other.example.com"})
        assert "access-control-allow-origin" not in other.headers
