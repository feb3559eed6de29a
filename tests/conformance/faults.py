"""Connections that break, take too long, or never open."""

from itertools import cycle

from server import OK, OK_RESPONSE, End, Handler, Peer, responding, stalling

from calcom_core.errors import NoAnswer, NotSent
from calcom_core.http import Response, Timeout
from conformance.responses import CHUNKED, ZIPPED, encoded, gzipped, respond_once
from conformance.scenarios import AMPLE, BRIEF, SILENCE, Outcome, Place, Scenario, get, post

# A response that breaks at any byte; those without a length end with the connection.
_WITH_LENGTH = {
    "a Content-Length": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        Response(200, {"Content-Length": "5"}, b"hello"),
    ),
    "chunks": (
        CHUNKED + b"5\r\nhello\r\n4;x=y\r\n, hi\r\n0\r\nX: 1\r\n\r\n",
        Response(200, {"Transfer-Encoding": "chunked"}, b"hello, hi"),
    ),
    "a response after 100": (
        b"HTTP/1.1 100 Go\r\n\r\nHTTP/1.1 201 Made\r\nContent-Length: 2\r\n\r\nok",
        Response(201, {"Content-Length": "2"}, b"ok"),
    ),
    "gzip": (
        gzipped(ZIPPED),
        Response(200, {"Content-Encoding": "gzip", "Content-Length": "25"}, b"hello"),
    ),
}
_TO_THE_END = {
    "HTTP/1.1 to the end": (b"HTTP/1.1 200 OK\r\nX: 1\r\n\r\nhello", {"X": "1"}),
    "HTTP/1.0 to the end": (b"HTTP/1.0 200 OK\r\n\r\nhello", {}),
}


def _breaks(name: str, response: bytes, how: End, count: int, *expected: Outcome) -> Scenario:
    """Break a response after *count* bytes; a client that does not accept gzip may get OK."""
    zipped = name == "gzip"
    ends = NoAnswer in expected and how is End.STALL
    return Scenario(
        f"{name}, {how} after any byte",
        (encoded if zipped else respond_once)(response[:count], how),
        (post(*expected, *[OK_RESPONSE] * zipped, timeout=SILENCE if ends else AMPLE),),
        f"after {count} of {len(response)}",
        only_tls=how is End.CUT,
    )


BROKEN_RESPONSES = (
    *(
        _breaks(name, response, how, count, NoAnswer)
        for name, (response, _) in _WITH_LENGTH.items()
        for how in End
        for count in range(len(response))
    ),
    *(
        # A transport may drop the fields of a decoded body. A reset may discard the response.
        _breaks(name, response, how, len(response), whole, *[plain] * (name == "gzip"))
        for name, (response, whole) in _WITH_LENGTH.items()
        for how in (End.CLOSE, End.CUT, End.STALL)
        for plain in [Response(whole.status, (), whole.body)]
    ),
    *(
        _breaks(name, response, how, count, expected)
        for name, (response, fields) in _TO_THE_END.items()
        for how in End
        for count in range(len(response) + 1)
        for body in [response[:count].partition(b"\r\n\r\n")]
        for expected in [
            Response(200, fields, body[2]) if how is End.CLOSE and body[1] else NoAnswer
        ]
    ),
)


def _reads(count: int, how: End) -> Handler:
    """Read *count* bytes of a request, then end the connection."""

    def handler(peer: Peer) -> None:
        peer.read(count)
        if how is End.STALL:  # and read nothing more
            peer.server.released.wait()
        peer.end(how)

    return handler


BROKEN_REQUESTS = tuple(
    Scenario(
        f"{how} after a part of a request",
        _reads(count, how),
        (
            post(
                NoAnswer,
                # The transport may notice an immediate end before it sends anything.
                *[NotSent] * (count == 0 and how is not End.STALL),
                body=body,
                timeout=BRIEF if how is End.STALL else AMPLE,
            ),
        ),
        f"{count:,} bytes, with a body of {len(body):,}",
        only_tls=how is End.CUT,
    )
    for how in End
    for body, counts in ((b"{}", (0, 1, 10, 40)), (bytes(4 * 1024 * 1024), (0, 1, 100, 65_536)))
    for count in counts
)


