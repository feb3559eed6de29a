"""A server on the loopback interface that does what it is told, byte for byte.

It runs in threads, speaks plain TCP or TLS, and counts what reaches it.
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

PATIENCE = 5.0
"""How many seconds are waited for what must happen; nobody waits that long unless it fails."""


class End(StrEnum):
    """What a server does to a connection within an exchange."""

    CLOSE = "a close"  # in order: under TLS it is said, and then TCP's end
    CUT = "a cut"  # TLS only: TCP's end, and nothing said
    RESET = "a reset"
    STALL = "silence"


class Peer:
    """The server's end of one connection."""

    def __init__(self, connection: socket.socket, server: "Server") -> None:
        self.connection = connection
        self.server = server
        self.complete = 0  # requests that came whole
        self._received = bytearray()

    @property
    def begun(self) -> int:
        """How many requests came, whole or in part."""
        return self.complete + bool(self._received)

    def request(self) -> bytes:
        """Return the next complete request, or b"" if the client has hung up."""
        while b"\r\n\r\n" not in self._received:
            if not self._receive():
                return b""
        head = bytes(self._received.partition(b"\r\n\r\n")[0])
        length = re.search(rb"\r\ncontent-length: *(\d+)", head, re.IGNORECASE)
        end = len(head) + 4 + (int(length[1]) if length else 0)
        while len(self._received) < end:
            if not self._receive():
                return b""
        request = bytes(self._received[:end])
        del self._received[:end]
        self.complete += 1
        self.server.requests.append(request)
        self.server.asked.set()
        return request

    def read(self, size: int) -> None:
        """Read the first bytes of a request, no more than *size*."""
        while len(self._received) < size:
            if not self._receive(size - len(self._received)):
                return

    def _receive(self, size: int = 65_536) -> bool:
        data = self.connection.recv(size)
        self._received += data
        return bool(data)

    def send(self, data: bytes) -> None:
        """Send *data*."""
        self.connection.sendall(data)

    def drip(self, data: Iterable[int]) -> None:
        """Send *data* a byte at a time, slowly, until the client hangs up."""
        for byte in data:
            self.send(bytes([byte]))
            self.server.over.wait(0.02)

    def stall(self) -> None:
        """Answer nothing until the client hangs up."""
        while self._receive():
            pass

    def say_end(self) -> None:
        """Say by TLS, if that is spoken, that nothing more will come."""
        if isinstance(self.connection, ssl.SSLSocket):
            self.connection.setblocking(False)  # not to wait until the client says the same
            with suppress(ssl.SSLError):
                self.connection.unwrap()
            self.connection.setblocking(True)

    def end(self, how: End) -> None:
        """Do that to the connection, and but for a reset wait until the client hangs up, too."""
        encrypted = isinstance(self.connection, ssl.SSLSocket)
        if how is End.RESET:
            _reset_when_closed(self.connection)
            self.connection.close()
        elif how is not End.STALL:
            if how is End.CLOSE:
                self.say_end()
            self.connection.shutdown(socket.SHUT_WR)
        self.server.ended.set()
        if how is End.STALL:
            self.stall()
        elif how is not End.RESET:
            # To close it with bytes unread would be a reset.
            while data := self.connection.recv(65_536):
                if not encrypted:  # else these are no longer decrypted
                    self._received += data


Handler = Callable[[Peer], None]


def _reset_when_closed(connection: socket.socket) -> None:
    # A close that lingers for no time is a reset.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class Server:
    """Runs *handler* in a thread of its own for each connection, until the `with` block ends.

    `requests` holds every complete request as it came, and `connections` counts what was accepted.
    An error in a handler surfaces at the end of the block; a client that hangs up is none.
    """

    def __init__(self, handler: Handler, *, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[bytes] = []
        self.peers: list[Peer] = []
        self.connections = 0
        self.asked = threading.Event()  # a complete request came
        self.ended = threading.Event()  # a handler put an end to a connection
        self.released = threading.Event()  # the client has got, or given up, its first answer
        self.hung_up = threading.Event()  # a connection is over, and the server's end of it closed
        self.over = threading.Event()
        self.elsewhere = ""  # the URL of another server, for redirects
        self._handler = handler
        self._tls = tls
        self._failures: list[BaseException] = []
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        # Else an answer waits until the client acknowledges the session tickets before it.
        self._listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.port: int = self._listener.getsockname()[1]
        self.host = "localhost" if tls else "127.0.0.1"
        self.url = f"{'https' if tls else 'http'}://{self.host}:{self.port}"

    @property
    def is_quiet(self) -> bool:
        """Whether every connection is over."""
        return not self._open

    def hang_up(self, *, reset: bool = False) -> None:
        """End every connection, whatever a handler waits for."""
        self.released.set()
        for connection in list(self._open):
            with suppress(OSError):  # closed meanwhile
                if reset:
                    _reset_when_closed(connection)
                # Not that of an SSLSocket, which would take its TLS from under the handler.
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
        # accept() returns for a last connection only; closing the listener would not wake it.
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
        ours = connection
        try:
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
                self._open.add(connection)
            peer = Peer(connection, self)
            self.peers.append(peer)
            self._handler(peer)
        except OSError:
            pass  # the client hung up, or does not trust us
        except BaseException as failure:
            self._failures.append(failure)
        finally:
            connection.close()
            ours.close()
            self._open -= {ours, connection}
            self.hung_up.set()


def answering(answer: bytes) -> Handler:
    """Give *answer* to every request, on connections that stay open."""

    def handler(peer: Peer) -> None:
        while peer.request():
            peer.send(answer)

    return handler


def stalling(start: bytes = b"") -> Handler:
    """Give the *start* of an answer to the first request, and then nothing more."""

    def handler(peer: Peer) -> None:
        peer.request()
        peer.send(start)
        peer.stall()

    return handler
