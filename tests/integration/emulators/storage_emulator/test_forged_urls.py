"""Signed URLs that were altered, have expired or were signed with another key."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import httpx
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from google.cloud.storage import Bucket

from tests.integration.emulators.storage_emulator.emulator import Emulator, Sign, Signer, put

pytestmark = pytest.mark.emulates(
    "Cloud Storage", "refusal of changed, expired and forged signed URLs"
)


MUTATIONS = {
    "method": ("", ""),
    "bucket": ("/bucket-", "/bucket_"),
    "object": ("/mine", "/yours"),
    "object case": ("/mine", "/Mine"),
    "signature": ("X-Goog-Signature=", "X-Goog-Signature=00"),
    "signature text": ("X-Goog-Signature=", "X-Goog-Signature=zz"),
    "signature gone": ("X-Goog-Signature=", "Ignored="),
    "expiry": ("X-Goog-Expires=300", "X-Goog-Expires=301"),
    "expiry text": ("X-Goog-Expires=300", "X-Goog-Expires=soon"),
    "expiry gone": ("X-Goog-Expires=300&", ""),
    "date": ("X-Goog-Date=2", "X-Goog-Date=3"),
    "date gone": ("X-Goog-Date=", "Ignored="),
    "signer": ("X-Goog-Credential=signer", "X-Goog-Credential=other"),
    "scope": ("%2Fstorage%2F", "%2Fcompute%2F"),
    "credential gone": ("X-Goog-Credential=", "Ignored="),
    "algorithm": ("GOOG4-RSA-SHA256", "GOOG4-HMAC-SHA256"),
    "fewer signed headers": ("content-type%3Bhost", "host"),
    "no signed headers": ("content-type%3Bhost", ""),
    "added parameter": ("X-Goog-Date", "generation=1&X-Goog-Date"),
    "override": ("X-Goog-Date", "response-content-type=text%2Fhtml&X-Goog-Date"),
    "duplicate parameter": ("X-Goog-Expires=300", "X-Goog-Expires=300&X-Goog-Expires=999"),
}


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_signed_url_is_refused_when_changed(
    bucket: Bucket, sign: Sign, http: httpx.Client, mutation: str
) -> None:
    blob = put(bucket.blob("mine"), b"secret")
    headers = {"content-type": "image/png"}
    url = sign(blob, "PUT", content_type="image/png")
    before, after = MUTATIONS[mutation]
    changed = url.replace(before, after, 1) if before else url
    method = "GET" if mutation == "method" else "PUT"
    assert before in url
    answer = http.request(method, changed, headers=headers)
    assert answer.status_code == 403
    assert answer.headers["content-type"].startswith("application/xml")
    code = "AccessDenied" if mutation == "signature gone" else "SignatureDoesNotMatch"
    assert f"<Code>{code}</Code>" in answer.text
    assert blob.download_as_bytes() == b"secret"


@pytest.mark.parametrize("content_type", ["image/jpeg", None])
def test_signed_upload_is_refused_when_a_signed_header_differs(
    bucket: Bucket, sign: Sign, http: httpx.Client, content_type: str | None
) -> None:
    url = sign(bucket.blob("x"), "PUT", content_type="image/png")
    answer = http.put(
        url, content=b"x", headers={"content-type": content_type} if content_type else {}
    )
    code = "SignatureDoesNotMatch" if content_type else "MalformedSecurityHeader"
    assert (answer.status_code, f"<Code>{code}</Code>" in answer.text) == (
        403 if content_type else 400,
        True,
    )
    assert not bucket.blob("x").exists()


def test_signed_url_is_refused_when_the_host_differs(
    emulator: Emulator, bucket: Bucket, sign: Sign, http: httpx.Client
) -> None:
    url = sign(put(bucket.blob("x")))
    for host in ("storage.googleapis.com", "[", ""):
        assert http.get(url, headers={"host": host}).status_code == 403
    elsewhere = Sign("http://storage.example.com", sign.credentials)(bucket.blob("x"))
    here = elsewhere.replace("http://storage.example.com", emulator.url)
    assert http.get(here).status_code == 403
    assert http.get(here, headers={"host": "storage.example.com"}).status_code == 200


def test_signed_url_is_refused_when_another_key_signed(
    emulator: Emulator, bucket: Bucket, http: httpx.Client
) -> None:
    sign_with_other_key = Sign(emulator.url, Signer().credentials)
    answer = http.get(sign_with_other_key(put(bucket.blob("x"))))
    assert (answer.status_code, "<Code>SignatureDoesNotMatch</Code>" in answer.text) == (403, True)


def _ago(seconds: int) -> str:
    return f"{datetime.now(UTC) - timedelta(seconds=seconds):%Y%m%dT%H%M%SZ}"


@dataclass
class Claims:
    """The claims of a URL's signature; by default it was issued ten seconds ago."""

    algorithm: str = "GOOG4-RSA-SHA256"
    issued: str = ""
    expires: str = "3600"
    scope: str = "{day}/auto/storage/goog4_request"

    def sign(self, signer: Signer, host: str, path: str) -> str:
        """Sign the claims, also those that the client library would not sign."""
        issued = self.issued or _ago(10)
        scope = self.scope.format(day=issued[:8])
        query = urlencode(
            {
                "X-Goog-Algorithm": self.algorithm,
                "X-Goog-Credential": f"signer/{scope}",
                "X-Goog-Date": issued,
                "X-Goog-Expires": self.expires,
                "X-Goog-SignedHeaders": "host",
            }
        )
        canonical = f"GET\n{path}\n{query}\nhost:{host}\n\nhost\nUNSIGNED-PAYLOAD"
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        text = f"{self.algorithm}\n{issued}\n{scope}\n{digest}"
        signature = signer.key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"http://{host}{path}?{query}&X-Goog-Signature={signature.hex()}"


