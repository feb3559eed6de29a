"""Where a response ends, what comes after it, and how its body is encoded."""

import gzip

from server import OK, OK_RESPONSE, End, Handler, Peer, responding

from calcom_core.errors import NoAnswer
from calcom_core.http import Response
from conformance.responses import CHUNKED, MEGABYTE, ZIPPED, encoded, gzipped, raw, respond_once
from conformance.scenarios import Exchange, Scenario, get

_TO_THE_END = b"HTTP/1.1 200 OK\r\nX-One: 1\r\n\r\nto the end"
_TO_THE_END_RESPONSE = Response(200, {"X-One": "1"}, b"to the end")
_CHUNKS = CHUNKED + (
    b'5;name=value;q="a;b"\r\nhello\r\n00A\r\n, chunked \r\n5 \r\nworld\r\n000\r\n'
    b"X-Trailer: 1\r\nX-Other: 2\r\n\r\n"
)
_CHUNKS_RESPONSE = Response(200, {"Transfer-Encoding": "chunked"}, b"hello, chunked world")
_MANY = tuple((f"X-{number}", str(number)) for number in range(60))
_NESTED = b"HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nno"

# Responses as `raw` writes them.
_PLAIN = {
    "a Content-Length": Response(
        200, (("X-One", "1"), ("Content-Length", "5"), ("x-one", "2")), b"hello"
    ),
    "a Content-Length of 0": Response(200, {"Content-Length": "0"}),
    "every byte, a megabyte": Response(200, {"Content-Length": "1048576"}, MEGABYTE),
    "60 header fields": Response(200, (*_MANY, ("Content-Length", "2")), b"ok"),
    "a body that looks like a response": Response(200, {"Content-Length": "40"}, _NESTED),
    "204": Response(204, {"X-One": "1"}),
    "204 with a Content-Length": Response(204, {"Content-Length": "5"}),
    "304": Response(304, {"ETag": "x"}),
    "304 with a Content-Length": Response(304, {"Content-Length": "5"}),
}
_HEADS = {
    "HEAD with a Content-Length": Response(200, {"Content-Length": "99"}),
    "HEAD with chunks": Response(200, {"Transfer-Encoding": "chunked"}),
}
# Responses that are written in another way.
_WRITTEN = {
    "a Content-Length in mixed case, with leading zeros": (
        b"HTTP/1.1 200 OK\r\ncontent-LENGTH:0002\r\n\r\nok",
        Response(200, {"Content-Length": "0002"}, b"ok"),
    ),
    "chunks, extensions and trailers": (_CHUNKS, _CHUNKS_RESPONSE),
    "no chunks at all": (
        b"HTTP/1.1 200 OK\r\ntransfer-ENCODING: chunked\r\n\r\n0\r\n\r\n",
        Response(200, {"Transfer-Encoding": "chunked"}),
    ),
    "4,096 chunks": (
        CHUNKED + (b"100\r\n%s\r\n" % MEGABYTE[:256]) * 4096 + b"0\r\n\r\n",
        Response(200, {"Transfer-Encoding": "chunked"}, MEGABYTE),
    ),
    "HTTP/1.0 with a Content-Length": (OK.replace(b"/1.1", b"/1.0"), OK_RESPONSE),
    "after 100": (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, OK_RESPONSE),
    "after 103": (b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + OK, OK_RESPONSE),
    "after several interim responses": (
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\nContent-Length: 9\r\n\r\n"
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 199 Unknown\r\n\r\n" + OK,
        OK_RESPONSE,
    ),
    "an empty reason": (b"HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok", OK_RESPONSE),
    "spaces around values, and bytes beyond ASCII": (
        b"HTTP/1.1 200 O\xe4\r\nX-One: \t a  b\t \r\nX-Empty:\r\nX-Name:Zo\xeb\r\n"
        b"Content-Length:   2  \r\n\r\nok",
        Response(
            200,
            {"X-One": "a  b", "X-Empty": "", "X-Name": "Zo\xeb", "Content-Length": "2"},
            b"ok",
        ),
    ),
}


def _bytewise(response: bytes) -> Handler:
    def handler(peer: Peer) -> None:
        while peer.request():
            for byte in response:
                peer.send(bytes([byte]))

    return handler


def _lingers(peer: Peer) -> None:
    """End a response with close_notify, and leave TCP open until the client closes it."""
    peer.request()
    peer.send(_TO_THE_END)
    peer.say_end()
    peer.stall()


def _twice(name: str, handler: Handler, *expected: Response, method: str = "GET") -> Scenario:
    """Request twice: the second response shows whether the first one ended where it should."""
    return Scenario(name, handler, (Exchange(expected, method),) * 2)


