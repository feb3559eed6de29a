"""HTTP/1.1 messages by h11, for the transports that read and write their own bytes.

No function waits or touches a socket: a transport sends the bytes that it gets here, and feeds the
bytes that it receives.
"""

from collections.abc import Callable, Iterator
from typing import Any

import h11

from calcom_core.errors import TransportError
from calcom_core.http import Response
from calcom_transports.body import Body
from calcom_transports.exchange import OutgoingExchange

MAX_HEAD = 65_536
"""How many bytes the head of a response may have."""


class HttpMessages:
    """The request of one exchange as bytes, and its response from bytes.

    The body of the response may have *max_body* bytes after decoding.
    """

    def __init__(self, exchange: OutgoingExchange, max_body: int) -> None:
        self._exchange = exchange
        self._max_body = max_body
        self._http = _connection()
        self._body: Body | None = None

    def request_bytes(self) -> memoryview:
        """Return the bytes of the request.

        A view, since no repr shows its content: tools show the locals of a cancelled frame.
        """
        exchange = self._exchange
        fields = exchange.fields
        if exchange.proxy is not None and exchange.is_forwarded:
            fields[1:1] = exchange.proxy.fields.items()
        data = (
            _head(self._http, exchange.request.method, exchange.request_target, fields)
            + exchange.request.body
        )
        self._http.send(h11.Data(exchange.request.body))
        self._http.send(h11.EndOfMessage())
        return memoryview(data)

    def feed(self, data: bytes) -> Response | None:
        """Take the next bytes, none at the end; return the response once it is complete.

        Interim responses are skipped.
        Raises `NoAnswer` for a response that is not HTTP/1.1, is cut, cannot be decoded,
        or is too large.
        """
        exchange = self._exchange
        for event in _events(self._http, exchange, data, exchange.unreadable):
            match event:
                case h11.Response(status_code=status, headers=headers, http_version=version):
                    if not version.startswith(b"1."):
                        raise exchange.unreadable()
                    pairs = headers.raw_items()
                    exchange.receive_head(
                        status, [(name.decode(), value.decode("latin-1")) for name, value in pairs]
                    )
                    self._body = Body(exchange.headers, self._max_body, exchange.failure)
                case h11.InformationalResponse(status_code=status, http_version=version):
                    if status == 101 or not version.startswith(b"1."):
                        raise exchange.unreadable()
                case h11.Data(data=received) if self._body is not None:
                    self._body.feed(bytes(received))
                case _ if self._body is not None:  # h11.EndOfMessage
                    return Response(exchange.status, exchange.headers, self._body.finish())
        return None

    def is_reusable(self) -> bool:
        """Return whether the connection can carry another exchange, and has no more bytes."""
        http = self._http
        return http.their_state is h11.DONE and http.trailing_data == (b"", False)


class TunnelMessages:
    """The CONNECT request to a proxy, and its response (RFC 9110, 9.3.6)."""

    def __init__(self, exchange: OutgoingExchange) -> None:
        self._exchange = exchange
        self._http = _connection()
        exchange.phase = "tunneling"

    def request_bytes(self) -> memoryview:
        """Return the bytes of the request to the proxy."""
        authority = str(self._exchange.target.origin)
        proxy = self._exchange.proxy
        fields = [("Host", authority), *(proxy.fields.items() if proxy else ())]
        return memoryview(_head(self._http, "CONNECT", authority, fields))

    def feed(self, data: bytes) -> bool:
        """Take the next bytes of the proxy; return whether the tunnel is open.

        Raises `NotSent` if the proxy does not open it.
        """
        exchange, http = self._exchange, self._http
        for event in _events(http, exchange, data, exchange.proxy_unreadable):
            if isinstance(event, h11.Response):  # else it is an interim one
                if event.status_code >= 300:
                    raise exchange.proxy_refused(event.status_code)
                # A server that speaks TLS lets its client speak first.
                if http.trailing_data[0]:
                    raise exchange.proxy_failed("sent more than its response")
                exchange.phase = "tunneled"
                return True
        return False


def _connection() -> h11.Connection:
    return h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD)


def _events(
    http: h11.Connection,
    exchange: OutgoingExchange,
    data: bytes,
    unreadable: Callable[[], TransportError],
) -> Iterator[Any]:
    """Yield the events of the next bytes, none at the end; *unreadable* creates the error."""
    exchange.ended = not data
    http.receive_data(data)
    while True:
        try:
            event = http.next_event()
        except h11.RemoteProtocolError:
            # From None: the cause holds the received bytes, which may repeat a credential.
            raise unreadable() from None
        if event is h11.NEED_DATA:
            return
        yield event


def _head(http: h11.Connection, method: str, target: str, fields: list[tuple[str, str]]) -> bytes:
    encoded = [(name.encode(), value.encode("latin-1")) for name, value in fields]
    head = http.send(h11.Request(method=method, target=target, headers=encoded))
    return head or b""
