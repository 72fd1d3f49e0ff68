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
    "description": "The object's path; its slashes are not encoded.",
    "schema": {"type": "string", "pattern": "^[A-Za-z0-9_/!.*'() &$=@;:+,?-]+$"},
}
_OBJECT = (_BUCKET, _PATH)
_TOKEN: Json = {
    "name": "token",
    "in": "query",
    "description": "The token of the signed URL.",
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
    "description": "`true` replaces an existing object.",
    "schema": {"type": "string", "enum": ["true", "false"]},
}
_REFUSALS = {
    400: "The path is not allowed (InvalidKey), or the body is not JSON.",
    401: "The credential is missing or invalid for this object (InvalidJWT, ExpiredToken).",
    403: "The caller may not do this here (AccessDenied).",
    404: "The object (NoSuchKey) or bucket (NoSuchBucket) does not exist, or is not the caller's.",
    408: "The body did not arrive in time (RequestTimeout).",
    409: "The object exists already (ResourceAlreadyExists) or is being saved (ResourceLocked).",
    413: "The body is too large (EntityTooLarge).",
    415: "The file is not a PNG, JPEG or WebP image (InvalidMimeType), or the body is not JSON.",
    422: "The request is not valid (InvalidRequest).",
    429: "Too many requests, or too many uploads of one user at a time (SlowDown).",
    500: "An internal error (InternalError).",
    503: "Storage or database is unavailable, or too many uploads are waiting; retry (SlowDown).",
}
_REFUSED = {status: Response(text, (StorageError,)) for status, text in _REFUSALS.items()}


def _answers(status: int, good: Response) -> dict[int, Response]:
    return {status: good, **_REFUSED}


_THERE = _answers(
    302, Response("A redirect to a signed URL of the bucket.", headers={"Location": _TEXT})
)
_KNOWN = _answers(
    200,
    Response(
        "The object exists.",
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
    "A PNG, JPEG or WebP image of at most 10 MiB, as the body or as the only file of a form, with"
    " any content type. It is re-encoded as a PNG, so that only its pixels are stored."
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
            200,
            Response(
                "A signed URL for each path, or the reason why there is none.", (SignedPaths,)
            ),
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
        answers=_answers(200, Response("The image was stored.", (Uploaded,))),
        description=_UPLOAD,
    )


_ONE, _BY_ADDRESS = "/object/{bucket}/{path}", "/object/upload/sign/{bucket}/{path}"
_ADDRESS = Operation(
    method="POST",
    path=_BY_ADDRESS,
    parameters=(*_OBJECT, _UPSERT),
    answers=_answers(
        200, Response("A signed URL for one upload, valid for two hours.", (UploadAddress,))
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