FRAMINGS = (
    *(_twice(name, responding(raw(response)), response) for name, response in _PLAIN.items()),
    *(
        _twice(name, responding(raw(response)), response, method="HEAD")
        for name, response in _HEADS.items()
    ),
    *(_twice(name, responding(sent), response) for name, (sent, response) in _WRITTEN.items()),
    _twice("chunks, a byte at a time", _bytewise(_CHUNKS), _CHUNKS_RESPONSE),
    _twice("a length, a byte at a time", _bytewise(OK), OK_RESPONSE),
    _twice(
        "chunks that are called Chunked",
        responding(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"),
        # A transport may show the name as it came, or as RFC 9112 writes it.
        Response(200, {"Transfer-Encoding": "Chunked"}, b"ok"),
        Response(200, {"Transfer-Encoding": "chunked"}, b"ok"),
    ),
    _twice("HTTP/1.1 to the end", respond_once(_TO_THE_END), _TO_THE_END_RESPONSE),
    _twice(
        "HTTP/1.0 to the end",
        respond_once(_TO_THE_END.replace(b"/1.1", b"/1.0")),
        _TO_THE_END_RESPONSE,
    ),
    Scenario(
        "HTTP/1.1 to the end of TLS, long before that of TCP",
        _lingers,
        (get(_TO_THE_END_RESPONSE),) * 2,
        only_tls=True,
    ),
)


def _late(peer: Peer) -> None:
    """Respond to the first request, then send 408 unasked; respond on other connections."""
    first = not peer.server.requests
    peer.request()
    peer.send(OK)
    if first:
        peer.server.released.wait(10)
        peer.send(
            b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno"
        )
        peer.end(End.CLOSE)


_NO = OK.replace(b"ok", b"no")
_FOLLOWED = {
    "a second response": (OK_RESPONSE, _NO),
    "a longer body than declared": (OK_RESPONSE, b"hello, world"),
    "a blank line": (OK_RESPONSE, b"\r\n"),
    "a second response after 204": (Response(204), _NO),
    "a body after 204": (Response(204), b"hello"),
    "a body after 304": (Response(304), b"hello"),
    "a second response after 8,192 bytes": (
        Response(200, {"Content-Length": "8149"}, b"x" * 8149),
        _NO,
    ),
    "a second response after 65,536 bytes of a body": (
        Response(200, {"Content-Length": "65536"}, b"x" * 65_536),
        _NO,
    ),
}

LEFTOVERS = (
    *(
        Scenario(name, responding(raw(response) + rest), (get(response),) * 3)
        for name, (response, rest) in _FOLLOWED.items()
    ),
    Scenario(
        "a second response after chunks", responding(_CHUNKS + _NO), (get(_CHUNKS_RESPONSE),) * 3
    ),
    Scenario(
        "a body after HEAD",
        responding(OK),
        (get(Response(200, {"Content-Length": "2"}), method="HEAD"),) * 3,
    ),
    Scenario(
        "408 on an idle connection", _late, (get(OK_RESPONSE), get(OK_RESPONSE, after_end=True))
    ),
)

_DECODED = {
    "one member": (ZIPPED, b"hello", "gzip"),
    "three members": (ZIPPED * 3, b"hello" * 3, "gzip"),
    "text after it": (ZIPPED + b"<!-- c -->", b"hello", "gzip"),
    "zeros after it": (ZIPPED + bytes(16), b"hello", "gzip"),
    "its other name": (ZIPPED, b"hello", "x-gzip"),
    "its name in upper case": (ZIPPED, b"hello", "GZIP"),
    "an empty body": (gzip.compress(b"", mtime=0), b"", "gzip"),
    "a megabyte": (gzip.compress(MEGABYTE, mtime=0), MEGABYTE, "gzip"),
    "identity": (b"hello", b"hello", "identity"),
}
_UNDECODABLE = {
    "text": b"this is no gzip",
    "a wrong checksum": ZIPPED[:-8] + bytes(8),
    "a damaged second member": ZIPPED + ZIPPED[:9] + bytes(9),
}

GZIP = (
    *(
        _twice(
            name,
            encoded(gzipped(sent, coding.encode())),
            Response(200, {"Content-Encoding": coding, "Content-Length": f"{len(sent)}"}, body),
            # A transport may drop both fields, which describe the encoded body.
            Response(200, (), body),
            OK_RESPONSE,
        )
        for name, (sent, body, coding) in _DECODED.items()
    ),
    Scenario(
        "HEAD",
        encoded(gzipped(ZIPPED)[: -len(ZIPPED)]),
        (
            get(
                Response(200, {"Content-Encoding": "gzip", "Content-Length": "25"}),
                Response(200),
                Response(200, {"Content-Length": "2"}),
                method="HEAD",
            ),
        ),
    ),
    *(
        Scenario(name, encoded(gzipped(sent)), (get(NoAnswer, OK_RESPONSE),), may_stay_open=True)
        for name, sent in _UNDECODABLE.items()
    ),
    *(
        Scenario(
            "a part of it",
            encoded(gzipped(ZIPPED[:count])),
            (get(NoAnswer, OK_RESPONSE),),
            f"{count} of {len(ZIPPED)} bytes",
            may_stay_open=True,
        )
        for count in range(1, len(ZIPPED))
    ),
)