CLAIMS = {
    "right": (Claims(), 200, ""),
    "seven days": (Claims(expires="604800"), 200, ""),
    "more than seven days": (Claims(expires="604801"), 400, "MalformedSecurityHeader"),
    "no time": (Claims(expires="0"), 400, "MalformedSecurityHeader"),
    "boundless": (Claims(expires="9" * 30), 400, "MalformedSecurityHeader"),
    "expiry text": (Claims(expires="soon"), 400, "MalformedSecurityHeader"),
    "date text": (Claims(issued="today"), 400, "MalformedSecurityHeader"),
    "just expired": (Claims(expires="9"), 400, "ExpiredToken"),
    "long expired": (Claims(issued="20200101T000000Z"), 400, "ExpiredToken"),
    "not yet valid": (Claims(issued="20990101T000000Z"), 403, "AccessDenied"),
    "algorithm": (Claims(algorithm="GOOG4-HMAC-SHA256"), 400, "MalformedSecurityHeader"),
    "other day": (Claims(scope="20200101/auto/storage/goog4_request"), 400, "MalformedSecurity"),
    "other service": (Claims(scope="{day}/auto/compute/goog4_request"), 400, "Malformed"),
    "short scope": (Claims(scope="auto/storage/goog4_request"), 400, "MalformedSecurityHeader"),
}


@pytest.mark.parametrize(("claims", "status", "code"), CLAIMS.values(), ids=CLAIMS)
def test_signature_is_not_enough_when_its_claims_are_wrong(
    bucket: Bucket,
    signer: Signer,
    emulator: Emulator,
    http: httpx.Client,
    claims: Claims,
    status: int,
    code: str,
) -> None:
    put(bucket.blob("x"))
    url = claims.sign(signer, f"127.0.0.1:{emulator.port}", f"/{bucket.name}/x")
    answer = http.get(url)
    assert (answer.status_code, code in answer.text) == (status, True)


def test_unsigned_access_is_denied_when_the_object_exists(
    emulator: Emulator, bucket: Bucket, http: httpx.Client
) -> None:
    put(bucket.blob("x"))
    address = f"{emulator.url}/{bucket.name}/x"
    for method in ("GET", "HEAD", "PUT", "DELETE", "POST"):
        assert http.request(method, address).status_code == 403
    assert "<Code>AccessDenied</Code>" in http.get(address).text
    assert http.get(f"{emulator.url}/{bucket.name}").status_code == 403


EMPTY = (
    "X-Goog-Algorithm=&X-Goog-Credential=&X-Goog-Date=&X-Goog-Expires=&X-Goog-SignedHeaders=host"
)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "//",
        "/%ff/%ff",
        "/b/%00",
        "/b/o?X-Goog-Signature=%ff",
        f"/b/o?{EMPTY}&X-Goog-Signature=é",
        f"/b/o?{EMPTY}&X-Goog-Signature=",
        f"/b/%ff?{EMPTY}&X-Goog-Signature=00",
        f"/b/o?{EMPTY}%0a%3b%00&X-Goog-Signature=00",
    ],
)
def test_request_is_refused_when_it_makes_no_sense(
    emulator: Emulator, http: httpx.Client, path: str
) -> None:
    for method in ("GET", "PUT"):
        assert http.request(method, emulator.url + path).status_code in {400, 403}
