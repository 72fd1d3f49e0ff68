"""Webhook signatures, compared with the public reference package, and with arbitrary input."""

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as some
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from shared.contracts import webhook_signature
from shared.contracts.webhook_signature import (
    InvalidSignatureError,
    challenge_proof,
    key_bytes,
    new_key,
    sign,
    verify,
)

KEY = "whsec_" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVowMTIzNDU="
OTHER = "whsec_" + "MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1ub3BxcnN0dXY="
NOW = 1_790_000_000
BODY = b'{"jobId": "1"}'

a_body = some.binary(max_size=200)
a_message_id = some.text(some.characters(min_codepoint=33, max_codepoint=126), min_size=1)
a_header = some.text(some.characters(max_codepoint=255), max_size=250) | some.text()


def signed_headers(body: bytes = BODY, key: str = KEY, timestamp: int = NOW) -> dict[str, str]:
    return sign(key, worker_id="demo", message_id="msg_1", timestamp=timestamp, body=body)


@given(text=some.text(), message_id=a_message_id)
def test_standardwebhooks_verifies_our_signature(text: str, message_id: str) -> None:
    now = int(time.time())
    headers = sign(KEY, worker_id="demo", message_id=message_id, timestamp=now, body=text.encode())

    Webhook(KEY).verify(text, headers, json_parse=False)
    with pytest.raises(WebhookVerificationError):
        Webhook(OTHER).verify(text, headers, json_parse=False)


@given(text=some.text(), message_id=a_message_id)
def test_we_verify_a_standardwebhooks_signature(text: str, message_id: str) -> None:
    headers = {
        "webhook-id": message_id,
        "webhook-timestamp": str(NOW),
        "webhook-signature": Webhook(KEY).sign(message_id, datetime.fromtimestamp(NOW, UTC), text),
    }

    assert verify([KEY], headers, text.encode(), now=NOW) == message_id
    with pytest.raises(InvalidSignatureError):
        verify([OTHER], headers, text.encode(), now=NOW)


@given(body=a_body, other=a_body)
def test_a_changed_body_fails_verification(body: bytes, other: bytes) -> None:
    assert verify([KEY], signed_headers(body), body, now=NOW) == "msg_1"
    if other != body:
        with pytest.raises(InvalidSignatureError):
            verify([KEY], signed_headers(body), other, now=NOW)


@pytest.mark.parametrize(
    ("name", "value"), [("webhook-id", "msg_2"), ("webhook-timestamp", str(NOW + 1))]
)
def test_a_changed_header_fails_verification(name: str, value: str) -> None:
    with pytest.raises(InvalidSignatureError):
        verify([KEY], {**signed_headers(), name: value}, BODY, now=NOW)


def test_both_keys_open_while_one_is_rotated() -> None:
    both = [OTHER, KEY]

    assert verify(both, signed_headers(key=KEY), BODY, now=NOW) == "msg_1"
    assert verify(both, signed_headers(key=OTHER), BODY, now=NOW) == "msg_1"
    with pytest.raises(InvalidSignatureError):
        verify([OTHER], signed_headers(key=KEY), BODY, now=NOW)


def test_a_message_may_carry_several_signatures() -> None:
    headers = signed_headers()
    others = f"v1a,AAAA {signed_headers(key=OTHER)['webhook-signature']} v2,x"
    headers["webhook-signature"] = f"{others} {headers['webhook-signature']}"

    assert verify([KEY], headers, BODY, now=NOW) == "msg_1"


def test_without_a_key_nothing_is_opened() -> None:
    with pytest.raises(InvalidSignatureError):
        verify([], signed_headers(), BODY, now=NOW)


@pytest.mark.parametrize("off", [-300, 0, 300])
def test_a_clock_may_be_five_minutes_off(off: int) -> None:
    assert verify([KEY], signed_headers(timestamp=NOW + off), BODY, now=NOW) == "msg_1"


@pytest.mark.parametrize("off", [-301, 301, -(10**6), 10**6])
def test_a_clock_that_is_further_off_is_refused_unless_age_does_not_matter(off: int) -> None:
    headers = signed_headers(timestamp=NOW + off)

    with pytest.raises(InvalidSignatureError, match="clock"):
        verify([KEY], headers, BODY, now=NOW)
    assert verify([KEY], headers, BODY, now=NOW, tolerance_seconds=None) == "msg_1"


