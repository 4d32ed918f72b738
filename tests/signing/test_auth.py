from __future__ import annotations

import asyncio
import base64
import hmac
import json
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from highhelp_signing import (
    BodyNotSignable,
    HmacSigner,
    KeyRing,
    RequestNotSignable,
    RsaSigner,
    SchemeError,
    SignatureAuth,
    SignatureScheme,
    refuse_redirects,
    refuse_redirects_async,
    signature_headers,
    signing_message,
)
from highhelp_signing.keyfiles import public_pem
from tests import openssl_verifier
from tests.signing.conftest import HMAC_TEXT, NOW, PROJECT, compact

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

ORIGIN = "https://api.gateway.example"
HEADERS = (
    "x-access-merchant-id",
    "x-access-timestamp",
    "x-access-token",
    "x-access-signature",
    "x-access-merchant-algorithm",
)
BODY = {"customer": {"first_name": "Иван\u2028", "city": "Алматы"}, "general": {"payment_id": "o-1"}, "none": None}


class Gateway:
    """Record requests; give the set answer."""

    def __init__(self, *answers: httpx.Response) -> None:
        self.received: list[httpx.Request] = []
        self.answers = list(answers)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.received.append(request)
        return self.answers.pop(0) if self.answers else httpx.Response(200)

    def client(self, auth: SignatureAuth, **options: Any) -> httpx.Client:
        return httpx.Client(auth=auth, transport=httpx.MockTransport(self), **options)

    def async_client(self, auth: SignatureAuth, **options: Any) -> httpx.AsyncClient:
        return httpx.AsyncClient(auth=auth, transport=httpx.MockTransport(self), **options)


@pytest.fixture
def auth(signer: RsaSigner) -> SignatureAuth:
    return SignatureAuth(PROJECT, signer, origin=ORIGIN, clock=lambda: NOW + 0.9)


def bare_headers(request: httpx.Request) -> set[str]:
    return {name for name in HEADERS if name in request.headers}


@pytest.mark.usefixtures("openssl")
def test_the_four_headers(signer: RsaSigner) -> None:
    raw = compact(BODY)
    headers = signature_headers(raw, project_id=PROJECT, signer=signer, timestamp=NOW)
    assert set(headers) == set(HEADERS[:4])
    assert headers["x-access-merchant-id"] == PROJECT
    assert headers["x-access-timestamp"] == "1706182847"
    assert headers["x-access-token"] == base64.urlsafe_b64encode(signer.public_key_der).decode().rstrip("=")
    assert openssl_verifier.verify(raw, headers, public_key_pem=public_pem(signer.public_key_der).decode())
    other = compact(BODY | {"none": 1})
    assert not openssl_verifier.verify(other, headers, public_key_pem=public_pem(signer.public_key_der).decode())


def test_the_token_is_what_the_scheme_names(signer: RsaSigner, hmac_signer: HmacSigner, public_key: bytes) -> None:
    def token(form: str, by: RsaSigner | HmacSigner) -> str:
        scheme = SignatureScheme(token=form)
        headers = signature_headers(b"{}", project_id=PROJECT, signer=by, timestamp=NOW, scheme=scheme)
        return headers["x-access-token"]

    assert base64.urlsafe_b64decode(token("public_key_pem", signer) + "==") == public_key
    assert token("project_id", signer) == PROJECT
    assert token("a-literal", signer) == "a-literal"
    assert token("public_key", hmac_signer) == token("public_key_pem", hmac_signer) == PROJECT
    assert token("public_key", HmacSigner(HMAC_TEXT, public_key)) == token("public_key", signer)


def test_the_algorithm_header_is_what_the_scheme_names(signer: RsaSigner, hmac_signer: HmacSigner) -> None:
    def algorithm(by: RsaSigner | HmacSigner, **scheme: Any) -> str | None:
        chosen = SignatureScheme(**scheme)
        headers = signature_headers(b"{}", project_id=PROJECT, signer=by, timestamp=NOW, scheme=chosen)
        return headers.get("x-access-merchant-algorithm")

    assert algorithm(signer) is None
    assert algorithm(signer, rsa_algorithm="rsa-sha256") == "rsa-sha256"
    assert algorithm(hmac_signer) == "hmac-sha512"
    assert algorithm(hmac_signer, hmac_algorithm=None) is None


