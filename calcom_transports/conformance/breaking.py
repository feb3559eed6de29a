"""Cases about connections that break, take too long, or are not there."""

from itertools import cycle

from calcom_core.errors import NoAnswer, NotSent
from calcom_core.http import Response, Timeout
from calcom_transports.conformance.answers import (
    BRIEF,
    OK,
    OK_RESPONSE,
    SILENCE,
    ZIPPED,
    coded,
    once,
)
from calcom_transports.conformance.cells import AMPLE, Ask, Cell, Outcome, Place
from calcom_transports.conformance.server import End, Handler, Peer, answering, stalling

_EITHER: tuple[Outcome, ...] = (NotSent, NoAnswer)


# An answer that breaks at any byte.


def _breaks(
    name: str, answer: bytes, whole: Response, *, lasts: bool = False, zipped: bool = False
) -> list[Cell]:
    """Break an answer at every byte; one that *lasts* ends with its connection.

    There is no reset after a whole answer: it may take with it what was not read yet.
    """
    head = answer.index(b"\r\n\r\n") + 4
    otherwise: tuple[Outcome, ...] = (OK_RESPONSE,) if zipped else ()  # nobody asked for gzip
    cells = []
    for how in End:
        for count in range(len(answer) + 1):
            complete = count == len(answer) and not lasts
            expected: tuple[Outcome, ...] = (whole,) if complete else (NoAnswer,)
            if complete and how is End.RESET:
                continue
            if complete and zipped:  # some take away the fields that no longer hold
                expected = (whole, Response(whole.status, (), whole.body))
            if lasts and how is End.CLOSE and count >= head:
                expected = (Response(whole.status, whole.headers, answer[head:count]),)
            limits = SILENCE if how is End.STALL and not complete else AMPLE
            cells.append(
                Cell(
                    f"{name}, {how} after {count} of {len(answer)} bytes",
                    (coded if zipped else once)(answer[:count], how),
                    (Ask((*expected, *otherwise), "POST", body=b"{}", timeout=limits),),
                    only_tls=how is End.CUT,
                )
            )
    return cells


BROKEN_ANSWERS = (
    *_breaks(
        "a Content-Length",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        Response(200, {"Content-Length": "5"}, b"hello"),
    ),
    *_breaks(
        "chunks",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"5\r\nhello\r\n4;x=y\r\n, hi\r\n0\r\nX: 1\r\n\r\n",
        Response(200, {"Transfer-Encoding": "chunked"}, b"hello, hi"),
    ),
    *_breaks(
        "HTTP/1.1 to the end",
        b"HTTP/1.1 200 OK\r\nX: 1\r\n\r\nhello",
        Response(200, {"X": "1"}, b"hello"),
        lasts=True,
    ),
    *_breaks(
        "HTTP/1.0 to the end",
        b"HTTP/1.0 200 OK\r\n\r\nhello",
        Response(200, (), b"hello"),
        lasts=True,
    ),
    *_breaks(
        "gzip",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 25\r\n\r\n" + ZIPPED,
        Response(200, {"Content-Encoding": "gzip", "Content-Length": "25"}, b"hello"),
        zipped=True,
    ),
    *_breaks(
        "after 100",
        b"HTTP/1.1 100 Go\r\n\r\nHTTP/1.1 201 Made\r\nContent-Length: 2\r\n\r\nok",
        Response(201, {"Content-Length": "2"}, b"ok"),
    ),
)


# A request that breaks off.

_LARGE = bytes(4 * 1024 * 1024)


def _reading(count: int, how: End) -> Handler:
    """Read so many bytes of a request, then end the connection so."""

    def handler(peer: Peer) -> None:
        peer.read(count)
        if how is End.STALL:  # and read no more either
            peer.server.released.wait()
        peer.end(how)

    return handler


def _unread(count: int, how: End, body: bytes) -> Cell:
    # A server that ends it at once may be noticed before anything is sent.
    expected = _EITHER if count == 0 and how is not End.STALL else (NoAnswer,)
    return Cell(
        f"{how} after {count:,} bytes of a request with a body of {len(body):,}",
        _reading(count, how),
        (Ask(expected, "POST", body=body, timeout=BRIEF if how is End.STALL else AMPLE),),
        only_tls=how is End.CUT,
    )


