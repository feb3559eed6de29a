"""A server on the loopback interface that does what a test tells it, byte for byte.

It runs in threads, over plain TCP or TLS, and records the requests that reach it.
"""

import re
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from enum import StrEnum
from types import TracebackType
from typing import Self

from calcom_core.http import Response

PATIENCE = 5.0
"""How many seconds a test waits for an expected event; only a failing test waits that long."""

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
OK_RESPONSE = Response(200, {"Content-Length": "2"}, b"ok")


class End(StrEnum):
    """How a server ends a connection."""

    CLOSE = "a close"  # in order: over TLS close_notify, then the end of TCP
    CUT = "a cut"  # over TLS only: the end of TCP without close_notify
    RESET = "a reset"
    STALL = "silence"


class Peer:
    """The server's end of one connection."""

    def __init__(self, connection: socket.socket, server: "Server") -> None:
        self.connection = connection
        self.server = server
        self.complete = 0  # complete requests
        self.received = bytearray()  # the bytes of a request that is incomplete

    @property
    def begun(self) -> int:
        """How many requests arrived, completely or in part."""
        return self.complete + bool(self.received)

    def request(self) -> bytes:
        """Return the next complete request, or b"" if the client has hung up."""
        while b"\r\n\r\n" not in self.received:
            if not self._receive():
                return b""
        head = bytes(self.received.partition(b"\r\n\r\n")[0])
        length = re.search(rb"\r\ncontent-length: *(\d+)", head, re.IGNORECASE)
        end = len(head) + 4 + (int(length[1]) if length else 0)
        while len(self.received) < end:
            if not self._receive():
                return b""
        request = bytes(self.received[:end])
        del self.received[:end]
        self.complete += 1
        self.server.requests.append(request)
        self.server.requested.set()
        return request

    def read(self, size: int) -> None:
        """Read the first bytes of a request, at most *size*."""
        while len(self.received) < size:
            if not self._receive(size - len(self.received)):
                return

    def _receive(self, size: int = 65_536) -> bool:
        data = self.connection.recv(size)
        self.received += data
        return bool(data)

    def send(self, data: bytes) -> None:
        """Send *data*."""
        self.connection.sendall(data)

    def drip(self, data: Iterable[int], pause: float = 0.02) -> None:
        """Send *data* slowly, a byte at a time, until the client hangs up."""
        for byte in data:
            self.send(bytes([byte]))
            self.server.over.wait(pause)

    def stall(self) -> None:
        """Send nothing until the client hangs up."""
        while self._receive():
            pass

    def say_end(self) -> None:
        """Send close_notify, if the connection is encrypted."""
        if isinstance(self.connection, ssl.SSLSocket):
            self.connection.setblocking(False)  # do not wait for the client's close_notify
            with suppress(ssl.SSLError):
                self.connection.unwrap()
            self.connection.setblocking(True)

    def reset(self) -> None:
        """Reset the connection."""
        reset_when_closed(self.connection)
        self.connection.close()

    def end(self, how: End) -> None:
        """End the connection; unless it is reset, wait until the client hangs up, too."""
        encrypted = isinstance(self.connection, ssl.SSLSocket)
        if how is End.RESET:
            self.reset()
        elif how is not End.STALL:
            if how is End.CLOSE:
                self.say_end()
            self.connection.shutdown(socket.SHUT_WR)
        self.server.ended.set()
        self.server.note_change()
        if how is End.STALL:
            self.stall()
        elif how is not End.RESET:
            # A close with unread bytes would be a reset.
            while data := self.connection.recv(65_536):
                if not encrypted:  # after close_notify nothing is decrypted
                    self.received += data


Handler = Callable[[Peer], None]