def test_the_digest_mode_reaches_the_signature(signer: RsaSigner, ring: KeyRing) -> None:
    for digest, other in (("single", "double"), ("double", "single")):
        scheme = SignatureScheme.from_json({"digest": digest})
        headers = signature_headers(b'{"a":1}', project_id=PROJECT, signer=signer, timestamp=NOW, scheme=scheme)
        signature = base64.urlsafe_b64decode(headers["x-access-signature"] + "==")
        message = signing_message({"a": 1}, NOW, scheme)
        assert ring.verify(message, signature, scheme.digest)
        assert ring.verify(message, signature, SignatureScheme.from_json({"digest": other}).digest) is None


def test_padding_reaches_the_signature_header(signer: RsaSigner) -> None:
    for padding in (True, False):
        scheme = SignatureScheme(padding=padding)
        headers = signature_headers(b"{}", project_id=PROJECT, signer=signer, timestamp=NOW, scheme=scheme)
        assert headers["x-access-signature"].endswith("=") == padding


def test_the_whole_scheme_reaches_the_signature(hmac_signer: HmacSigner) -> None:
    scheme = SignatureScheme(joiner="&", null_text="nil", true_text="yes", padding=True)
    raw = b'{"a":true,"b":null}'
    headers = signature_headers(raw, project_id=PROJECT, signer=hmac_signer, timestamp=NOW, scheme=scheme)
    message = base64.urlsafe_b64encode(b"a:yes&b:nil") + str(NOW).encode()
    signature = base64.urlsafe_b64encode(hmac.digest(HMAC_TEXT.encode(), message, "sha512"))
    assert headers["x-access-signature"] == signature.decode()
    auth = SignatureAuth(PROJECT, hmac_signer, origin=ORIGIN, scheme=scheme, clock=lambda: NOW)
    request = auth(httpx.Request("POST", ORIGIN, content=raw))
    assert {name: request.headers[name] for name in headers} == headers


@pytest.mark.parametrize("project_id", ["", "a b", "a\r\nx: y", "ключ", "x" * 256, None])
def test_a_project_id_that_cannot_be_a_header_is_refused_at_once(signer: RsaSigner, project_id: Any) -> None:
    with pytest.raises(SchemeError) as caught:
        SignatureAuth(project_id, signer, origin=ORIGIN)
    said = ("project_id", "must be 1 to 255 characters of printable ASCII without spaces")
    assert (caught.value.field, caught.value.problem) == said


@pytest.mark.usefixtures("openssl")
def test_the_bytes_on_the_wire_are_what_is_signed(auth: SignatureAuth, signer: RsaSigner) -> None:
    gateway = Gateway()
    raw = json.dumps(BODY, indent=3).encode()
    with gateway.client(auth) as client:
        client.post(f"{ORIGIN}/api/v1/balance/info", content=raw)
    (request,) = gateway.received
    assert request.content == raw
    assert request.headers["x-access-timestamp"] == str(NOW)
    assert openssl_verifier.verify(raw, request.headers, public_key_pem=public_pem(signer.public_key_der).decode())


def test_async_is_the_same(auth: SignatureAuth) -> None:
    gateway = Gateway()

    async def call() -> None:
        async with gateway.async_client(auth) as client:
            await client.post(f"{ORIGIN}/a", json=BODY)

    asyncio.run(call())
    with gateway.client(auth) as client:
        client.post(f"{ORIGIN}/a", json=BODY)
    first, second = ([request.headers[name] for name in HEADERS[:4]] for request in gateway.received)
    assert first == second


