"""A JWKS endpoint of a token issuer."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

_Private = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


class KeyServer:
    """A JWKS server that counts its requests, and can be made to answer 500."""

    def __init__(self) -> None:
        self.keys: dict[str, Any] = {}
        self.private: dict[str, Any] = {}
        self.requests = 0
        self.is_away = False
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.requests += 1
                self.send_response(500 if server.is_away else 200)
                self.end_headers()
                self.wfile.write(json.dumps({"keys": list(server.keys.values())}).encode())

            def log_message(self, *_: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}/jwks.json"
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()

    def add(self, kid: str, key: _Private | None = None) -> _Private:
        """Publish another key, and return its private half."""
        key = key or ec.generate_private_key(ec.SECP256R1())
        self.private[kid] = key
        self.keys[kid] = {**_jwk(key), "kid": kid, "use": "sig"}
        return key

    def close(self) -> None:
        """Shut the server down."""
        self._http.shutdown()
        self._http.server_close()


def _jwk(key: _Private) -> dict[str, Any]:
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    if isinstance(key, rsa.RSAPrivateKey):
        return jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return jwt.algorithms.OKPAlgorithm.to_jwk(key.public_key(), as_dict=True)
