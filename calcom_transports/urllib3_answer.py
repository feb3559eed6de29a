"""The bytes of an answer and what they say, for the blocking transport.

The standard library's parser reads answers, and makes do with much that RFC 9112 forbids.
What it is given here is checked first, so that it reads what h11 would read.
"""

import http.client
import io
import re
import socket
import time
from contextvars import ContextVar
from email.parser import Parser
from itertools import takewhile
from typing import Any, cast

from calcom_core.http import TOKEN, Headers
from calcom_transports.network import MAX_HEAD, Exchange, closes, seconds_left

# urllib3 runs all of an exchange in the thread that asked, and has no argument to carry this.
CURRENT: ContextVar[Exchange] = ContextVar("exchange")

# RFC 9112, with what h11 forgives: a lone LF, control characters in values, a folded value.
_TEXT = rb"[^\0\n\r\v\f]*"
_STATUS = re.compile(rb"HTTP/1\.[0-9] [1-9][0-9]{2}(?: " + _TEXT + rb")?\r?\n")
_FIRST_FIELD = re.compile(rb"(?:%s:%s)?\r?\n" % (TOKEN.pattern.encode(), _TEXT))
_FIELD = re.compile(rb"(?:(?:%s:|[ \t])%s)?\r?\n" % (TOKEN.pattern.encode(), _TEXT))
_CHUNK = re.compile(rb"[0-9A-Fa-f]{1,20}(?:;[^\n]*)?[ \t]*\r\n")


_WITHOUT_BODY = {http.HTTPStatus.NO_CONTENT, http.HTTPStatus.NOT_MODIFIED}


class Lines(io.BufferedReader):
    """The lines and bytes of one answer."""

    def __init__(self, arriving: "Arriving") -> None:
        super().__init__(arriving)
        self._arriving = arriving
        self.exchange = arriving.exchange
        self.expect(_STATUS)

    def expect(self, pattern: re.Pattern[bytes]) -> None:
        """Say what the lines are to look like from here on."""
        self._pattern = pattern
        self._left = MAX_HEAD

    def readline(self, size: int | None = -1) -> bytes:
        """Read a line, and refuse one that is none or breaks off.

        The parser would make something of it, or take it for the end of the head.
        """
        line = super().readline(size)
        self._left -= len(line)
        if self._left < 0 or not self._pattern.fullmatch(line):
            raise http.client.HTTPException("a line is not as RFC 9112 has it")
        if self._pattern is _FIRST_FIELD:
            self._pattern = _FIELD
        return line

    def close(self) -> None:
        """Give the socket back, and say so if there is more than the answer on it."""
        self._arriving.over = True
        if self.peek():
            self.exchange.reusable_until = 0.0
        super().close()


class Arriving(io.RawIOBase):
    """The bytes of one answer, none of them waited for longer than its exchange may."""

    def __init__(self, sock: socket.socket, exchange: Exchange) -> None:
        self._sock = sock
        self._bytes = sock.makefile("rb", buffering=0)
        self.exchange = exchange
        self.over = False

    def readable(self) -> bool:
        """Say yes."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Wait for bytes and put them into *buffer*; 0 at the end."""
        if self.over:
            return 0
        now = time.monotonic()
        try:
            self._sock.settimeout(seconds_left(self.exchange.read_by(now), now))
            count = self._bytes.readinto(buffer)
        except OSError as error:
            raise self.exchange.lost(error, time.monotonic()) from error
        self.exchange.ended = not count
        return count or 0

    def close(self) -> None:
        """Give the socket back."""
        self._bytes.close()
        super().close()


class Answer(http.client.HTTPResponse):
    """An answer as RFC 9112 has it, where the standard library makes do with less."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp.close()
        self.fp = self._lines = Lines(Arriving(sock, CURRENT.get()))

    def begin(self) -> None:
        """Read the head, after any number of interim ones."""
        while True:
            version, status, reason = self._read_status()
            fields = self._fields()
            if status >= 200:
                break
            if status == http.HTTPStatus.SWITCHING_PROTOCOLS:
                raise http.client.HTTPException("the server speaks another protocol")
        self.code = self.status = status
        self.reason = reason.strip()
        self.version = 10 if version == "HTTP/1.0" else 11
        self.headers = self.msg = fields
        received = self._lines.exchange.received = Headers(
            # A value that is folded is one of several lines: RFC 9112, 5.2.
            (name, " ".join(line.strip(" \t\r") for line in value.split("\n")).strip(" "))
            for name, value in fields.items()
        )
        self._frame(received)
        # TLS may end an answer some time before TCP's end shows that its connection is over.
        to_the_end = self.length is None and not self.chunked
        self.will_close = to_the_end or self.version == 10 or closes(received)
        self._lines.exchange.keep(time.monotonic())

    def _fields(self) -> http.client.HTTPMessage:
        lines = iter(self._lines.readline, b"\r\n")
        # A lone LF ends a head, too.
        text = b"".join(takewhile(lambda line: line != b"\n", lines)).decode("latin-1")
        return Parser(_class=http.client.HTTPMessage).parsestr(text)

    def _frame(self, received: Headers) -> None:
        """Find out where the answer ends: RFC 9112, 6.3."""
        codings = [coding.strip(" \t").lower() for coding in received.get_all("transfer-encoding")]
        lengths = {
            length.strip(" \t")
            for value in received.get_all("content-length")
            for length in value.split(",")
        }
        if (
            (codings and codings != ["chunked"])
            or len(lengths) > 1
            or not all(re.fullmatch(r"[0-9]{1,20}", length) for length in lengths)
        ):
            raise http.client.HTTPException("the head does not say where the answer ends")
        method: str = cast(Any, self)._method
        self.chunked, self.chunk_left, self.length = False, None, None
        if method == "HEAD" or self.status in _WITHOUT_BODY:
            self.length = 0
        elif codings:
            self.chunked = True
        elif lengths:
            self.length = int(lengths.pop())

    def _read_status(self) -> tuple[str, int, str]:
        self._lines.expect(_STATUS)
        status: tuple[str, int, str] = super()._read_status()  # type: ignore[misc]
        self._lines.expect(_FIRST_FIELD)
        return status

    def _get_chunk_left(self) -> int | None:
        if self.chunk_left == 0:
            if self._lines.read(2) != b"\r\n":
                raise http.client.HTTPException("a chunk is longer than its size")
            self.chunk_left = None
        left: int | None = super()._get_chunk_left()  # type: ignore[misc]
        return left

    def _read_next_chunk_size(self) -> int:
        self._lines.expect(_CHUNK)
        size: int = super()._read_next_chunk_size()  # type: ignore[misc]
        self._lines.expect(_FIRST_FIELD)
        return size