def reset_when_closed(connection: socket.socket) -> None:
    """Make a later close of the connection a reset: a close without lingering is one."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class Server:
    """Runs *handler* in a thread for each connection, until the `with` block ends.

    `requests` holds every complete request as it came; `connections` counts accepted connections.
    An error in a handler is raised at the end of the block; a client that hangs up is no error.
    """

    def __init__(self, handler: Handler, *, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[bytes] = []
        self.peers: list[Peer] = []
        self.connections = 0
        self.requested = threading.Event()  # a complete request came
        self.ended = threading.Event()  # a handler ended a connection
        self.released = threading.Event()  # the client is done with its first exchange
        self.hung_up = threading.Event()  # a connection is over and its server's end closed
        self.over = threading.Event()
        self._handler = handler
        self._tls = tls
        self._failures: list[BaseException] = []
        self._open: set[socket.socket] = set()
        self._changed = threading.Condition()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        # Otherwise a response waits until the client acknowledges the session tickets before it.
        self._listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.port: int = self._listener.getsockname()[1]
        self.host = "localhost" if tls else "127.0.0.1"
        self.url = f"{'https' if tls else 'http'}://{self.host}:{self.port}"

    @property
    def is_quiet(self) -> bool:
        """Whether every connection is over."""
        return not self._open

    def wait_for(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Wait until *condition* holds; it is checked whenever a connection ends."""
        with self._changed:
            return self._changed.wait_for(condition, seconds)

    def note_change(self) -> None:
        """Let waiting threads check their conditions again."""
        with self._changed:
            self._changed.notify_all()

    def hang_up(self, *, reset: bool = False) -> None:
        """End every connection, even while its handler waits."""
        self.released.set()
        for connection in list(self._open):
            with suppress(OSError):  # closed meanwhile
                if reset:
                    reset_when_closed(connection)
                # Not SSLSocket.shutdown, which would take TLS away from a running handler.
                socket.socket.shutdown(connection, socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.over.set()
        # Only another connection makes accept() return; closing the listener does not.
        socket.create_connection(("127.0.0.1", self.port)).close()
        self._threads[0].join(PATIENCE)
        self._listener.close()
        self.hang_up()
        for thread in self._threads:
            thread.join(PATIENCE)
            if thread.is_alive():
                self._failures.append(AssertionError("a handler does not end"))
        if self._failures and error is None:
            raise self._failures[0]

    def _start(self, run: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=run, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            if self.over.is_set():
                connection.close()
                return
            self.connections += 1
            self._open.add(connection)
            self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        plain = connection
        try:
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
                self._open.add(connection)
            peer = Peer(connection, self)
            self.peers.append(peer)
            self._handler(peer)
        except OSError:
            pass  # the client hung up, or does not trust the certificate
        except BaseException as failure:
            self._failures.append(failure)
        finally:
            connection.close()
            plain.close()
            self._open -= {plain, connection}
            self.hung_up.set()
            self.note_change()


class NeverAccepting:
    """An address that never accepts a connection: a listener with a full queue."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self._host = host

    def __enter__(self) -> "NeverAccepting":
        self.listener = socket.socket()
        self.listener.bind((self._host, 0))
        self.listener.listen(0)
        self.address = self.listener.getsockname()
        self.queued = []
        for _ in range(4):
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(self.address)
            self.queued.append(client)
        return self

    def __exit__(self, *error: object) -> None:
        for client in (*self.queued, self.listener):
            client.close()


def responding(response: bytes) -> Handler:
    """Send *response* to every request, on connections that stay open."""

    def handler(peer: Peer) -> None:
        while peer.request():
            peer.send(response)

    return handler


def responding_once(response: bytes) -> Handler:
    """Send *response* to the first request of a connection, then close it."""

    def handler(peer: Peer) -> None:
        peer.request()
        peer.send(response)

    return handler


def stalling(start: bytes = b"") -> Handler:
    """Send the *start* of a response to the first request, then nothing more."""

    def handler(peer: Peer) -> None:
        peer.request()
        peer.send(start)
        peer.stall()

    return handler


def dripping(response: bytes) -> Handler:
    """Send *response* to the first request, a byte at a time."""

    def handler(peer: Peer) -> None:
        peer.request()
        peer.drip(response)
        peer.stall()

    return handler
