"""A task's OIDC token, verified as a target does: by the issuer's published keys."""

from collections.abc import Iterator
from uuid import uuid4

import grpc
import jwt
import pytest
from google.cloud.tasks_v2 import CloudTasksClient, HttpRequest, OidcToken, Queue, Task
from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcTransport

from infra.local.config.environment import OIDC_ISSUER
from tests.integration.emulators.tasks_emulator.emulator import EMAIL
from tests.integration.emulators.tasks_emulator.target import Target
from tests.support.local_system import LocalSystem

pytestmark = pytest.mark.emulates("Cloud Tasks", "OIDC tokens, verified by the gateway's JWKS")
AUDIENCE = "https://worker.test"


@pytest.fixture
def token(bare: LocalSystem, target: Target, path: str) -> Iterator[str]:
    """A token that a target of the running system received."""
    parent = "projects/local/locations/local"
    with grpc.insecure_channel(f"127.0.0.1:{bare.ports()['tasks']}") as channel:
        client = CloudTasksClient(transport=CloudTasksGrpcTransport(channel=channel))
        name = f"{parent}/queues/oidc-{uuid4().hex[:8]}"
        client.create_queue(parent=parent, queue=Queue(name=name))
        oidc = OidcToken(service_account_email=EMAIL, audience=AUDIENCE)
        request = HttpRequest(url=target.url(path), oidc_token=oidc)
        client.create_task(parent=name, task=Task(http_request=request))
        [push] = target.wait_for(path)
        yield push.headers["authorization"].removeprefix("Bearer ")
        client.delete_queue(name=name)


def test_token_verifies_by_the_keys_that_the_gateway_publishes(
    bare: LocalSystem, token: str
) -> None:
    keys = jwt.PyJWKClient(f"{bare.base}/.well-known/jwks.json")
    key = keys.get_signing_key_from_jwt(token)
    claims = jwt.decode(
        token,
        key,
        algorithms=["RS256"],
        audience=AUDIENCE,
        issuer=OIDC_ISSUER,
        options={"require": ["exp", "iat", "aud", "iss", "sub"]},
    )
    assert (claims["email"], claims["email_verified"]) == (EMAIL, True)
    assert jwt.get_unverified_header(token)["kid"] == key.key_id
    with pytest.raises(jwt.InvalidAudienceError):
        jwt.decode(token, key, algorithms=["RS256"], audience="https://other.test")


def test_token_of_another_key_is_not_verified(bare: LocalSystem, token: str) -> None:
    keys = jwt.PyJWKClient(f"{bare.base}/.well-known/jwks.json")
    key = keys.get_signing_key_from_jwt(token)
    header, claims, signature = token.split(".")
    changed = signature[:10] + ("A" if signature[10] != "A" else "B") + signature[11:]
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(f"{header}.{claims}.{changed}", key, algorithms=["RS256"], audience=AUDIENCE)
