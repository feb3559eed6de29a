"""Connections that a transport keeps, and exchanges that overlap."""

from server import OK, OK_RESPONSE, End, Handler, Peer, responding

from calcom_core.errors import NoAnswer
from calcom_core.http import Response
from conformance.responses import echo, raw, respond_once
from conformance.scenarios import AMPLE, SILENCE, Exchange, Scenario, get, post

_ENDS = (End.CLOSE, End.CUT, End.RESET)


def _echoed(target: str, method: str, body: bytes) -> Exchange:
    response = Response(200, {"Content-Length": str(len(target))}, target.encode())
    return Exchange((response,), method, target, body=body)


def _ends_idle(how: End) -> Handler:
    """Respond, and end the first connection when the client has read the first response."""

    def handler(peer: Peer) -> None:
        if peer.server.requests:
            responding(OK)(peer)
            return
        peer.request()
        peer.send(OK)
        peer.server.released.wait()
        peer.end(how)

    return handler


def _ends_second(how: End, whole: bool) -> Handler:
    """Respond to the first request of each connection, and end it when a second one comes."""

    def handler(peer: Peer) -> None:
        peer.request()
        peer.send(OK)
        if whole:
            peer.request()
        else:
            peer.read(1)
        peer.end(how)

    return handler


def _recovers(how: End) -> Handler:
    """Break the first response of all, and respond to the other requests."""

    def handler(peer: Peer) -> None:
        while peer.request():
            if len(peer.server.requests) == 1:
                peer.send(OK[:-1])
                peer.end(how)
                return
            peer.send(OK)

    return handler


_CLOSING = Response(200, {"Content-Length": "2", "Connection": "close"}, b"ok")

KEPT_CONNECTIONS = (
    Scenario("ten requests", echo, tuple(_echoed(f"/v2/{n}", "GET", b"") for n in range(10))),
    Scenario(
        "ten requests with a body",
        echo,
        tuple(_echoed(f"/v2/{n}", "POST", b"x" * n) for n in range(1, 11)),
    ),
    *(
        Scenario(
            "an end while idle",
            _ends_idle(how),
            (post(OK_RESPONSE), post(OK_RESPONSE, after_end=True)),
            how,
            only_tls=how is End.CUT,
        )
        for how in _ENDS
    ),
    *(
        Scenario(
            f"an end at {moment}",
            _ends_second(how, whole),
            # A transport without kept connections gets the response.
            (post(OK_RESPONSE), *(post(NoAnswer, OK_RESPONSE),) * 3),
            how,
            only_tls=how is End.CUT,
        )
        for moment, whole in (("a second request", True), ("its first byte", False))
        for how in _ENDS
    ),
    Scenario(
        "Connection: close without a close",
        respond_once(raw(_CLOSING), End.STALL),
        (get(_CLOSING),) * 3,
    ),
    Scenario(
        "HTTP/1.0 without a close",
        respond_once(OK.replace(b"/1.1", b"/1.0"), End.STALL),
        (get(OK_RESPONSE),) * 3,
    ),
    *(
        Scenario(
            "a request after a broken response",
            _recovers(how),
            (
                post(NoAnswer, timeout=SILENCE if how is End.STALL else AMPLE),
                *(post(OK_RESPONSE),) * 2,
            ),
            how,
            only_tls=how is End.CUT,
        )
        for how in End
    ),
)


def _refuses(count: int, response: bytes) -> Handler:
    """Respond when *count* bytes of a request came, then close the connection."""

    def handler(peer: Peer) -> None:
        peer.read(count)
        peer.send(response)
        peer.end(End.CLOSE)

    return handler


_TOO_LARGE = Response(413, {"Connection": "close", "Content-Length": "2"}, b"no")

EARLY_RESPONSES = tuple(
    Scenario(
        f"a request of {size:,} bytes",
        _refuses(count, raw(_TOO_LARGE)),
        (post(_TOO_LARGE, body=bytes(size)),),
        f"after {count:,}",
    )
    for size in (1_000_000, 8_388_608)
    for count in (1, 100, 1000, 65_536)
)

AT_ONCE = tuple(
    Scenario(
        f"{number} at once",
        echo,
        tuple(_echoed(f"/v2/{n}?{'x' * n}", "POST", b"y" * n) for n in range(1, number + 1)),
        at_once=True,
    )
    for number in (2, 20)
)
