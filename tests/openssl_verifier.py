"""A verifier of the default signature scheme that shares no code with the SDK: it asks the ``openssl`` command."""

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
    with tempfile.TemporaryDirectory() as folder:
        key, file = Path(folder, "key.pem"), Path(folder, "signature")
        key.write_text(public_key_pem or "", "ascii")
        file.write_bytes(signature)
        digest = hashlib.sha256(message).digest()
        return openssl("dgst", "-sha256", "-verify", str(key), "-signature", str(file), data=digest).returncode == 0