def test_each_attempt_is_signed_anew(signer: RsaSigner) -> None:
    ticks = iter([NOW, NOW + 40])
    auth = SignatureAuth(PROJECT, signer, origin=ORIGIN, clock=lambda: next(ticks))
    gateway = Gateway()
    with gateway.client(auth) as client:
        request = client.build_request("POST", f"{ORIGIN}/a", json=BODY)
        seen = []
        for _ in range(2):
            client.send(request)
            seen.append([request.headers[name] for name in ("x-access-timestamp", "x-access-signature")])
    assert [int(timestamp) for timestamp, _ in seen] == [NOW, NOW + 40]
    assert seen[0][1] != seen[1][1]
    assert request.headers.get_list("x-access-signature") == [seen[1][1]]


def test_an_algorithm_header_of_another_scheme_does_not_stay(auth: SignatureAuth, hmac_signer: HmacSigner) -> None:
    request = httpx.Request("POST", f"{ORIGIN}/a", json=BODY)
    SignatureAuth(PROJECT, hmac_signer, origin=ORIGIN)(request)
    assert "x-access-merchant-algorithm" in request.headers
    auth(request)
    assert "x-access-merchant-algorithm" not in request.headers


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/a",
        "https://api.gateway.example.evil.example/a",
        "https://api.gateway.example:8443/a",
        "http://api.gateway.example/a",
        "https://api.gateway.example@evil.example/a",
    ],
)
def test_another_origin_gets_neither_request_nor_headers(auth: SignatureAuth, url: str) -> None:
    gateway = Gateway()
    request = httpx.Request("POST", url, json=BODY)
    with gateway.client(auth) as client, pytest.raises(RequestNotSignable, match="origin is not the one"):
        client.send(request, auth=auth)
    assert gateway.received == []
    assert bare_headers(request) == set()


def test_of_two_explicit_ports_one_is_the_origin(signer: RsaSigner) -> None:
    auth = SignatureAuth(PROJECT, signer, origin=f"{ORIGIN}:8443")
    assert bare_headers(auth(httpx.Request("POST", f"{ORIGIN}:8443/a", json=BODY)))
    for other in (f"{ORIGIN}:9443/a", f"{ORIGIN}/a"):
        with pytest.raises(RequestNotSignable):
            auth(httpx.Request("POST", other, json=BODY))


@pytest.mark.parametrize(("scheme", "port"), [("https", 443), ("http", 80)])
def test_a_library_may_tell_the_usual_port_or_not(signer: RsaSigner, scheme: str, port: int) -> None:
    auth = SignatureAuth(PROJECT, signer, origin=f"{scheme}://localhost")
    for told in (None, port):
        url = SimpleNamespace(scheme=scheme, host="localhost", port=told)
        request: Any = SimpleNamespace(url=url, headers={}, content=b"{}")
        assert auth(request).headers["x-access-merchant-id"] == PROJECT


@pytest.mark.parametrize("url", [f"{ORIGIN}:443/a", "HTTPS://API.gateway.EXAMPLE/a?b=c"])
def test_the_same_origin_may_be_spelled_otherwise(auth: SignatureAuth, url: str) -> None:
    assert bare_headers(auth(httpx.Request("POST", url, json=BODY))) == set(HEADERS[:4])


def test_the_path_of_a_base_url_does_not_count(signer: RsaSigner) -> None:
    auth = SignatureAuth(PROJECT, signer, origin=f"{ORIGIN}:443/base/")
    assert bare_headers(auth(httpx.Request("POST", f"{ORIGIN}/other", json=BODY)))


LOOPBACK = ["http://localhost:1", "http://127.0.0.1", "http://127.9.9.9:80", "http://[::1]:8080"]
PLAIN = [
    "http://api.gateway.example",
    "http://10.0.0.1",
    "http://localhost.evil.example",
    "http://0.0.0.0",
    "http://mock",
]


