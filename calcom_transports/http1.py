"""What the bytes of an answer say, read by h11, for both network transports."""

import h11

from calcom_core.http import Headers, Response
from calcom_transports.network import MAX_HEAD, Body, Exchange

# What h11 is told of a request, whose bytes are made elsewhere: whether its answer has a body.
_ASKED = {
    method: h11.Request(method=method, target="/", headers=[("Host", "")])
    for method in ("GET", "HEAD")
}


class Answer:
    """One answer, of which some bytes may still be missing."""

    _status: int
    _body: Body

    def __init__(self, exchange: Exchange, max_body: int) -> None:
        self._exchange = exchange
        self._max_body = max_body
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD)
        self._http.send(_ASKED["HEAD" if exchange.request.method == "HEAD" else "GET"])

    @property
    def leaves_nothing(self) -> bool:
        """Whether its connection may serve another: neither closed nor with more bytes on it."""
        http = self._http
        return http.their_state is h11.DONE and http.trailing_data == (b"", False)

    def after(self, data: bytes) -> Response | None:
        """Take the next bytes, none at the end of the connection; return the answer once it is all.

        Interim answers are passed over.
        Raises `NoAnswer` for one that is not HTTP/1.1, breaks off, or is too large.
        """
        exchange, http = self._exchange, self._http
        exchange.ended = not data
        http.receive_data(data)
        while True:
            try:
                event = http.next_event()
            except h11.RemoteProtocolError:
                # From None: the cause holds what came, which may repeat a credential.
                raise exchange.unreadable() from None
            if event is h11.NEED_DATA:
                return None
            if isinstance(event, h11.Data):  # after the head, as h11 knows
                self._body.feed(bytes(event.data))
            elif isinstance(event, h11.EndOfMessage):
                return Response(self._status, exchange.received, self._body.finish())
            elif getattr(event, "http_version", b"1.1")[:2] != b"1.":
                raise exchange.unreadable()
            elif isinstance(event, h11.Response):
                self._status = event.status_code
                fields = event.headers.raw_items()
                exchange.received = Headers(
                    [(name.decode(), value.decode("latin-1")) for name, value in fields]
                )
                self._body = Body(exchange, self._max_body)
