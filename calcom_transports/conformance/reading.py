"""Cases about answers that are right, and what comes after them."""

import gzip

from calcom_core.errors import NoAnswer
from calcom_core.http import Response
from calcom_transports.conformance.answers import (
    EVERY_BYTE,
    MEGABYTE,
    OK,
    OK_RESPONSE,
    ZIPPED,
    coded,
    gzipped,
    once,
)
from calcom_transports.conformance.cells import Ask, Cell, Outcome
from calcom_transports.conformance.server import End, Handler, Peer, answering

# Every way to say where an answer ends.


def _complete(
    name: str, answer: bytes, expected: Response, method: str = "GET", *, closes: bool = False
) -> Cell:
    """Ask twice, so that the end of the first answer shows in the second."""
    handler = once(answer) if closes else answering(answer)
    return Cell(name, handler, (Ask((expected,), method),) * 2)


def _scattered(answer: bytes) -> Handler:
    def handler(peer: Peer) -> None:
        while peer.request():
            for byte in answer:
                peer.send(bytes([byte]))

    return handler


def _lingers(peer: Peer) -> None:
    """End an answer as TLS does, and leave TCP's connection open until the client closes it."""
    peer.request()
    peer.send(_TO_THE_END)
    peer.say_end()
    peer.stall()


_TO_THE_END = b"HTTP/1.1 200 OK\r\nX-One: 1\r\n\r\nto the end"
_CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b'5;name=value;q="a;b"\r\nhello\r\n00A\r\n, chunked \r\n5 \r\nworld\r\n000\r\n'
    b"X-Trailer: 1\r\nX-Other: 2\r\n\r\n"
)
_CHUNKED_RESPONSE = Response(200, {"Transfer-Encoding": "chunked"}, b"hello, chunked world")
_MANY = tuple((f"X-{number}", str(number)) for number in range(60))

