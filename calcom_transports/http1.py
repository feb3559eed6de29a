"""What the bytes of an answer say, read by h11, for both network transports."""

import zlib
from http import HTTPStatus

import h11

from calcom_core.http import Headers, Response
from calcom_transports.network import MAX_HEAD, Exchange

# What h11 is told of a request, whose bytes are made elsewhere: whether its answer has a body.
_ASKED = {
    method: h11.Request(method=method, target="/", headers=[("Host", "")])
    for method in ("GET", "HEAD")
}
# What each member of a gzip file begins with (RFC 1952, 2.3.1).
_GZIP_MAGIC = b"\x1f\x8b"
# How the status of an answer begins that is no interim one.
_FINAL = frozenset({b"2", b"3", b"4", b"5"})


class Answer:
    """One answer, of which some bytes may still be missing.

    Its body is decoded as it arrives, and may then have up to *max_body* bytes.
    """

    def __init__(self, exchange: Exchange, max_body: int) -> None:
        self._exchange = exchange
        self._max_body = max_body
        self._status = 0
        self._coding = ""
        self._gzip: zlib._Decompress | None = None
        self._tail = bytearray()  # what came after the last member
        self._body = bytearray()
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD)
        self._began = False

    @property
    def leaves_nothing(self) -> bool:
        """Whether its connection may serve another: neither closed nor with more bytes on it."""
        http = self._http
        return http.their_state is h11.DONE and http.trailing_data == (b"", False)

    def after(self, data: bytes) -> Response | None:
        """Take the next bytes, none at the end of the connection; return the answer once it is all.

        Interim answers are passed over.
        Raises `NoAnswer` for one that is not HTTP/1.1, breaks off, cannot be decoded,
        or is too large.
        """
        exchange, http = self._exchange, self._http
        exchange.ended = not data
        if not self._began:
            self._began = True
            is_head = exchange.request.method == "HEAD"
            # Other answers h11 takes from a server unasked, and to tell it takes a tenth of a call.
            if is_head or data[9:10] not in _FINAL:
                http.send(_ASKED["HEAD" if is_head else "GET"])
        http.receive_data(data)
        while True:
            try:
                event = http.next_event()
            except h11.RemoteProtocolError:
                # From None: the cause holds what came, which may repeat a credential.
                raise exchange.unreadable() from None
            if event is h11.NEED_DATA:
                return None
            if isinstance(event, h11.Data):
                self._feed(bytes(event.data))
            elif isinstance(event, h11.EndOfMessage):
                return self._whole()
            elif getattr(event, "http_version", b"1.1")[:2] != b"1.":
                raise exchange.unreadable()
            elif isinstance(event, h11.Response):
                self._begin(event)

    def _begin(self, head: h11.Response) -> None:
        self._status = head.status_code
        # RFC 9110, 15.5.8: only a proxy says so, and does not pass the request on.
        is_refused = self._status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED
        if is_refused and self._exchange.is_forwarded:
            raise self._exchange.refused_credentials()
        fields = head.headers.raw_items()
        self._exchange.received = headers = Headers(
            [(name.decode(), value.decode("latin-1")) for name, value in fields]
        )
        coding = ",".join(headers.get_all("content-encoding")).strip(" \t").lower()
        self._coding = "" if coding == "identity" else coding

    def _feed(self, data: bytes) -> None:
        while data:
            # One byte more than allowed tells too much from just enough.
            room = self._max_body + 1 - len(self._body)
            if self._coding:
                data = self._unzip(data, room)
            else:
                self._body += data[:room]
                data = b""
            if max(len(self._body), len(self._tail)) > self._max_body:
                raise self._exchange.failure(
                    "too-large",
                    f"the answer has more than {self._max_body} bytes; raise max_body, or ask less",
                )

    def _unzip(self, data: bytes, room: int) -> bytes:
        """Decode what has so much room, and return what comes after the end of a member.

        A file is a series of members (RFC 1952, 2.2). Bytes after one that do not begin another are
        ignored, as gzip(1) and browsers do: the member is whole, and its checksum right.
        """
        if self._coding not in ("gzip", "x-gzip"):
            raise self._exchange.failure("protocol", "the answer has a coding not asked for")
        if self._gzip is not None and self._gzip.eof:
            self._tail += data
            if len(self._tail) == 1 or not self._tail.startswith(_GZIP_MAGIC):
                return b""
            data, self._tail, self._gzip = bytes(self._tail), bytearray(), None
        if self._gzip is None:
            self._gzip = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        try:
            self._body += self._gzip.decompress(data, room)
        except zlib.error as error:
            raise self._exchange.failure("protocol", "the answer is not valid gzip") from error
        return self._gzip.unused_data

    def _whole(self) -> Response:
        # No byte at all is no gzip either, but is how HEAD and 304 are answered.
        if self._gzip is not None and not self._gzip.eof:
            raise self._exchange.failure("protocol", "the answer stops within its gzip")
        return Response(self._status, self._exchange.received, bytes(self._body))
