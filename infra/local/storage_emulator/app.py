"""The emulator's ASGI application: routing, and errors in JSON or XML."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, TypeAlias

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

from . import bucket_api, copy_api, cors, object_api, unsupported, upload_api, xml_api
from .errors import ApiError, NotFoundError
from .urls import decode, raw_path

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.types import Receive, Scope, Send

    from .signed_urls import SignedUrlVerifier
    from .store import Store

Handler: TypeAlias = "Callable[..., Awaitable[Response]]"

_BUCKET = "/storage/v1/b/{bucket}"
_OBJECT = "/storage/v1/b/{bucket}/o/{name}"
_UPLOAD = "/upload/storage/v1/b/{bucket}/o"
_ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/storage/v1/b", bucket_api.list_buckets),
    ("POST", "/storage/v1/b", bucket_api.insert_bucket),
    ("GET", _BUCKET, bucket_api.get_bucket),
    ("PATCH", _BUCKET, bucket_api.patch_bucket),
    ("DELETE", _BUCKET, bucket_api.delete_bucket),
    ("GET", f"{_BUCKET}/o", object_api.list_objects),
    ("GET", _OBJECT, object_api.get_object),
    ("GET", f"/download{_OBJECT}", object_api.get_object),
    ("PATCH", _OBJECT, object_api.patch_object),
    ("DELETE", _OBJECT, object_api.delete_object),
    ("POST", f"{_OBJECT}/copyTo/b/{{to_bucket}}/o/{{to_name}}", copy_api.copy_object),
    ("POST", f"{_OBJECT}/rewriteTo/b/{{to_bucket}}/o/{{to_name}}", copy_api.rewrite_object),
    ("POST", f"{_OBJECT}/compose", copy_api.compose_object),
    ("POST", _UPLOAD, upload_api.insert_object),
    ("PUT", _UPLOAD, upload_api.continue_upload),
    ("DELETE", _UPLOAD, upload_api.cancel_upload),
)
_JSON_API = re.compile(r"/(storage|upload|download|batch)/")
_JSON_BUCKET = re.compile(r"(?:/upload|/download)?/storage/v1/b/([^/]+)")
_XML_OBJECT = re.compile(r"/([^/]+)/(.+)")


class StorageEmulator:
    """The part of Cloud Storage that this system uses."""

    def __init__(self, store: Store, verifier: SignedUrlVerifier) -> None:
        self._store = store
        self._verifier = verifier
        self._routes: defaultdict[str, list[tuple[re.Pattern[str], Handler]]] = defaultdict(list)
        for method, template, handler in _ROUTES:
            pattern = re.compile(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", template))
            self._routes[method].append((pattern, handler))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        request = Request(scope, receive)
        path = raw_path(request)
        rules = self._bucket_rules(request, path)
        if path == "/healthz":
            response: Response = PlainTextResponse("ok")
        elif request.method == "OPTIONS":
            response = cors.preflight(request, rules)
        else:
            response = await self._respond(request, path)
            cors.expose(request, response, rules)
        await response(scope, receive, send)

    async def _respond(self, request: Request, path: str) -> Response:
        is_json = _JSON_API.match(path)
        try:
            unsupported.check_request(request)
            return await (self._call if is_json else self._serve_signed)(request, path)
        except ApiError as error:
            return error.as_json() if is_json else error.as_xml()
        except ClientDisconnect:
            # The client is gone; the response only prevents an error in the log.
            return Response(status_code=499)

    async def _call(self, request: Request, path: str) -> Response:
        for pattern, handler in self._routes[request.method]:
            if match := pattern.fullmatch(path):
                names = {group: decode(text) for group, text in match.groupdict().items()}
                return await handler(self._store, request, **names)
        raise NotFoundError

    async def _serve_signed(self, request: Request, path: str) -> Response:
        self._verifier.verify(request)
        match = _XML_OBJECT.fullmatch(path)
        if not match:
            raise NotFoundError
        return await xml_api.serve(self._store, request, decode(match[1]), decode(match[2]))

    def _bucket_rules(self, request: Request, path: str) -> cors.Rules:
        if "origin" not in request.headers:
            return ()
        match = _JSON_BUCKET.match(path) or _XML_OBJECT.match(path)
        bucket = self._store.buckets.find(match[1]) if match else None
        return bucket.properties.get("cors", ()) if bucket else ()