FRAMINGS = (
    _complete(
        "a Content-Length",
        b"HTTP/1.1 200 OK\r\nX-One: 1\r\nContent-Length: 5\r\nx-one: 2\r\n\r\nhello",
        Response(200, (("X-One", "1"), ("Content-Length", "5"), ("x-one", "2")), b"hello"),
    ),
    _complete(
        "a Content-Length of 0",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        Response(200, {"Content-Length": "0"}),
    ),
    _complete(
        "a Content-Length in odd case, with zeros before it",
        b"HTTP/1.1 200 OK\r\ncontent-LENGTH:0002\r\n\r\nok",
        Response(200, {"content-length": "0002"}, b"ok"),
    ),
    _complete(
        "every byte, a megabyte of them",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1048576\r\n\r\n" + MEGABYTE,
        Response(200, {"Content-Length": "1048576"}, MEGABYTE),
    ),
    _complete("chunks, extensions and trailers", _CHUNKED, _CHUNKED_RESPONSE),
    Cell("chunks, a byte at a time", _scattered(_CHUNKED), (Ask((_CHUNKED_RESPONSE,)),) * 2),
    Cell("a length, a byte at a time", _scattered(OK), (Ask((OK_RESPONSE,)),) * 2),
    _complete(
        "no chunks at all",
        b"HTTP/1.1 200 OK\r\ntransfer-ENCODING: chunked\r\n\r\n0\r\n\r\n",
        Response(200, {"Transfer-Encoding": "chunked"}),
    ),
    Cell(
        "chunks that are called Chunked",
        answering(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"),
        (
            Ask(
                # Its name may be shown as it came, or as RFC 9112 writes it.
                (
                    Response(200, {"Transfer-Encoding": "Chunked"}, b"ok"),
                    Response(200, {"Transfer-Encoding": "chunked"}, b"ok"),
                )
            ),
        )
        * 2,
    ),
    _complete(
        "4,096 chunks",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        + b"".join(b"100\r\n%s\r\n" % EVERY_BYTE for _ in range(4096))
        + b"0\r\n\r\n",
        Response(200, {"Transfer-Encoding": "chunked"}, MEGABYTE),
    ),
    _complete(
        "HTTP/1.1 to the end of the connection",
        _TO_THE_END,
        Response(200, {"X-One": "1"}, b"to the end"),
        closes=True,
    ),
    Cell(
        "HTTP/1.1 to the end of TLS, long before that of the connection",
        _lingers,
        (Ask((Response(200, {"X-One": "1"}, b"to the end"),)),) * 2,
        only_tls=True,
    ),
    _complete(
        "HTTP/1.0 to the end of the connection",
        b"HTTP/1.0 200 OK\r\nX-One: 1\r\n\r\nto the end",
        Response(200, {"X-One": "1"}, b"to the end"),
        closes=True,
    ),
    _complete(
        "HTTP/1.0 with a Content-Length",
        OK.replace(b"/1.1", b"/1.0"),
        OK_RESPONSE,
    ),
    _complete("204", b"HTTP/1.1 204 No Content\r\nX-One: 1\r\n\r\n", Response(204, {"X-One": "1"})),
    _complete(
        "204 with a Content-Length",
        b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n",
        Response(204, {"Content-Length": "5"}),
    ),
    _complete("304", b"HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\n", Response(304, {"ETag": "x"})),
    _complete(
        "304 with a Content-Length",
        b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
        Response(304, {"Content-Length": "5"}),
    ),
    _complete(
        "HEAD with a Content-Length",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n",
        Response(200, {"Content-Length": "99"}),
        "HEAD",
    ),
    _complete(
        "HEAD of chunks",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        Response(200, {"Transfer-Encoding": "chunked"}),
        "HEAD",
    ),
    _complete("after 100", b"HTTP/1.1 100 Continue\r\n\r\n" + OK, OK_RESPONSE),
    _complete("after 103", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + OK, OK_RESPONSE),
    _complete(
        "after several interim answers",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\nContent-Length: 9\r\n\r\n"
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 199 Odd\r\n\r\n" + OK,
        OK_RESPONSE,
    ),
    _complete(
        "a reason that is empty", b"HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok", OK_RESPONSE
    ),
    _complete(
        "spaces around values, and octets beyond ASCII",
        b"HTTP/1.1 200 O\xe4\r\nX-One: \t a  b\t \r\nX-Empty:\r\nX-Name:Zo\xeb\r\n"
        b"Content-Length:   2  \r\n\r\nok",
        Response(
            200,
            (
                ("X-One", "a  b"),
                ("X-Empty", ""),
                ("X-Name", "Zo\xeb"),
                ("Content-Length", "2"),
            ),
            b"ok",
        ),
    ),
    _complete(
        "60 header fields",
        b"HTTP/1.1 200 OK\r\n"
        + b"".join(f"{name}: {value}\r\n".encode() for name, value in _MANY)
        + b"Content-Length: 2\r\n\r\nok",
        Response(200, (*_MANY, ("Content-Length", "2")), b"ok"),
    ),
    _complete(
        "a body that looks like an answer",
        b"HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n"
        b"HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nno",
        Response(
            200,
            {"Content-Length": "40"},
            b"HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nno",
        ),
    ),
)


# More than the answer.


def _followed(
    name: str,
    answer: bytes,
    rest: bytes,
    expected: Response = OK_RESPONSE,
    method: str = "GET",
) -> Cell:
    return Cell(name, answering(answer + rest), (Ask((expected,), method),) * 3)


_NO = OK.replace(b"ok", b"no")


def _late(peer: Peer) -> None:
    """Answer the first request, then say more without being asked; answer on other connections."""
    first = not peer.server.requests
    peer.request()
    peer.send(OK)
    if first:
        peer.server.released.wait(10)
        peer.send(
            b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno"
        )
        peer.end(End.CLOSE)


LEFTOVERS = (
    _followed("a second answer", OK, _NO),
    _followed("a longer body than was said", OK, b"hello, world"),
    _followed("a blank line", OK, b"\r\n"),
    _followed("a second answer after chunks", _CHUNKED, _NO, _CHUNKED_RESPONSE),
    _followed("a second answer after 204", b"HTTP/1.1 204 No\r\n\r\n", _NO, Response(204)),
    _followed("a body after 204", b"HTTP/1.1 204 No\r\n\r\n", b"hello", Response(204)),
    _followed("a body after 304", b"HTTP/1.1 304 No\r\n\r\n", b"hello", Response(304)),
    _followed("a body after HEAD", OK[:-2], b"ok", Response(200, {"Content-Length": "2"}), "HEAD"),
    _followed(
        "a second answer that begins 8,192 bytes after the first",
        b"HTTP/1.1 200 OK\r\nContent-Length: 8150\r\n\r\n" + b"x" * 8150,
        _NO,
        Response(200, {"Content-Length": "8150"}, b"x" * 8150),
    ),
    _followed(
        "a second answer after 65,536 bytes of a body",
        b"HTTP/1.1 200 OK\r\nContent-Length: 65536\r\n\r\n" + b"x" * 65_536,
        _NO,
        Response(200, {"Content-Length": "65536"}, b"x" * 65_536),
    ),
    Cell(
        "408 on an idle connection", _late, (Ask((OK_RESPONSE,)), Ask((OK_RESPONSE,), after=True))
    ),
)


def _decoded(name: str, zipped: bytes, body: bytes, coding: str = "gzip") -> Cell:
    length = {"Content-Length": str(len(zipped))}
    expected: tuple[Outcome, ...] = (
        Response(200, {"Content-Encoding": coding} | length, body),
        # Some take the two fields away, which tell of the body before it was decoded.
        Response(200, (), body),
        OK_RESPONSE,
    )
    return Cell(name, coded(gzipped(zipped, coding.encode())), (Ask(expected),) * 2)


def _undecodable(name: str, zipped: bytes) -> Cell:
    handler = coded(gzipped(zipped))
    return Cell(name, handler, (Ask((NoAnswer, OK_RESPONSE)),), whole=True)


GZIP = (
    _decoded("one member", ZIPPED, b"hello"),
    _decoded("three members", ZIPPED * 3, b"hello" * 3),
    _decoded("text after it", ZIPPED + b"<!-- c -->", b"hello"),
    _decoded("zeros after it", ZIPPED + bytes(16), b"hello"),
    _decoded("another name of it", ZIPPED, b"hello", "x-gzip"),
    _decoded("its name in upper case", ZIPPED, b"hello", "GZIP"),
    _decoded("no bytes in it", gzip.compress(b"", mtime=0), b""),
    _decoded("a megabyte", gzip.compress(MEGABYTE, mtime=0), MEGABYTE),
    _decoded("a coding that is none", b"hello", b"hello", "identity"),
    Cell(
        "HEAD",
        coded(gzipped(ZIPPED)[: -len(ZIPPED)]),
        (
            Ask(
                (
                    Response(200, {"Content-Encoding": "gzip", "Content-Length": "25"}),
                    Response(200),
                    Response(200, {"Content-Length": "2"}),
                ),
                "HEAD",
            ),
        ),
    ),
    _undecodable("text", b"this is no gzip"),
    _undecodable("a wrong checksum", ZIPPED[:-8] + bytes(8)),
    _undecodable("a damaged second member", ZIPPED + ZIPPED[:9] + bytes(9)),
    *(
        _undecodable(f"only {count} of {len(ZIPPED)} bytes", ZIPPED[:count])
        for count in range(1, len(ZIPPED))
    ),
)
