"""Security schemes."""

from infra.openapi.types import Json
from shared.contracts import webhook_signature


def _key(name: str, location: str, description: str) -> Json:
    return {"type": "apiKey", "in": location, "name": name, "description": description}


SCHEMES: dict[str, Json] = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "A user's token, or the project's anon key where everyone may read.",
    },
    "scheduler": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "A Google OIDC token of the scheduler's account, for this function.",
    },
    "ticket": _key(
        "ticket", "query", "Opens one stream; created by POST /functions/v1/job-events."
    ),
    "signedAddress": _key("token", "query", "The token of a URL that was signed for this object."),
    "signatureWorker": _key(
        webhook_signature.WORKER_HEADER,
        "header",
        "The id of the worker whose key made the signature.",
    ),
    "signatureId": _key(
        webhook_signature.ID_HEADER, "header", "The message id (Standard Webhooks)."
    ),
    "signatureTimestamp": _key(
        webhook_signature.TIMESTAMP_HEADER,
        "header",
        f"Unix seconds, at most {webhook_signature.TOLERANCE_SECONDS} from the server's clock.",
    ),
    "signature": _key(
        webhook_signature.SIGNATURE_HEADER,
        "header",
        "`v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`.",
    ),
}
