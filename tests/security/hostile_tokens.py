"""Invalid user tokens, derived at random from a valid one."""

import json
import string
import time
from collections.abc import Callable, Iterator
from random import Random
from typing import NamedTuple
from uuid import uuid4

import jwt

from infra.local.config import keys, tokens
from tests.security.jwt_builder import Claims, by_hand, good_claims, good_token, part


class HostileToken(NamedTuple):
    """A token for the Authorization header, and the name of its kind."""

    name: str
    text: bytes


def make(chance: Random, count: int) -> Iterator[HostileToken]:
    """Yield ``count`` tokens, of each kind in turn."""
    ways = list(_WAYS.items())
    for number in range(count):
        name, way = ways[number % len(ways)]
        token = way(chance)
        yield HostileToken(name, token if isinstance(token, bytes) else token.encode())


def _no_algorithm(chance: Random) -> str:
    spelt = chance.choice(["none", "None", "NONE", "nOnE", "", " none", None, False, [], ["HS256"]])
    head = {"alg": spelt, "typ": "JWT"}
    signature = chance.choice(["", "x", good_token().split(".")[2]])
    return f"{part(head)}.{part(good_claims())}.{signature}"


def _another_algorithm(chance: Random) -> str:
    """Sign with the right secret; the header must not choose the algorithm."""
    named, digest = chance.choice(
        [("HS384", "sha384"), ("HS512", "sha512"), ("HS1", "sha1"), ("MD5", "md5")]
    )
    spelt = chance.choice([named, named.lower(), "RS256", "ES256", "PS256", "EdDSA", "hs256"])
    return by_hand({"alg": spelt, "typ": "JWT"}, good_claims(), digest=digest)


def _another_secret(chance: Random) -> str:
    known = [
        b"secret",
        b"super-secret-jwt-token-with-at-least-32-characters-long",
        tokens.anon_token().encode(),
        keys.secret("url-token-secret").encode(),
        keys.worker_key("demo").encode(),
        keys.verifying_key().read_bytes(),
        tokens.secret()[:-1].encode(),
        tokens.secret().upper().encode() + b"x",
        bytes.fromhex(tokens.secret()),
        chance.randbytes(32),
    ]
    head = {"alg": "HS256", "typ": "JWT", "kid": chance.choice(["", "one", "../../dev/null"])}
    return by_hand(head, good_claims(), chance.choice(known))


def _own_key(chance: Random) -> str:
    """Put the key, or its location, into the header."""
    name, value = chance.choice([
        ("jku", "http://127.0.0.1/keys"),
        ("x5u", "http://127.0.0.1/keys"),
        ("jwk", {"kty": "oct", "k": part(b"x" * 32)}),
        ("x5c", ["AAAA"]),
        ("crit", ["exp"]),
        ("crit", []),
    ])  # fmt: skip
    secret = chance.choice([b"x" * 32, None])
    return by_hand({"alg": "HS256", "typ": "JWT", name: value}, good_claims(), secret)