@pytest.mark.parametrize("origin", LOOPBACK)
def test_plain_http_is_taken_on_loopback(signer: RsaSigner, origin: str) -> None:
    assert bare_headers(SignatureAuth(PROJECT, signer, origin=origin)(httpx.Request("POST", origin, json=BODY)))


@pytest.mark.parametrize("origin", PLAIN)
def test_plain_http_is_refused_elsewhere(signer: RsaSigner, origin: str) -> None:
    with pytest.raises(RequestNotSignable, match="plain http"):
        SignatureAuth(PROJECT, signer, origin=origin)
    auth = SignatureAuth(PROJECT, signer, origin=origin, allow_plain_http=True)
    assert bare_headers(auth(httpx.Request("POST", origin, json=BODY)))


@pytest.mark.parametrize(
    ("origin", "said"),
    [
        ("", "the origin must be an https URL"),
        ("api.gateway.example", "the origin must be an https URL"),
        ("ftp://a.example", "the origin must be an https URL"),
        ("https://", "the origin must be an https URL"),
        ("https://u:p@a.example", "the origin must not hold credentials"),
        ("https://\0", "the origin is not a URL"),
        ("https://xn--a.example", "the origin is not a URL"),
        (5, "the origin is not a URL"),
    ],
)
def test_what_is_no_origin_is_refused(signer: RsaSigner, origin: Any, said: str) -> None:
    with pytest.raises(RequestNotSignable) as caught:
        SignatureAuth(PROJECT, signer, origin=origin)
    assert caught.value.problem == said


@pytest.mark.parametrize("content", [b"", b"[]", b'{"a":1.5}', b'{"a":1,"a":2}', b"\xff", b"not json"])
def test_a_body_without_normalised_form_is_not_sent(auth: SignatureAuth, content: bytes) -> None:
    gateway = Gateway()
    with gateway.client(auth) as client, pytest.raises(BodyNotSignable):
        client.post(f"{ORIGIN}/a", content=content)
    assert gateway.received == []


def test_called_with_a_streaming_body_it_says_so(auth: SignatureAuth) -> None:
    def stream() -> Iterator[bytes]:
        yield b"{}"

    request = httpx.Request("POST", f"{ORIGIN}/a", content=stream())
    with pytest.raises(RequestNotSignable, match="stream"):
        auth(request)
    assert bare_headers(request) == set()


def test_within_httpx_a_streaming_body_is_read_first(auth: SignatureAuth) -> None:
    gateway = Gateway()

    async def stream() -> AsyncIterator[bytes]:
        yield compact(BODY)

    async def call() -> None:
        async with gateway.async_client(auth) as client:
            await client.post(f"{ORIGIN}/a", content=stream())

    asyncio.run(call())
    assert gateway.received[0].content == compact(BODY)
    assert bare_headers(gateway.received[0]) == set(HEADERS[:4])


def test_a_foreign_request_of_the_same_shape_can_be_signed(auth: SignatureAuth) -> None:
    class RequestNotRead(RuntimeError):
        pass

    class Foreign:
        url = httpx.URL(ORIGIN)

        def __init__(self, error: Exception | None = None) -> None:
            self.headers: dict[str, str] = {}
            self.error = error

        @property
        def content(self) -> bytes:
            if self.error:
                raise self.error
            return b"{}"

    request = Foreign()
    assert auth(request) is request
    assert set(request.headers) == set(HEADERS[:4])
    with pytest.raises(RequestNotSignable):
        auth(Foreign(RequestNotRead()))
    with pytest.raises(RuntimeError, match="else"):
        auth(Foreign(RuntimeError("something else")))


def redirect(to: str) -> httpx.Response:
    return httpx.Response(307, headers={"location": to})


@pytest.mark.parametrize("to", ["https://evil.example/a", f"{ORIGIN}/other"])
def test_a_redirect_is_not_followed_by_default(auth: SignatureAuth, to: str) -> None:
    gateway = Gateway(redirect(to))
    with gateway.client(auth) as client:
        assert client.post(f"{ORIGIN}/a", json=BODY).status_code == 307
    assert len(gateway.received) == 1