def _drips(start: bytes, piece: bytes) -> Handler:
    def handler(peer: Peer) -> None:
        peer.request()
        peer.send(start)
        peer.drip(cycle(piece))

    return handler


def _reads_on(peer: Peer) -> None:
    """Read bytes that are no request, and send nothing."""
    while peer.connection.recv(65_536):
        pass


_HEAD = b"HTTP/1.1 200 OK\r\n"
_DRIPPING = {
    "a head": (_HEAD + b"X-One: ", b"x"),
    "header lines": (_HEAD, b"X-One: 1\r\n"),
    "a body": (_HEAD + b"Content-Length: 9999\r\n\r\n", b"x"),
    "a body to the end": (_HEAD + b"\r\n", b"x"),
    "chunks": (CHUNKED, b"1\r\nx\r\n"),
    "a chunk": (CHUNKED + b"ffff\r\n", b"x"),
    "trailers": (CHUNKED + b"0\r\n", b"X-One: 1\r\n"),
    "interim responses": (b"", b"HTTP/1.1 102 Processing\r\n\r\n"),
}
_SILENT = {
    "at once": b"",
    "within the status line": b"HTTP/1.1 2",
    "within the head": _HEAD + b"Content-Le",
    "after an interim response": b"HTTP/1.1 100 Continue\r\n\r\n",
    "within a body": OK[:-1],
    "within a body to the end": _HEAD + b"\r\nhello",
    "after a chunk": CHUNKED + b"5\r\nhello\r\n",
}
_NEVER_OPEN = {
    "a connection that never opens": Place.SILENT,
    "a TLS handshake that never ends": Place.CLEAR,
}

TIME_LIMITS = (
    *(
        Scenario("a byte at a time", _drips(*parts), (post(NoAnswer, timeout=BRIEF),), variant)
        for variant, parts in _DRIPPING.items()
    ),
    *(
        Scenario("silence", stalling(start), (post(NoAnswer, timeout=SILENCE),), variant)
        for variant, start in _SILENT.items()
    ),
    Scenario(
        "a server that does not read",
        _reads(0, End.STALL),
        (post(NoAnswer, body=bytes(20_000_000), timeout=BRIEF),),
    ),
    *(
        Scenario(name, _reads_on, (post(NotSent, timeout=timeout),), variant, place)
        for name, place in _NEVER_OPEN.items()
        for variant, timeout in (
            ("Timeout.connect", Timeout(connect=0.2, read=60, total=60)),
            ("Timeout.total", Timeout(connect=60, read=60, total=0.2)),
        )
    ),
    Scenario("no limits given", responding(OK), (get(OK_RESPONSE, timeout=None),)),
)


def _responds_in_clear(data: bytes) -> Handler:
    """Read the start of a TLS handshake, and send *data* without TLS."""

    def handler(peer: Peer) -> None:
        peer.connection.recv(65_536)
        peer.send(data)

    return handler


def _resets(peer: Peer) -> None:
    peer.connection.recv(1)
    peer.end(End.RESET)


_UNREACHABLE = {
    "no listener": (responding(OK), Place.REFUSED),
    "no TLS, but a response": (_responds_in_clear(OK), Place.CLEAR),
    "no TLS, but text": (_responds_in_clear(b"hello\r\n"), Place.CLEAR),
    "no TLS, but a close": (_responds_in_clear(b""), Place.CLEAR),
    "no TLS, but a reset": (_resets, Place.CLEAR),
    "a certificate that is not trusted": (responding(OK), Place.UNTRUSTED),
}

NOT_SENT = tuple(
    Scenario(name, handler, (post(NotSent),) * 2, place=place)
    for name, (handler, place) in _UNREACHABLE.items()
)
