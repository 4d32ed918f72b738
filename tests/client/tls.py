"""A certificate authority made for a test, and a TLS server with a certificate of it."""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
import ssl
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.client.listener import heard

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Authority:
    """PEM files: the authority, and a certificate with its key."""

    ca: Path
    server: tuple[Path, Path]
    client: tuple[Path, Path]


def authority(directory: Path, days: int = 1) -> Authority:
    """Create an authority whose certificates are valid for `days`."""
    key = ec.generate_private_key(ec.SECP256R1())
    root = certificate("test authority", key, "test authority", key, ca=True, days=days)
    pem = directory / "ca.pem"
    pem.write_bytes(root.public_bytes(serialization.Encoding.PEM))

    def vouch(name: str) -> tuple[Path, Path]:
        own = ec.generate_private_key(ec.SECP256R1())
        files = directory / f"{name}.pem", directory / f"{name}-key.pem"
        files[0].write_bytes(
            certificate(name, own, "test authority", key, ca=False, days=days).public_bytes(serialization.Encoding.PEM)
        )
        files[1].write_bytes(
            own.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return files

    return Authority(pem, vouch("server"), vouch("client"))


def certificate(
    name: str, key: ec.EllipticCurvePrivateKey, issuer: str, signer: ec.EllipticCurvePrivateKey, *, ca: bool, days: int
) -> x509.Certificate:
    def named(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])

    now = dt.datetime.now(dt.UTC)
    usage = x509.KeyUsage(
        digital_signature=True, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=ca, crl_sign=ca, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    return (
        x509.CertificateBuilder()
        .subject_name(named(name))
        .issuer_name(named(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - DAY)
        .not_valid_after(now + days * DAY)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(signer, hashes.SHA256())
    )


@contextmanager
def secure_server(made: Authority, answer: bytes, *, ask_certificate: bool = False) -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*made.server)
    if ask_certificate:
        context.load_verify_locations(made.ca)
        context.verify_mode = ssl.CERT_REQUIRED
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                plain, _ = listening.accept()
            except OSError:
                return  # closed: the test is over
            with plain:
                try:
                    with context.wrap_socket(plain, server_side=True) as connection:
                        heard(connection)
                        connection.sendall(answer)
                except OSError:
                    continue  # a client that does not trust us, or that we do not

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"https://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()