BROKEN_REQUESTS = (
    *(_unread(count, how, b"{}") for how in End for count in (0, 1, 10, 40)),
    *(_unread(count, how, _LARGE) for how in End for count in (0, 1, 100, 65_536)),
)


# Limits.


def _dripping(start: bytes, piece: bytes) -> Handler:
    def handler(peer: Peer) -> None:
        peer.request()
        peer.send(start)
        peer.drip(cycle(piece))

    return handler


def _drips(name: str, start: bytes, piece: bytes) -> Cell:
    return Cell(
        f"{name}, a byte at a time",
        _dripping(start, piece),
        (Ask((NoAnswer,), "POST", body=b"{}", timeout=BRIEF),),
    )


def _falls_silent(name: str, start: bytes) -> Cell:
    ask = Ask((NoAnswer,), "POST", body=b"{}", timeout=SILENCE)
    return Cell(f"silence {name}", stalling(start), (ask,))


def _silent(peer: Peer) -> None:
    """Read what is no request, and answer nothing."""
    while peer.connection.recv(65_536):
        pass


_HEAD = b"HTTP/1.1 200 OK\r\n"

TIME_LIMITS = (
    _drips("a head", _HEAD + b"X-One: ", b"x"),
    _drips("header lines", _HEAD, b"X-One: 1\r\n"),
    _drips("a body", _HEAD + b"Content-Length: 9999\r\n\r\n", b"x"),
    _drips("a body to the end", _HEAD + b"\r\n", b"x"),
    _drips("chunks", _HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    _drips("a chunk", _HEAD + b"Transfer-Encoding: chunked\r\n\r\nffff\r\n", b"x"),
    _drips("trailers", _HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X-One: 1\r\n"),
    _drips("interim answers", b"", b"HTTP/1.1 102 Processing\r\n\r\n"),
    _falls_silent("at once", b""),
    _falls_silent("within the first line", b"HTTP/1.1 2"),
    _falls_silent("within the head", _HEAD + b"Content-Le"),
    _falls_silent("after an interim answer", b"HTTP/1.1 100 Continue\r\n\r\n"),
    _falls_silent("within a body", OK[:-1]),
    _falls_silent("within a body to the end", _HEAD + b"\r\nhello"),
    _falls_silent("after a chunk", _HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"),
    Cell(
        "a server that does not read",
        _reading(0, End.STALL),
        (Ask((NoAnswer,), "POST", body=bytes(20_000_000), timeout=BRIEF),),
    ),
    *(
        Cell(
            f"{name}, {limit}",
            _silent,
            (Ask((NotSent,), "POST", body=b"{}", timeout=timeout),),
            place,
        )
        for name, place in (
            ("a connection that never opens", Place.SILENT),
            ("a TLS handshake that never ends", Place.CLEAR),
        )
        for limit, timeout in (
            ("Timeout.connect", Timeout(connect=0.2, read=60, total=60)),
            ("Timeout.total", Timeout(connect=60, read=60, total=0.2)),
        )
    ),
    Cell("no limits given", answering(OK), (Ask((OK_RESPONSE,), timeout=None),)),
)


# Certainly not sent.


def _unsent(name: str, handler: Handler, place: Place) -> Cell:
    return Cell(name, handler, (Ask((NotSent,), "POST", body=b"{}"),) * 2, place)


def _answers_in_clear(data: bytes) -> Handler:
    """Take what comes for a request, and answer without TLS."""

    def handler(peer: Peer) -> None:
        peer.connection.recv(65_536)
        peer.send(data)

    return handler


def _resets(peer: Peer) -> None:
    peer.connection.recv(1)
    peer.end(End.RESET)


UNSENT = (
    _unsent("nobody listens", answering(OK), Place.REFUSED),
    _unsent("no TLS, but an answer", _answers_in_clear(OK), Place.CLEAR),
    _unsent("no TLS, but text", _answers_in_clear(b"hello\r\n"), Place.CLEAR),
    _unsent("no TLS, but a close", _answers_in_clear(b""), Place.CLEAR),
    _unsent("no TLS, but a reset", _resets, Place.CLEAR),
    _unsent("a server that cannot be trusted", answering(OK), Place.UNTRUSTED),
)
