"""Locate the files of a home directory, and generate one with fresh keys, for tests and the simulator.

File names follow the documented ones without the project's id; the gateway's private key has a separate folder, which a
merchant never has.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from highhelp_signing.errors import HomeExistsError
from highhelp_signing.headers import check_project_id
from highhelp_signing.keyfiles import generate_hmac_key, generate_rsa_pair

if TYPE_CHECKING:
    from highhelp_signing.scheme import SignatureScheme

__all__ = ["Home", "HomeDirectory", "generate_home"]


@dataclass(frozen=True, slots=True)
class HomeDirectory:
    """The only place that knows the file names in a home directory; does not check that they exist.

    Attributes:
        directory: the home directory.
    """

    directory: Path

    @property
    def project(self) -> Path:
        """``project.json``: project id, base URL and, if not the default, the signature scheme."""
        return self.directory / "project.json"

    @property
    def private_key(self) -> Path:
        """The merchant's RSA private key."""
        return self.directory / "private_key.pem"

    @property
    def public_key(self) -> Path:
        """Its public half, known to the gateway."""
        return self.directory / "public_key.pem"

    @property
    def hmac_private_key(self) -> Path:
        """The key for HMAC requests, shared with the gateway."""
        return self.directory / "hmac_private_key.txt"

    @property
    def callback_public_key(self) -> Path:
        """The RSA public key that verifies callbacks."""
        return self.directory / "callback_public_key.pem"

    @property
    def hmac_callback_key(self) -> Path:
        """The key for HMAC callbacks, shared with the gateway."""
        return self.directory / "hmac_callback_key.txt"

    @property
    def gateway_callback_private_key(self) -> Path:
        """The RSA private key that signs callbacks; only the gateway has it."""
        return self.directory / "gateway" / "callback_private_key.pem"


@dataclass(frozen=True, slots=True)
class Home(HomeDirectory):
    """A home directory and the content of its ``project.json``.

    Attributes:
        directory: the home directory.
        project_id: the merchant project.
        base_url: the gateway's URL.
    """

    project_id: str
    base_url: str


_NAMES = HomeDirectory(Path())  # relative to the home directory
_PUBLIC = frozenset({_NAMES.project, _NAMES.public_key, _NAMES.callback_public_key})


def generate_home(
    directory: str | os.PathLike[str],
    *,
    base_url: str,
    project_id: str | None = None,
    scheme: SignatureScheme | None = None,
) -> Home:
    """Write a home directory with fresh keys (RSA 2048, HMAC 384 bits).

    No file is overwritten, ``project.json`` is written last, and an error removes the files written before. Private
    files have mode 0600, a new directory 0700.

    Args:
        directory: the target; parents are created, other files in it stay.
        base_url: the gateway's URL.
        project_id: the merchant project; default: a fresh UUID.
        scheme: written to ``project.json`` if given.

    Returns:
        The home directory.

    Raises:
        HomeExistsError: a file of a home directory already exists; names it.
        SchemeError: the project id cannot be sent in a header.
        OSError: the directory cannot be written.
    """
    import uuid  # lazy: settings import this module only for its names

    project_id = str(uuid.uuid4()) if project_id is None else project_id
    check_project_id(project_id)
    target = Path(directory).absolute()
    written: list[Path] = []
    try:
        target.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, text in _contents(base_url, project_id, scheme).items():
            path = target / name
            path.parent.mkdir(mode=0o700, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644 if name in _PUBLIC else 0o600)
            written.append(path)
            with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(descriptor)
    except BaseException as error:
        for path in written:
            path.unlink(missing_ok=True)
        if isinstance(error, FileExistsError):
            raise HomeExistsError(str(error.filename)) from None
        raise
    return Home(target, project_id, base_url)


def _contents(base_url: str, project_id: str, scheme: SignatureScheme | None) -> dict[Path, str]:
    private_key, public_key = generate_rsa_pair()
    callback_private_key, callback_public_key = generate_rsa_pair()
    project: dict[str, object] = {"project_id": project_id, "base_url": base_url}
    if scheme is not None:
        project["scheme"] = asdict(scheme)
    return {
        _NAMES.private_key: private_key,
        _NAMES.public_key: public_key,
        _NAMES.hmac_private_key: generate_hmac_key() + "\n",
        _NAMES.callback_public_key: callback_public_key,
        _NAMES.hmac_callback_key: generate_hmac_key() + "\n",
        _NAMES.gateway_callback_private_key: callback_private_key,
        _NAMES.project: json.dumps(project, ensure_ascii=False, indent=2) + "\n",
    }
