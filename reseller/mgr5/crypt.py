"""Values that the panel stores encrypted: base64 of RSA PKCS#1 v1.5 with the panel's own key (platform.md 6.2).

They are decrypted by the `openssl` program, which every panel host has; value and result pass through pipes, never
through an argument or a file. openssl returns the bare block and the padding is removed here: newer versions answer a
wrong block with random bytes instead of an error (implicit rejection), and these would become a client's password.
"""

from __future__ import annotations

import base64
import binascii
import subprocess
from typing import TYPE_CHECKING

from reseller.mgr5 import programs
from reseller.wire.errors import ResellerError
from reseller.wire.secrets import remember

if TYPE_CHECKING:
    from reseller.mgr5.panel import Panel

DEFAULT_KEY = "etc/billmgr.pem"
OPENSSL_SECONDS = 20
#: RFC 8017, 7.2.1: 00 02, at least so many bytes that are not zero, 00, the value
_PADDING_BYTES = 8


def decrypt(panel: Panel, value: str) -> str:
    """The value in clear text; raises ResellerError `reseller_crypt`, without the value, if that is not possible."""
    key = panel.base / (panel.config().get("CryptKey") or DEFAULT_KEY)
    try:
        sealed = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ResellerError("reseller_crypt", file=str(key), text="it is not base64") from error
    argv = ["openssl", "pkeyutl", "-decrypt", "-inkey", str(key), "-pkeyopt", "rsa_padding_mode:none"]
    try:
        done = programs.run(argv, OPENSSL_SECONDS, given=sealed)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ResellerError("reseller_crypt", file=str(key), text=f"openssl: {error.__class__.__name__}") from error
    if done.returncode:
        # openssl gives the cause below the first line, so keep all lines.
        reason = " ".join(done.stderr.decode(errors="replace").split()) or "no reason given"
        raise ResellerError("reseller_crypt", file=str(key), text=f"openssl: {reason}")
    head, mark, clear = done.stdout[2:].partition(b"\0")
    try:
        text = clear.decode()
    except UnicodeDecodeError:
        text = ""
    if done.stdout[:2] != b"\0\2" or len(head) < _PADDING_BYTES or not mark or not text:
        raise ResellerError("reseller_crypt", file=str(key), text="it was encrypted with another key")
    remember(text)
    return text
