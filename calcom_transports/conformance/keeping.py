"""Cases about connections that are kept, and exchanges that overlap."""

from calcom_core.errors import NoAnswer
from calcom_core.http import Response
from calcom_transports.conformance.answers import OK, OK_RESPONSE, SILENCE, echo, once
from calcom_transports.conformance.cells import AMPLE, Ask, Cell
from calcom_transports.conformance.server import End, Handler, Peer, answering

# Connections that are kept.


def _echoed(target: str, method: str = "GET", body: bytes = b"") -> Ask:
    length = {"Content-Length": str(len(target))}
    return Ask((Response(200, length, target.encode()),), method, target, body=body)


def _ends_idle(how: End) -> Handler:
    """Answer, and end the first connection when its first answer was read."""

    def handler(peer: Peer) -> None:
        if peer.server.requests:
            answering(OK)(peer)
            return
        peer.request()
        peer.send(OK)
        peer.server.released.wait()
        peer.end(how)

    return handler


def _ends_second(how: End, whole: bool) -> Handler:
    """Answer the first request of each connection, and end it when a second arrives."""

    def handler(peer: Peer) -> None:
        peer.request()
        peer.send(OK)
        if whole:
            peer.request()
        else:
            peer.read(1)
        peer.end(how)

    return handler


def _announcing(answer: bytes) -> Handler:
    """Answer once on each connection, and nothing more though it stays open."""
    return once(answer, End.STALL)


def _recovering(how: End) -> Handler:
    """Fail the first request of all, and answer the others."""

    def handler(peer: Peer) -> None:
        while peer.request():
            if len(peer.server.requests) == 1:
                peer.send(OK[:-1])
                peer.end(how)
                return
            peer.send(OK)

    return handler


_POST = Ask((OK_RESPONSE,), "POST", body=b"{}")
_POST_LATER = Ask((OK_RESPONSE,), "POST", body=b"{}", after=True)

KEPT = (
    Cell("ten requests", echo, tuple(_echoed(f"/v2/{n}") for n in range(10))),
    Cell(
        "ten requests with a body",
        echo,
        tuple(_echoed(f"/v2/{n}", "POST", b"x" * n) for n in range(1, 11)),
    ),
    *(
        Cell(f"{how} while idle", _ends_idle(how), (_POST, _POST_LATER), only_tls=how is End.CUT)
        for how in (End.CLOSE, End.CUT, End.RESET)
    ),
    *(
        Cell(
            f"{how} when {'a second request came' if whole else 'its first byte came'}",
            _ends_second(how, whole),
            # Whoever keeps no connection is answered.
            (_POST, *(Ask((NoAnswer, OK_RESPONSE), "POST", body=b"{}"),) * 3),
            only_tls=how is End.CUT,
        )
        for how in (End.CLOSE, End.CUT, End.RESET)
        for whole in (True, False)
    ),
    Cell(
        "Connection: close, and none",
        _announcing(OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")),
        (Ask((Response(200, {"Content-Length": "2", "Connection": "close"}, b"ok"),)),) * 3,
    ),
    Cell(
        "HTTP/1.0, and no close",
        _announcing(OK.replace(b"/1.1", b"/1.0")),
        (Ask((OK_RESPONSE,)),) * 3,
    ),
    *(
        Cell(
            f"an answer after {how}",
            _recovering(how),
            (
                Ask(
                    (NoAnswer,),
                    "POST",
                    body=b"{}",
                    timeout=SILENCE if how is End.STALL else AMPLE,
                ),
                _POST,
                _POST,
            ),
            only_tls=how is End.CUT,
        )
        for how in End
    ),
)


# An answer that comes before the whole request was read.


def _early(count: int, answer: bytes) -> Handler:
    def handler(peer: Peer) -> None:
        peer.read(count)
        peer.send(answer)
        peer.end(End.CLOSE)

    return handler


_REFUSAL = b"HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno"
_REFUSAL_RESPONSE = Response(413, {"Connection": "close", "Content-Length": "2"}, b"no")

EARLY = tuple(
    Cell(
        f"after {count:,} bytes of {len(body):,}",
        _early(count, _REFUSAL),
        (Ask((_REFUSAL_RESPONSE,), "POST", body=body),),
    )
    for count in (1, 100, 1000, 65_536)
    for body in (bytes(1_000_000), bytes(8_388_608))
)


# Many at once.

TOGETHER = tuple(
    Cell(
        f"{number} at once",
        echo,
        tuple(_echoed(f"/v2/{n}?{'x' * n}", "POST", b"y" * n) for n in range(1, number + 1)),
        at_once=True,
    )
    for number in (2, 20)
)
