"""Operations of ``storage``: the supported part of Supabase Storage's API."""

from infra.openapi.types import BEARER, SIGNED, Json, Operation, Requirement, Response
from shared.contracts.storage import (
    FileEntries,
    FileInfo,
    ListRequest,
    RemoveRequest,
    SignedPaths,
    SignManyRequest,
    SignRequest,
    SignResponse,
    StorageError,
    UploadAddress,
    Uploaded,
)

_TEXT: Json = {"type": "string"}
_BINARY: Json = {"type": "string", "format": "binary"}
_BUCKET: Json = {
    "name": "bucket",
    "in": "path",
    "required": True,
    "description": "By its public name.",
    "schema": {"type": "string", "enum": ["workspace-temp", "user-library"]},
}
_PATH: Json = {
    "name": "path",
    "in": "path",
    "required": True,
    "description": "The object's, its slashes as they are.",
    "schema": {"type": "string", "pattern": "^[A-Za-z0-9_/!.*'() &$=@;:+,?-]+$"},
}
_OBJECT = (_BUCKET, _PATH)
_TOKEN: Json = {
    "name": "token",
    "in": "query",
    "description": "Of the signed address.",
    "schema": _TEXT,
}
_DOWNLOAD: Json = {
    "name": "download",
    "in": "query",
    "description": "Send the object as an attachment with this file name; empty for its own name.",
    "schema": _TEXT,
}
_UPSERT: Json = {
    "name": "x-upsert",
    "in": "header",
    "description": "`true`: in place of what is there.",
    "schema": {"type": "string", "enum": ["true", "false"]},
}
_REFUSALS = {
    400: "No object can have this name (InvalidKey), or the body is not JSON.",
    401: "No or no good credential, or not for this object (InvalidJWT, ExpiredToken).",
    403: "Not in this place, or not for this caller (AccessDenied).",
    404: "No such object (NoSuchKey) or bucket (NoSuchBucket), or not this caller's.",
    408: "The body did not arrive in time (RequestTimeout).",
    409: "There is one already (ResourceAlreadyExists), or it is being saved (ResourceLocked).",
    413: "It is too large (EntityTooLarge).",
    415: "It is no PNG, JPEG or WebP (InvalidMimeType), or no JSON.",
    422: "The request is not valid (InvalidRequest).",
    429: "Too many requests, or too many uploads of one user at a time (SlowDown).",
    500: "Something went wrong here (InternalError).",
    503: "Storage or database unavailable, or too many uploads wait: try again (SlowDown).",
}
_REFUSED = {status: Response(text, (StorageError,)) for status, text in _REFUSALS.items()}


def _answers(status: int, good: Response) -> dict[int, Response]:
    return {status: good, **_REFUSED}


_THERE = _answers(
    302, Response("It is at the bucket's own signed address.", headers={"Location": _TEXT})
)
_KNOWN = _answers(
    200,
    Response(
        "It is there.",
        headers={"Content-Length": {"type": "integer"}, "ETag": _TEXT, "Last-Modified": _TEXT},
    ),
)
_PICTURE: dict[str, Json] = {
    "application/octet-stream": _BINARY,
    "multipart/form-data": {
        "type": "object",
        "properties": {"file": _BINARY},
        "required": ["file"],
    },
}
_UPLOAD = (
    "A PNG, JPEG or WebP of 10 MiB at most, as the body or as the one file of a form, whatever the"
    " request calls it. It is re-encoded as a PNG, so that only its pixels are stored."
)
_KINDS: list[tuple[str, tuple[Requirement, ...]]] = [
    ("/object/{bucket}/{path}", (BEARER,)),
    ("/object/authenticated/{bucket}/{path}", (BEARER,)),
    ("/object/public/{bucket}/{path}", ()),
    ("/object/sign/{bucket}/{path}", (SIGNED,)),
]


def _fetching(path: str, security: tuple[Requirement, ...]) -> list[Operation]:
    token = (_TOKEN,) if SIGNED in security else ()
    return [
        Operation("GET", _THERE, path, None, (*_OBJECT, *token, _DOWNLOAD), security),
        Operation("HEAD", _KNOWN, path, None, (*_OBJECT, *token), security),
    ]


_SIGNING = [
    Operation(
        method="POST",
        path="/object/sign/{bucket}/{path}",
        parameters=_OBJECT,
        reads=SignRequest,
        answers=_answers(200, Response("The signed URL.", (SignResponse,))),
    ),
    Operation(
        method="POST",
        path="/object/sign/{bucket}",
        parameters=(_BUCKET,),
        reads=SignManyRequest,
        answers=_answers(
            200, Response("An address for each, or why there is none.", (SignedPaths,))
        ),
        name="several",
    ),
]


def _uploading(
    method: str, path: str, parameters: tuple[Json, ...], security: tuple[Requirement, ...]
) -> Operation:
    return Operation(
        method=method,
        path=path,
        parameters=parameters,
        security=security,
        body=_PICTURE,
        answers=_answers(200, Response("It is stored.", (Uploaded,))),
        description=_UPLOAD,
    )


_ONE, _BY_ADDRESS = "/object/{bucket}/{path}", "/object/upload/sign/{bucket}/{path}"
_ADDRESS = Operation(
    method="POST",
    path=_BY_ADDRESS,
    parameters=(*_OBJECT, _UPSERT),
    answers=_answers(
        200, Response("Where one picture may be put, for two hours.", (UploadAddress,))
    ),
)
_INFO = Operation(
    method="GET",
    path="/object/info/{bucket}/{path}",
    parameters=_OBJECT,
    answers=_answers(200, Response("The object's metadata.", (FileInfo,))),
)
_LIST = Operation(
    method="POST",
    path="/object/list/{bucket}",
    parameters=(_BUCKET,),
    reads=ListRequest,
    answers=_answers(200, Response("The entries of the caller's folder.", (FileEntries,))),
)
_REMOVE = Operation(
    method="DELETE",
    path="/object/{bucket}",
    parameters=(_BUCKET,),
    reads=RemoveRequest,
    answers=_answers(200, Response("The deleted objects.", (FileEntries,))),
)

STORAGE: list[Operation] = [
    *(operation for path, security in _KINDS for operation in _fetching(path, security)),
    *_SIGNING,
    _uploading("POST", _ONE, (*_OBJECT, _UPSERT), (BEARER,)),
    _uploading("PUT", _ONE, _OBJECT, (BEARER,)),
    _ADDRESS,
    _uploading("PUT", _BY_ADDRESS, (*_OBJECT, _TOKEN), (SIGNED,)),
    _INFO,
    _LIST,
    _REMOVE,
]
"""All operations; the error for moving and copying files is not documented."""
