"""The local gateway's routing: which function receives a path, and the path it receives."""

import jwt
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.testclient import TestClient

from infra import manifest as the_map
from infra.local.config import keys
from infra.local.config.environment import OIDC_ISSUER
from infra.local.gateway.app import make_app
from infra.local.gateway.router import Handler
from infra.local.tasks_emulator.oidc import TokenSigner


def seen_as(name: str) -> Handler:
    async def main(request: Request) -> Response:
        raw: bytes = request.scope["raw_path"]
        return JSONResponse(
            {
                "function": name,
                "method": request.method,
                "path": request.scope["path"],
                "raw": raw.decode(),
                "query": request.url.query,
            }
        )

    return main


@pytest.fixture(scope="module")
def client() -> TestClient:
    handlers = {
        "/functions/v1/queue-job": seen_as("queue-job"),
        "/functions/v1/rest": seen_as("rest"),
        "/rest/v1": seen_as("rest"),
    }
    nothing = the_map.Manifest(functions={})
    app = make_app(nothing, handlers, keys.oidc_key().read_bytes())
    # Without its lifespan, which calls the emulators.
    return TestClient(app, follow_redirects=False)


@pytest.mark.parametrize(
    ("public", "function", "path"),
    [
        ("/functions/v1/queue-job", "queue-job", "/"),
        ("/functions/v1/queue-job/", "queue-job", "/"),
        ("/functions/v1/queue-job/a/b", "queue-job", "/a/b"),
        ("/functions/v1/rest/jobs", "rest", "/jobs"),
        ("/rest/v1/jobs", "rest", "/jobs"),
        ("/rest/v1", "rest", "/"),
        ("/rest/v1/a%0Ab", "rest", "/a\nb"),
    ],
)
def test_a_function_sees_the_path_below_its_prefix(
    client: TestClient, public: str, function: str, path: str
) -> None:
    seen = client.get(f"{public}?a=b").json()

    assert (seen["function"], seen["path"], seen["query"]) == (function, path, "a=b")


def test_percent_signs_reach_the_function_as_they_were_written(client: TestClient) -> None:
    seen = client.get("/rest/v1/a%2Fb%20c").json()

    assert (seen["path"], seen["raw"]) == ("/a/b c", "/a%2Fb%20c")


@pytest.mark.parametrize("method", ["OPTIONS", "POST", "PATCH", "DELETE", "PUT"])
def test_every_method_reaches_the_function(client: TestClient, method: str) -> None:
    assert client.request(method, "/functions/v1/queue-job").json()["method"] == method


@pytest.mark.parametrize(
    "path", ["/functions/v1/queue-jobs", "/functions/v1", "/rest/v10", "/rest", "/nothing"]
)
def test_a_path_without_an_owner_is_404(client: TestClient, path: str) -> None:
    answer = client.get(path)

    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"


def test_the_published_key_checks_the_schedulers_token(client: TestClient) -> None:
    token = TokenSigner(keys.oidc_key().read_bytes(), OIDC_ISSUER).token("a@b", "https://it")
    published = jwt.PyJWKSet.from_dict(client.get("/.well-known/jwks.json").json())

    key = published[jwt.get_unverified_header(token)["kid"]]

    claims = jwt.decode(token, key, algorithms=["RS256"], audience="https://it", issuer=OIDC_ISSUER)
    assert (claims["email"], claims["email_verified"]) == ("a@b", True)