@pytest.mark.parametrize("to", ["https://evil.example/a", f"{ORIGIN}/other"])
def test_the_hook_stops_a_client_that_follows_redirects(auth: SignatureAuth, to: str) -> None:
    gateway = Gateway(redirect(to))
    hooks: dict[str, list[Callable[..., Any]]] = {"request": [refuse_redirects]}
    with (
        gateway.client(auth, follow_redirects=True, event_hooks=hooks) as client,
        pytest.raises(RequestNotSignable, match="redirect"),
    ):
        client.post(f"{ORIGIN}/a", json=BODY)
    assert [request.url.host for request in gateway.received] == ["api.gateway.example"]


def test_the_hook_stops_an_async_client_too(auth: SignatureAuth) -> None:
    gateway = Gateway(redirect("https://evil.example/a"))

    async def call() -> None:
        hooks: dict[str, list[Callable[..., Any]]] = {"request": [refuse_redirects_async]}
        async with gateway.async_client(auth, follow_redirects=True, event_hooks=hooks) as client:
            await client.post(f"{ORIGIN}/a", json=BODY)

    with pytest.raises(RequestNotSignable, match="redirect"):
        asyncio.run(call())
    assert len(gateway.received) == 1


def test_the_hook_lets_a_request_be_sent_again(auth: SignatureAuth) -> None:
    gateway = Gateway()
    with gateway.client(auth, event_hooks={"request": [refuse_redirects]}) as client:
        request = client.build_request("POST", f"{ORIGIN}/a", json=BODY)
        client.send(request)
        client.send(request)
        client.post(f"{ORIGIN}/a", json=BODY)
    assert len(gateway.received) == 3


@contextmanager
def loopback_server() -> Iterator[tuple[str, list[tuple[dict[str, str], bytes]]]]:
    received: list[tuple[dict[str, str], bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            received.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", received
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.usefixtures("openssl")
def test_a_real_socket_receives_the_signed_bytes(signer: RsaSigner, public_key: bytes) -> None:
    with loopback_server() as (origin, received):
        auth = SignatureAuth(PROJECT, signer, origin=origin, clock=lambda: NOW)

        async def call() -> None:
            async with httpx.AsyncClient(auth=auth, trust_env=False) as client:
                await client.post(f"{origin}/a", json=BODY)

        with httpx.Client(auth=auth, trust_env=False) as client:
            client.post(f"{origin}/a", content=compact(BODY))
            client.post(f"{origin}/a", content=json.dumps(BODY).encode())
        asyncio.run(call())
    assert len(received) == 3
    assert received[0][1] == compact(BODY)
    for headers, body in received:
        assert json.loads(body) == BODY
        assert openssl_verifier.verify(body, headers, public_key_pem=public_key.decode())


@pytest.mark.usefixtures("openssl")
def test_hmac_verifies_by_openssl(hmac_signer: HmacSigner) -> None:
    raw = compact(BODY)
    headers = signature_headers(raw, project_id=PROJECT, signer=hmac_signer, timestamp=NOW)
    assert openssl_verifier.verify(raw, headers, hmac_key=HMAC_TEXT)
    assert not openssl_verifier.verify(raw, headers, hmac_key="another")


def test_repr_shows_no_secret(auth: SignatureAuth, hmac_signer: HmacSigner, ring: KeyRing) -> None:
    assert repr(auth) == f"<SignatureAuth {PROJECT} <RsaSigner {ring.key_ids[0]}>>"
    assert HMAC_TEXT not in repr(SignatureAuth(PROJECT, hmac_signer, origin=ORIGIN))


def test_the_package_imports_without_httpx() -> None:
    code = (
        "import sys; sys.modules['httpx'] = None; import highhelp_signing as h; h.normalize({}); h.CallbackVerifier\n"
        "assert 'SignatureAuth' in dir(h)\n"
        "try: h.nothing\n"
        "except AttributeError: print('fine')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "fine\n", done.stderr
