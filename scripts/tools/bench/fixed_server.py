"""A server that answers every request with the same bytes, in a separate process: the minimal cost of a server.

Run as a program it writes its port to standard output.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


ECHO = "echo-12345"
"""In an answer, the place of the request's payment_id, which must be as long."""

_NAME = b'"payment_id":"'


class Fixed(asyncio.Protocol):
    """HTTP/1.1 with `content-length` bodies and persistent connections only."""

    answer = b""
    seconds = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio."""
        self.transport = transport
        self.buffer = b""

    def data_received(self, data: bytes) -> None:
        """Called by asyncio."""
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:end].lower()
            place = head.find(b"content-length:")
            length = int(head[place + 15 :].split(b"\r\n", 1)[0]) if place >= 0 else 0
            if len(self.buffer) < end + 4 + length:
                return
            begin = self.buffer.find(_NAME) + len(_NAME)
            answer = self.answer.replace(ECHO.encode(), self.buffer[begin : begin + len(ECHO)])
            self.buffer = self.buffer[end + 4 + length :]
            if self.seconds:
                asyncio.get_running_loop().call_later(self.seconds, self.send, answer)
            else:
                self.send(answer)

    def send(self, answer: bytes) -> None:
        """Send an answer."""
        if isinstance(self.transport, asyncio.WriteTransport):
            self.transport.write(answer)


@contextmanager
def running(answer: bytes, seconds: float = 0.0) -> Iterator[str]:
    """The base URL of a server with this JSON as its answer, after some seconds."""
    command = [sys.executable, str(Path(__file__)), answer.hex(), str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            if server.stdout is None:
                raise RuntimeError("the server has no output")
            yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        finally:
            server.kill()


async def serve(answer: bytes, seconds: float) -> None:
    """Serve until killed."""
    Fixed.seconds = seconds
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(answer)}\r\n\r\n"
    Fixed.answer = head.encode() + answer
    server = await asyncio.get_running_loop().create_server(Fixed, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(bytes.fromhex(sys.argv[1]), float(sys.argv[2])))
