"""A server of one booking over TLS, in another process, which must never be the bottleneck.

It responds with prepared bytes, from one loop without threads. It compares each request with the
previous one on its connection, so all are checked and few are parsed; a request without the key
or the version of the API is refused.

Each run measures that the server is not the bottleneck. It counts its own CPU time per request,
and bare sockets, which keep it busy on all connections, take turns among the subjects.
Both appear as rows: the fastest subject must take several times as long for a request as the busy
server does.
"""

import json
import re
import selectors
import socket
import ssl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPSConnection
from pathlib import Path
from subprocess import PIPE, Popen
from time import process_time
from urllib.parse import urlsplit

from attrs import define

from benchmarks import certificate
from benchmarks.data import API_KEY, UID, compact, recorded

ROOT = Path(__file__).parent.parent
RESPONSE_HEAD = (
    "X-RateLimit-Limit-Default: 100000\r\n"
    "X-RateLimit-Remaining-Default: 99973\r\n"
    "X-RateLimit-Reset-Default: 58\r\n"
    "X-Request-Id: f179310a-1329-4858-b48b-4e0da16f8efb\r\n"
    "Content-Type: application/json; charset=utf-8\r\n"
    "Date: Sun, 22 Nov 2026 16:03:01 GMT\r\n"
    "Connection: keep-alive\r\n"
    "Keep-Alive: timeout=5\r\n"
)
PATH = f"/v2/bookings/{UID}"
STATISTICS = "/statistics"
_NEEDED = (
    rf"GET {PATH} HTTP/1\.1\r\n",
    rf"\r\nAuthorization: Bearer {API_KEY}\r\n",
    r"\r\ncal-api-version: 2024-08-13\r\n",
)
NEEDED = [re.compile(pattern.encode(), re.IGNORECASE) for pattern in _NEEDED]


def response(status: str, body: bytes) -> bytes:
    head = f"HTTP/1.1 {status}\r\n{RESPONSE_HEAD}Content-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


BOOKING = response("200 OK", compact(recorded("29-get-normal")))
REFUSAL = response("400 Bad Request", b"{}")


def request_of(host: str) -> bytes:
    """Return a request of our clients as bytes."""
    return (
        f"GET {PATH} HTTP/1.1\r\nHost: {host}\r\nAccept: application/json\r\n"
        "User-Agent: calcom-bookings/0.2.0\r\ncal-api-version: 2024-08-13\r\n"
        f"Authorization: Bearer {API_KEY}\r\n\r\n"
    ).encode()


@define
class Counter:
    requests: int = 0

    def report(self) -> bytes:
        """Return the number of requests and the CPU time of this process, as JSON."""
        return compact({"requests": self.requests, "cpu": process_time()})


@define
class Connection:
    socket: socket.socket
    counter: Counter
    last_request: bytes | None = None
    sent: bytes = b""
    pending: bytes = b""

    def serve(self) -> bool:
        """Read a request and respond to it; return whether the connection stays open."""
        try:
            received = self.socket.recv(4096)
        except ConnectionError:
            return False
        if received == self.last_request and not self.pending:
            self.counter.requests += 1
            self.socket.send(self.sent)
            return True
        if not received:
            return False
        if self.pending:
            received = self.pending + received
        if not received.endswith(b"\r\n\r\n"):
            self.pending = received
            return True
        self.pending = b""
        self.counter.requests += 1
        self.sent = self._respond(received)
        self.last_request = received if self.sent is BOOKING else None
        self.socket.send(self.sent)
        return True

    def _respond(self, request: bytes) -> bytes:
        if request.startswith(f"GET {STATISTICS} ".encode()):
            self.counter.requests -= 1
            return response("200 OK", self.counter.report())
        return BOOKING if all(needed.search(request) for needed in NEEDED) else REFUSAL


def serve(certificates: Path) -> None:
    """Print the port, and respond until standard input ends, as it does when the parent does."""
    context = certificate.server_context(certificates)
    listener = socket.create_server(("127.0.0.1", 0), backlog=256)
    print(listener.getsockname()[1], flush=True)
    counter = Counter()
    with selectors.DefaultSelector() as selector:
        selector.register(sys.stdin, selectors.EVENT_READ)
        selector.register(listener, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                connection = key.data
                if connection is not None:
                    if not connection.serve():
                        selector.unregister(key.fileobj)
                        connection.socket.close()
                elif key.fileobj is listener:
                    accepted, _ = listener.accept()
                    accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    secured = context.wrap_socket(accepted, server_side=True)
                    selector.register(secured, selectors.EVENT_READ, Connection(secured, counter))
                else:
                    return


@contextmanager
def server() -> Iterator[str]:
    """Run the server in another process, and end it; yields its URL."""
    command = [sys.executable, "-m", "benchmarks.server", str(certificate.folder())]
    # Leaving the block closes the pipe that the server reads, and waits for it.
    with Popen(command, stdin=PIPE, stdout=PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        yield f"https://{certificate.HOST}:{int(process.stdout.readline())}"


def statistics(url: str) -> dict[str, float]:
    """Return the number of requests of the server, and the CPU time of its process."""
    context = ssl.create_default_context(cafile=certificate.folder() / "authority.pem")
    connection = HTTPSConnection(urlsplit(url).netloc, context=context)
    connection.request("GET", STATISTICS)
    report: dict[str, float] = json.loads(connection.getresponse().read())
    connection.close()
    return report


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
