"""Crypted parameters: base64 of RSA PKCS#1 v1.5 with the panel's key (platform.md 6.2)."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING, cast

from sandbox.core.errors import bad_value

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

PADDING_BYTES = 11


class Crypt:
    """The key is read at first use: a core that never meets a secret starts without loading the library."""

    def __init__(self, key: Path) -> None:
        self._path = key
        self._key: RSAPrivateKey | None = None

    def _load(self) -> RSAPrivateKey:
        if self._key is None:
            from cryptography.hazmat.primitives.serialization import load_pem_private_key

            self._key = cast("RSAPrivateKey", load_pem_private_key(self._path.read_bytes(), None))
        return self._key

    def encrypt(self, name: str, value: str) -> str:
        """Raises `value` for more than the key can hold: key size minus 11 bytes (platform.md 6.2)."""
        from cryptography.hazmat.primitives.asymmetric import padding

        key = self._load()
        data = value.encode()
        if len(data) > key.key_size // 8 - PADDING_BYTES:
            raise bad_value(name, desc="too long for a crypted parameter")
        return base64.b64encode(key.public_key().encrypt(data, padding.PKCS1v15())).decode()

    def decrypt(self, value: str) -> str:
        from cryptography.hazmat.primitives.asymmetric import padding

        if not value:
            return ""
        return self._load().decrypt(base64.b64decode(value), padding.PKCS1v15()).decode()
