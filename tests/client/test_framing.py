"""Exactly one response, or not: the rule for reusing a connection."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from highhelp.transport.framing import MAX_LINE_BYTES, ResponseFraming

STRAY = b'HTTP/1.1 422 X\r\ncontent-length: 18\r\n\r\n{"status":"error"}'
OK = b"HTTP/1.1 200 OK\r\n"
WHOLE = {
    "length": OK + b"Content-Length: 5\r\nx: 1\r\n\r\nhello",
    "length without space": OK + b"content-length:5\r\n\r\nhello",
    "empty": OK + b"content-length: 0\r\n\r\n",
    "no content": b"HTTP/1.1 204 No Content\r\n\r\n",
    "not modified": b"HTTP/1.1 304 Not Modified\r\ncontent-length: 9\r\n\r\n",
    "chunks": OK + b"Transfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n",
    "chunks with trailers": OK + b"transfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nt: 1\r\nu: 2\r\n\r\n",
    "chunk that looks like an end": OK + b"transfer-encoding: chunked\r\n\r\n7\r\n0\r\n\r\n0\r\r\n0\r\n\r\n",
    "provisional first": b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" + OK + b"content-length: 2\r\n\r\n{}",
}
UNSURE = {
    "no length": OK + b"\r\n{}",
    "two lengths": OK + b"content-length: 2\r\ncontent-length: 2\r\n\r\n{}",
    "length and chunks": OK + b"content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "two codings": OK + b"transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "bare line feeds": b"HTTP/1.1 200 OK\ncontent-length: 2\n\n{}" + STRAY,
    "bare line feed in a chunk size": OK + b"transfer-encoding: chunked\r\n\r\n1\nx\r\n0\r\n\r\n",
    "odd chunk size": OK + b"transfer-encoding: chunked\r\n\r\n-1\r\nx\r\n0\r\n\r\n",
    "switched protocol": b"HTTP/1.1 101 Switching\r\n\r\n",
    "not HTTP": b"220 smtp.example\r\n\r\n",
    "endless head": OK + b"x: " + b"y" * (MAX_LINE_BYTES + 1),
}


def complete(*pieces: bytes) -> bool:
    framing = ResponseFraming()
    for piece in pieces:
        framing.feed(piece)
    return framing.is_complete


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_response_is_complete_however_it_is_cut(name: str) -> None:
    data = WHOLE[name]
    assert complete(data)
    assert complete(*(bytes([byte]) for byte in data))
    assert not any(complete(data[:cut]) for cut in range(len(data)))


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("cut", [1, 10, 50, len(STRAY)])
def test_bytes_after_a_response_are_noticed(name: str, cut: int) -> None:
    assert not complete(WHOLE[name] + STRAY[:cut])
    assert not complete(WHOLE[name], STRAY[:cut])
    assert not complete(WHOLE[name], WHOLE[name])


@pytest.mark.parametrize("name", UNSURE)
def test_an_unusual_response_is_never_complete(name: str) -> None:
    assert not complete(UNSURE[name])
    assert not complete(*(bytes([byte]) for byte in UNSURE[name]))


@settings(max_examples=300)
@given(st.sampled_from(sorted(WHOLE)), st.data())
def test_cuts_make_no_difference(name: str, data: st.DataObject) -> None:
    whole = WHOLE[name] + data.draw(st.sampled_from([b"", STRAY, b"\r\n", b"x"]))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=6)))
    pieces = [whole[start:end] for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    assert complete(*pieces) == complete(whole)
