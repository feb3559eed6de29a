"""The bytes of an answer and what they say, for the blocking transport.

It reads what h11 reads for the other one, and refuses what RFC 9112 forbids and h11 refuses.
"""

import re
import socket
import time
from http import HTTPStatus

from calcom_core.http import TOKEN, Headers, Response
from calcom_transports.network import MAX_HEAD, READ_SIZE, Body, Exchange, closes, seconds_left

# RFC 9112, with what h11 forgives: a lone LF, control characters in values, a folded value.
_TEXT = rb"[^\0\n\r\v\f]*"
_NAME = TOKEN.pattern.encode()
_FIELDS = rb"(?:%s:%s\r?\n(?:[ \t]%s\r?\n)*)*" % (_NAME, _TEXT, _TEXT)
_HEAD = re.compile(
    rb"HTTP/1\.([0-9]) ([1-9][0-9]{2})(?: %s)?\r?\n(%s)\r?\n" % (_TEXT, _FIELDS), re.ASCII
)
_TRAILERS = re.compile(rb"%s\r?\n" % _FIELDS)
_FIELD = re.compile(rb"([^:]+):((?:.|\n[ \t])*)\n")
_END = re.compile(rb"\n\r?\n")
_END_OF_TRAILERS = re.compile(rb"\A\r?\n|\n\r?\n")
_END_OF_LINE = re.compile(rb"\n")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,20})(?:;[^\n]*)?[ \t]*\r\n")
_LENGTH = re.compile(r"[0-9]{1,20}")

_WITHOUT_BODY = {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}


class Answer:
    """One answer, read from a socket; none of its bytes is waited for longer than it may take."""

    def __init__(self, sock: socket.socket, exchange: Exchange, max_body: int) -> None:
        self._sock = sock
        self._exchange = exchange
        self._max_body = max_body
        self._unread = bytearray()

    def read(self) -> Response:
        """Return the answer, after any number of interim ones.

        Raises `NoAnswer` for one that is not HTTP/1.1, breaks off, is too large or takes too long.
        """
        exchange = self._exchange
        status, old, chunked, length = self._head()
        while status < 200:
            status, old, chunked, length = self._head()
        exchange.keep(time.monotonic())
        body = Body(exchange, self._max_body)
        if chunked:
            self._feed_chunks(body)
        else:
            self._feed(body, length)
        to_the_end = length is None and not chunked
        # TLS may end an answer some time before TCP's end shows that its connection is over.
        if to_the_end or old or self._unread or closes(exchange.received):
            exchange.reusable_until = 0.0
        return Response(status, exchange.received, body.finish())

    def _head(self) -> tuple[int, bool, bool, int | None]:
        """Read a head: its status, whether it is of HTTP/1.0, and where the answer ends."""
        match = _HEAD.fullmatch(self._until(_END))
        if match is None or match[2] == b"101":
            raise self._exchange.unreadable()
        status = int(match[2])
        self._exchange.received = Headers(_fields(match[3]))
        return status, match[1] == b"0", *self._framing(status)

    def _framing(self, status: int) -> tuple[bool, int | None]:
        """Find out where the answer ends: RFC 9112, 6.3."""
        received = self._exchange.received
        codings = [coding.strip(" \t").lower() for coding in received.get_all("transfer-encoding")]
        lengths = {
            length.strip(" \t")
            for value in received.get_all("content-length")
            for length in value.split(",")
        }
        if (
            (codings and codings != ["chunked"])
            or len(lengths) > 1
            or not all(map(_LENGTH.fullmatch, lengths))
        ):
            raise self._exchange.unreadable()
        if self._exchange.request.method == "HEAD" or status in _WITHOUT_BODY:
            return False, 0
        return bool(codings), int(lengths.pop()) if lengths and not codings else None

    def _feed(self, body: Body, length: int | None) -> None:
        """Feed as many bytes as *length* says, or all to the end of the connection."""
        left = length
        while left is None or left > 0:
            if not self._unread and not self._more():
                if left is None:
                    return
                raise self._exchange.unreadable()
            piece = self._take(len(self._unread) if left is None else left)
            if left is not None:
                left -= len(piece)
            body.feed(piece)

    def _feed_chunks(self, body: Body) -> None:
        while size := self._chunk_size():
            self._feed(body, size)
            while len(self._unread) < 2:
                self._need_more()
            if self._take(2) != b"\r\n":
                raise self._exchange.unreadable()
        if not _TRAILERS.fullmatch(self._until(_END_OF_TRAILERS)):
            raise self._exchange.unreadable()

    def _chunk_size(self) -> int:
        match = _CHUNK.fullmatch(self._until(_END_OF_LINE))
        if match is None:
            raise self._exchange.unreadable()
        return int(match[1], 16)

    def _until(self, end: re.Pattern[bytes]) -> bytes:
        """Return what is there up to *end*, which it includes."""
        looked = 0
        while (found := end.search(self._unread, max(looked - 2, 0))) is None:
            looked = len(self._unread)
            if looked > MAX_HEAD:
                raise self._exchange.unreadable()
            self._need_more()
        if found.end() > MAX_HEAD:
            raise self._exchange.unreadable()
        return self._take(found.end())

    def _take(self, size: int) -> bytes:
        piece = bytes(self._unread[:size])
        del self._unread[:size]
        return piece

    def _need_more(self) -> None:
        if not self._more():
            raise self._exchange.unreadable()

    def _more(self) -> bool:
        """Wait for bytes; False at the end of the connection."""
        exchange, now = self._exchange, time.monotonic()
        try:
            self._sock.settimeout(seconds_left(exchange.read_by(now), now))
            data = self._sock.recv(READ_SIZE)
        except OSError as error:
            raise exchange.lost(error, time.monotonic()) from error
        exchange.ended = not data
        self._unread += data
        return bool(data)


def _fields(text: bytes) -> list[tuple[str, str]]:
    """Take the fields of a head apart; a folded value is one of several lines (RFC 9112, 5.2)."""
    fields = []
    for name, value in _FIELD.findall(text):
        pieces = [piece.strip(b" \t\r") for piece in value.split(b"\n")]
        fields.append((name.decode(), b" ".join(pieces).strip(b" ").decode("latin-1")))
    return fields