def _signature_changed(chance: Random) -> str:
    head, body, signature = good_token().split(".")
    place = chance.randrange(len(signature) - 1)
    other = chance.choice([one for one in "ABCxyz019-_" if one != signature[place]])
    odd = [
        *(
            signature[:place] + other + signature[place + 1 :],
            "",
            signature[:-1],
            signature[: len(signature) // 2],
        ),
        *(
            f"{signature}=",
            f"{signature}!",
            f"{signature[:5]}~{signature[5:]}",
            signature[::-1],
            f"{signature}{signature}",
            f"{signature}A",
        ),
        *(
            good_token().split(".")[2][:-3] + "AAA",
            _last_bits(signature),
            part(b""),
            part(bytes(32)),
        ),
    ]
    return f"{head}.{body}.{chance.choice(odd)}"


def _last_bits(signature: str) -> str:
    """Return the same bytes with another last character, whose lower bits are unused."""
    alphabet = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
    return signature[:-1] + alphabet[alphabet.index(signature[-1]) ^ 1]


def _claims_changed(chance: Random) -> str:
    head, body, signature = good_token().split(".")
    changes: list[Claims] = [{"sub": str(uuid4())}, {"exp": 2**33}, {"role": "service_role"}]
    change = chance.choice(changes)
    changed = part({**good_claims(), **change})
    return chance.choice([f"{head}.{changed}.{signature}", f"{head}.{body[:-1]}.{signature}"])


def _claim_missing(chance: Random) -> str:
    gone = chance.choice(["iss", "aud", "sub", "role", "exp"])
    claims = {name: value for name, value in good_claims().items() if name != gone}
    return by_hand({"alg": "HS256", "typ": "JWT"}, claims)


def _claim_wrong(chance: Random) -> str:
    name = chance.choice(list(_WRONG))
    claims = {**good_claims(), name: chance.choice(_WRONG[name])}
    return by_hand({"alg": "HS256", "typ": "JWT"}, claims)


def _claim_odd(chance: Random) -> str:
    """Use a number that is invalid, or too large for a timestamp."""
    name = chance.choice(["exp", "nbf", "iat"])
    text = chance.choice(["Infinity", "-Infinity", "NaN", "1e400", "[1]", "{}", '"soon"', "null"])
    body = json.dumps({**good_claims(), name: "HERE"}).replace('"HERE"', text).encode()
    if (name, text) == ("nbf", "-Infinity") or (text == "null" and name != "exp"):
        body = b"null"
    return by_hand({"alg": "HS256", "typ": "JWT"}, body)


def _no_json(chance: Random) -> str:
    """Sign parts that are not valid JSON objects with the right secret."""
    odd: list[object] = [
        *(b"", b"[]", b"null", b"1", b'"x"', b"{", b"\xff\xfe", b"\x00", b"true", b"[[]]"),
        *(b'{"a":' * 3 + b"1" + b"}" * 3, b"[" * 4000, b'{"a":' * 2000, b"[" * 3000 + b"]" * 3000),
        *(b"9" * 5000, b'"\\ud800"', b'{"alg":"HS256"'),
    ]
    parts = [(chance.choice(odd), good_claims()), ({"alg": "HS256"}, chance.choice(odd))]
    return by_hand(*chance.choice(parts))


def _no_token(chance: Random) -> str | bytes:
    good = good_token()
    odd: list[str | bytes] = [
        *("x", ".", "..", "...", "a.b", "a.b.c", "a.b.c.d.e", good + ".x", "." + good, good + "."),
        *(good.replace(".", ""), good.replace(".", "..", 1), good.split(".", 1)[1], good[1:]),
        *("null", "undefined", "{}", "Bearer", f"Bearer {good}", good + " x", f"{good},{good}"),
        *("a" * 20_000, "." * 3000, good.replace(".", "%2e"), good.replace("e", "\u0435", 1)),
        *(b"\xff\xfe.\xff.\xff", b"\x80" + good.encode(), part({"signatures": []})),
    ]
    return chance.choice(odd)


def _of_another_use(chance: Random) -> str:
    """Return tokens that the system itself issues for another use."""
    secret = keys.secret("url-token-secret")
    place = {"url": "workspace-temp/x/y.png", "exp": int(time.time()) + 600}
    claims = {**good_claims(), **place}
    return chance.choice([
        jwt.encode({**claims, "aud": "storage"}, secret, algorithm="HS256"),
        jwt.encode({**claims, "aud": "storage-upload"}, secret, algorithm="HS256"),
        jwt.encode({**claims, "aud": "storage"}, tokens.secret(), algorithm="HS256"),
        keys.worker_key("demo"),
        keys.secret("jwt-secret"),
    ])  # fmt: skip


_WRONG: dict[str, list[object]] = {
    "exp": [0, 1, -1, 1_600_000_000, True, False, "never", [2**33], None, ""],
    "nbf": [2**33, "later", [1], 10**14],
    "iss": ["https://evil.example", "", None, 5, ["x"], tokens.ISSUER + "/", "supabase", {}],
    "aud": ["anon", "", None, 5, [], ["x"], ["storage"], {"authenticated": 1}, "Authenticated"],
    "sub": [
        *("", "admin", 5, None, [], {}, True, "00000000", "' or 1=1 --", "\x00", "\ud800"),
        *("{0d000000-0000-4000-8000-000000000001}", f"urn:uuid:{tokens.DEVELOPER}"),
        *("0d00000000004000800000000000001a", " 0d000000-0000-4000-8000-000000000001", "anon"),
    ],
    "role": [
        *("service_role", "admin", "postgres", "supabase_admin", "", None, 5, ["authenticated"]),
        *("Authenticated", "authenticated ", "AUTHENTICATED", {"authenticated": True}, True),
    ],
}  # fmt: skip
_WAYS: dict[str, Callable[[Random], str | bytes]] = {
    "no algorithm": _no_algorithm,
    "another algorithm": _another_algorithm,
    "another secret": _another_secret,
    "its own key": _own_key,
    "signature changed": _signature_changed,
    "claims changed": _claims_changed,
    "a claim missing": _claim_missing,
    "a claim wrong": _claim_wrong,
    "a claim odd": _claim_odd,
    "no JSON": _no_json,
    "no token": _no_token,
    "of another use": _of_another_use,
}
