"""The inputs that are kept: one file per target, a JSON list of strings, a character per byte."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

HOME = Path(__file__).with_name("corpus")


def load(target: str) -> list[bytes]:
    """The kept inputs of a target."""
    kept = HOME / f"{target}.json"
    return [text.encode("latin-1") for text in json.loads(kept.read_text(encoding="ascii"))] if kept.is_file() else []


def save(target: str, inputs: list[bytes]) -> None:
    """Keep these instead, shortest first."""
    texts = [data.decode("latin-1") for data in sorted(set(inputs), key=lambda data: (len(data), data))]
    lines = ",\n".join(json.dumps(text) for text in texts)
    (HOME / f"{target}.json").write_text(f"[\n{lines}\n]\n", encoding="ascii")


def unpack(target: str, directory: Path) -> None:
    """Write what is kept as files, as libFuzzer wants it."""
    directory.mkdir(parents=True, exist_ok=True)
    for data in load(target):
        (directory / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)
