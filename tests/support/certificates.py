"""Certificates for signing images, made for a test: a root and one certificate below it."""

import datetime as dt
from typing import NamedTuple, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Key: TypeAlias = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey

_NO_USE = dict.fromkeys(
    (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    ),
    False,
)


class Chain(NamedTuple):
    """A signer's certificates and key, and the root that readers trust, all in PEM."""

    certificates: bytes
    key: bytes
    root: bytes


def chain(key: Key | None = None, *, days: int = 30) -> Chain:
    """A signer's chain, valid from ten days ago until ``days`` from now."""
    own, above = key or ec.generate_private_key(ec.SECP256R1()), _new_key()
    root = _begun("Test root", "Test root", above, days=days)
    root = root.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    root = root.add_extension(_use(key_cert_sign=True, crl_sign=True), critical=True)
    leaf = _begun("Test signer", "Test root", own, days=days)
    leaf = leaf.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    leaf = leaf.add_extension(_use(digital_signature=True), critical=True)
    mail = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
    leaf = leaf.add_extension(mail, critical=False).add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(above.public_key()), critical=False
    )
    root_pem, leaf_pem = (
        one.sign(above, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        for one in (root, leaf)
    )
    return Chain(leaf_pem + root_pem, _pem(own), root_pem)


def _new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _begun(subject: str, issuer: str, key: Key, *, days: int) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=10))
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _name(common: str) -> x509.Name:
    parts = {NameOID.COMMON_NAME: common, NameOID.ORGANIZATION_NAME: "OurVidz tests"}
    return x509.Name([x509.NameAttribute(kind, value) for kind, value in parts.items()])


def _use(**uses: bool) -> x509.KeyUsage:
    return x509.KeyUsage(**{**_NO_USE, **uses})


def _pem(key: Key) -> bytes:
    form, none = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, form, none)
