"""A server with the bookings of many accounts, in another process; a page takes 30 ms.

Every key has the same bookings, each changed an hour after the one before, and a limit of 120
requests a minute. A page begins at `afterUpdatedAt`; pages are prepared when first requested.
"""

import asyncio
import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from http.client import HTTPConnection
from subprocess import PIPE, Popen
from time import monotonic
from urllib.parse import unquote, urlsplit

from attrs import define, field

from benchmarks import paging
from benchmarks.server import ROOT

TAKE = 100
LATENCY = 0.03
"""Seconds from a request to its response."""
LIMIT, PERIOD = 120, 60.0
STATISTICS = "/statistics"

_KEY = re.compile(rb"\r\nauthorization: *bearer (\S+)", re.IGNORECASE)
_AFTER = re.compile(rb"[?&]afterUpdatedAt=([^& ]+)")
_REFUSAL = b'{"status":"error","error":{"code":"ThrottlerException","message":"Too Many Requests"}}'


@cache
def page(held: int, first: int) -> bytes:
    """Return the page of *held* bookings that begins with number *first*."""
    data = [paging.booking(number) for number in range(first, min(first + TAKE, held))]
    pagination = {
        "totalItems": held,
        "itemsPerPage": TAKE,
        "returnedItems": len(data),
        "remainingItems": held - len(data),
        "totalPages": -(-held // TAKE),
        "currentPage": 1,
        "hasNextPage": held > TAKE,
        "hasPreviousPage": False,
    }
    content = {"status": "success", "data": data, "pagination": pagination}
    return json.dumps(content, separators=(",", ":")).encode()


def first_after(request: bytes) -> int:
    """Return the number of the first booking of the page that a request is for."""
    found = _AFTER.search(request)
    if found is None:
        return 0
    changed = paging.EARLIEST + timedelta(minutes=31)
    return max(
        -((changed - datetime.fromisoformat(unquote(found[1].decode()))) // timedelta(hours=1)), 0
    )


@define
class Platform:
    """The windows of the keys, and what was counted."""

    held: int
    windows: dict[bytes, tuple[float, int]] = field(factory=dict)
    requests: int = 0
    refused: int = 0

    def respond(self, request: bytes) -> bytes:
        """Return the bytes of a response."""
        if request.startswith(b"GET " + STATISTICS.encode()):
            return self.response(b"200 OK", json.dumps([self.requests, self.refused]).encode())
        key = _KEY.search(request)
        assert key, request
        now = monotonic()
        end, hits = self.windows.get(key[1], (0.0, 0))
        end, hits = (end, hits + 1) if now < end else (now + PERIOD, 1)
        self.windows[key[1]] = end, hits
        self.requests += 1
        limits = (
            f"X-RateLimit-Limit-Default: {LIMIT}\r\n"
            f"X-RateLimit-Remaining-Default: {max(LIMIT - hits, 0)}\r\n"
            f"X-RateLimit-Reset-Default: {int(end - now) + 1}\r\n"
        ).encode()
        if hits > LIMIT:
            self.refused += 1
            return self.response(b"429 Too Many Requests", _REFUSAL, limits)
        return self.response(b"200 OK", page(self.held, first_after(request)), limits)

    @staticmethod
    def response(status: bytes, body: bytes, limits: bytes = b"") -> bytes:
        """Return a response with the time of the server."""
        date = datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT").encode()
        head = b"HTTP/1.1 %b\r\nDate: %b\r\n%bContent-Length: %d\r\n\r\n"
        return head % (status, date, limits, len(body)) + body


class Connection(asyncio.Protocol):
    """Responds to each request of a connection after the latency."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.received += data
        if self.received.endswith(b"\r\n\r\n"):
            response = self.platform.respond(self.received)
            self.received = b""
            asyncio.get_running_loop().call_later(LATENCY, self.transport.write, response)


async def serve(held: int) -> None:
    """Print the port, and serve until standard input ends with the parent process."""
    platform = Platform(held)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(platform), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)


@contextmanager
def server(held: int) -> Iterator[str]:
    """Run the server in another process, and end it; yields its URL."""
    command = [sys.executable, "-m", "benchmarks.accounts_server", str(held)]
    with Popen(command, stdin=PIPE, stdout=PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"


def counts(url: str) -> tuple[int, int]:
    """Return how many requests the server got, and how many it refused."""
    connection = HTTPConnection(urlsplit(url).netloc)
    connection.request("GET", STATISTICS)
    requests, refused = json.loads(connection.getresponse().read())
    connection.close()
    return requests, refused


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