@pytest.mark.parametrize(
    "timestamp",
    [
        *("", " 1790000000", "+1790000000", "-1", "1790000000.0", "1e9", "0x6ab", "1_790_000_000"),
        *("١٧٩٠٠٠٠٠٠٠", "²", "nan", "inf", "9" * 13, "9" * 5000, "1790000000\n"),
    ],
)
def test_a_timestamp_is_a_plain_decimal_integer(timestamp: str) -> None:
    with pytest.raises(InvalidSignatureError, match="webhook-timestamp"):
        verify([KEY], {**signed_headers(), "webhook-timestamp": timestamp}, BODY, now=NOW)


@given(
    headers=some.fixed_dictionaries(
        {},
        optional={
            "webhook-id": a_header,
            "webhook-timestamp": a_header | some.integers().map(str),
            "webhook-signature": a_header | some.text().map("v1,{}".format),
        },
    ),
    body=a_body,
    tolerance=some.none() | some.just(300.0),
)
def test_any_other_input_is_an_invalid_signature_error(
    headers: dict[str, str], body: bytes, tolerance: float | None
) -> None:
    for sent in (headers, {**signed_headers(body), **headers} if headers else {}):
        with pytest.raises(InvalidSignatureError):
            verify([KEY, OTHER], sent, body, now=NOW, tolerance_seconds=tolerance)


@pytest.mark.parametrize(
    "name", sorted(signed_headers().keys() - {webhook_signature.WORKER_HEADER})
)
def test_a_missing_header_is_an_invalid_signature(name: str) -> None:
    headers = signed_headers()
    del headers[name]

    with pytest.raises(InvalidSignatureError):
        verify([KEY], headers, BODY, now=NOW)


def test_a_new_key_is_of_32_bytes_and_never_the_same() -> None:
    keys = {new_key() for _ in range(100)}

    assert len(keys) == 100
    assert {len(key_bytes(key)) for key in keys} == {32}


@pytest.mark.parametrize("key", ["", "whsec_", "whsec_QUJD", "whsec_äää", "not base64 at all!!"])
def test_a_malformed_key_is_a_value_error(key: str) -> None:
    with pytest.raises(ValueError, match=r"key|ASCII"):
        key_bytes(key)


def test_a_proof_is_of_one_key_one_worker_and_one_challenge() -> None:
    proofs = {
        challenge_proof(key, worker_id=worker, challenge=challenge)
        for key in (KEY, OTHER)
        for worker in ("a", "b")
        for challenge in ("1", "2")
    }

    assert len(proofs) == 8
    assert challenge_proof(KEY, worker_id="a", challenge="1") in proofs


@pytest.mark.parametrize("worker", ["w", "a", "msg_1", "a.1", ""])
def test_no_proof_signs_a_message(worker: str) -> None:
    """Anyone may request a proof of the worker's key, so no proof may sign a callback."""
    for prefix in ("", "x", "msg_1", "\n", "ourvidz-challenge\nw\nx"):
        challenge = f"{prefix}.{NOW}.{BODY.decode()}"
        proof = challenge_proof(KEY, worker_id=worker, challenge=challenge)
        for message_id in (
            prefix,
            f"{worker}\n{prefix}",
            f"ourvidz-challenge\n{worker}\n{prefix}",
            worker,
            "msg_1",
        ):
            headers = {
                webhook_signature.ID_HEADER: message_id,
                webhook_signature.TIMESTAMP_HEADER: str(NOW),
                webhook_signature.SIGNATURE_HEADER: f"v1,{proof}",
                webhook_signature.WORKER_HEADER: worker,
            }
            with pytest.raises(InvalidSignatureError):
                verify([KEY], headers, BODY, now=NOW)


@pytest.mark.parametrize("message_id", ["a\nb", "a\tb", "\x7f", "a\x00"])
def test_an_id_that_no_header_can_hold_is_an_invalid_signature(message_id: str) -> None:
    """A manifest stores its headers as JSON, which can hold values that no HTTP header can."""
    headers = webhook_signature.sign(
        KEY, worker_id="w", message_id=message_id, timestamp=NOW, body=BODY
    )
    with pytest.raises(InvalidSignatureError):
        verify([KEY], headers, BODY, now=NOW)
