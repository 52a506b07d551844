"""Keys of a panel: a private CA with a certificate for 127.0.0.1, and the RSA key of crypted parameters."""

from __future__ import annotations

import os
from pathlib import Path

import trustme
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox.paths import PanelPaths

KEY_BITS = 2048


def write_private(path: Path, data: bytes) -> None:
    """A file nobody else may read, complete or not there at all."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
    fresh.rename(path)


def ensure_certificate(paths: PanelPaths) -> None:
    """The panel's, for HTTPS."""
    ensure_pair(paths.ca, paths.server_pem)


def ensure_pair(authority: Path, server: Path) -> None:
    """An authority's certificate, and one of this machine that it has signed, with its key; made once."""
    if server.exists() and authority.exists():
        return
    made = trustme.CA()
    certificate = made.issue_cert("127.0.0.1", "localhost")
    made.cert_pem.write_to_path(str(authority))
    write_private(server, certificate.private_key_and_cert_chain_pem.bytes())


def ensure_crypt_key(paths: PanelPaths) -> None:
    """The file named by `CryptKey`, default etc/billmgr.pem (platform.md 6.2)."""
    if paths.key.exists():
        return
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    write_private(paths.key, pem)
