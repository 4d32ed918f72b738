"""Make test runs against mutants reproducible: the same examples, no deadlines, and keys generated once.

Random findings and failures under load would make the score vary. Generating RSA keys is slow; the runs
are forks of one process, so each takes the keys that the first run has made, in the same order.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import settings

settings.register_profile("mutation", derandomize=True, deadline=None, database=None)
settings.load_profile("mutation")

_make = rsa.generate_private_key
_made: dict[Any, list[rsa.RSAPrivateKey]] = defaultdict(list)
_handed_out: dict[Any, int] = defaultdict(int)


def _key(public_exponent: int, key_size: int, backend: Any = None) -> rsa.RSAPrivateKey:
    kind = (public_exponent, key_size)
    place = _handed_out[kind]
    _handed_out[kind] += 1
    if place == len(_made[kind]):
        _made[kind].append(_make(public_exponent, key_size, backend))
    return _made[kind][place]


rsa.generate_private_key = _key


def pytest_sessionstart() -> None:
    """No two keys of one run are the same; those of two runs are."""
    _handed_out.clear()
