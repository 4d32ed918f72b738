"""A verifier of the default signature scheme that shares no code with the SDK: it uses the ``openssl`` command."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def entries(value: Any, path: str = "") -> Iterator[str]:
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from entries(item, f"{path}{key}:")
    else:
        yield path + ("None" if value is None else str(int(value)) if isinstance(value, bool) else str(value))


def openssl(*arguments: str, data: bytes) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["openssl", *arguments], input=data, capture_output=True, check=False)


def verify(
    body: bytes, headers: Mapping[str, str], *, public_key_pem: str | None = None, hmac_key: str | None = None
) -> bool:
    """Whether the signature header belongs to the body and the timestamp header, by the one key that is given."""
    text = ";".join(sorted(entries(json.loads(body.decode()))))
    message = base64.urlsafe_b64encode(text.encode()).rstrip(b"=") + headers["x-access-timestamp"].encode()
    encoded = headers["x-access-signature"]
    signature = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
    if hmac_key is not None:
        option = f"hexkey:{hmac_key.encode().hex()}"
        made = openssl("dgst", "-sha512", "-mac", "HMAC", "-macopt", option, "-binary", data=message)
        return made.returncode == 0 and made.stdout == signature
    return public_key_pem is not None and rsa_matches(public_key_pem, hashlib.sha256(message).digest(), signature)


def rsa_matches(public_key_pem: str, data: bytes, signature: bytes) -> bool:
    """Whether this is the RSA-SHA256 signature of the data."""
    with tempfile.TemporaryDirectory() as folder:
        key, file, hashed = Path(folder, "key.pem"), Path(folder, "signature"), Path(folder, "hash")
        key.write_text(public_key_pem, "ascii")
        file.write_bytes(signature)
        hashed.write_bytes(hashlib.sha256(data).digest())
        # not `openssl dgst`: it reads only as many bytes of the signature as the key is long, so a longer one passes
        return openssl(
            "pkeyutl", "-verify", "-pubin", "-inkey", str(key), "-sigfile", str(file), "-in", str(hashed),
            "-pkeyopt", "rsa_padding_mode:pkcs1", "-pkeyopt", "digest:sha256", data=b"",
        ).returncode == 0  # fmt: skip
