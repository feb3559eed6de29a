"""Cases about what leaves: requests byte for byte, and nothing that an answer asks for."""

from calcom_core.http import Response
from calcom_transports.conformance.answers import EVERY_BYTE, MEGABYTE, OK, OK_RESPONSE
from calcom_transports.conformance.cells import ELSEWHERE, Ask, Cell, Wire
from calcom_transports.conformance.server import Handler, Peer, answering

# Requests, byte for byte.


def _asked(name: str, ask: Ask) -> Cell:
    return Cell(name, answering(OK), (ask,))


def _target(name: str, given: str, sent: bytes) -> Cell:
    wire = Wire(b"GET " + sent + b" HTTP/1.1")
    return _asked(name, Ask((OK_RESPONSE,), target=given, wire=wire))


def _method(method: str, body: bytes = b"") -> Cell:
    wire = Wire(method.encode() + b" /v2/x?q=1 HTTP/1.1", (), body)
    name = f"{method} with a body of {len(body)} bytes" if body else f"{method} without a body"
    expected = OK_RESPONSE if method != "HEAD" else Response(200, {"Content-Length": "2"})
    return Cell(name, _heeding, (Ask((expected,), method, body=body, wire=wire),))


def _heeding(peer: Peer) -> None:
    """Answer, without the body if that is what was asked for."""
    while request := peer.request():
        peer.send(OK if not request.startswith(b"HEAD ") else OK[:-2])


REQUESTS = (
    _target("a plain target", "/v2/bookings?take=2", b"/v2/bookings?take=2"),
    _target(
        "percent-encodings and odd characters",
        "/v2/a%2fb/%C3%A4;d='e'?x=%zz&y=%2B+&z=[1]|2\\^`{}",
        b"/v2/a%2fb/%C3%A4;d='e'?x=%zz&y=%2B+&z=[1]|2\\^`{}",
    ),
    _target("dots and double slashes", "/v2//a/../b/./c//", b"/v2//a/../b/./c//"),
    _target("an empty query", "/v2/x?", b"/v2/x?"),
    _target("question marks in the query", "/v2/x?a=?&b=/", b"/v2/x?a=?&b=/"),
    _target("a fragment, which is not sent", "/v2/x?q=1#part", b"/v2/x?q=1"),
    _target("no path", "", b"/"),
    _target("a long target", f"/v2/{'x' * 8000}", b"/v2/" + b"x" * 8000),
    *(_method(method) for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")),
    *(_method(method, b'{"a": 1}') for method in ("POST", "PUT", "PATCH", "DELETE")),
    _method("POST", EVERY_BYTE),
    _method("POST", MEGABYTE),
    _method("POST", b"\r\n\r\nGET /v2/smuggled HTTP/1.1\r\nHost: x\r\n\r\n"),
    _asked(
        "repeated, empty and odd header fields",
        Ask(
            (OK_RESPONSE,),
            headers=(
                ("X-Many", "one"),
                ("Authorization", "Bearer cal_conformance"),
                ("x-name", "Zo\xeb"),
                ("X-Empty", ""),
                ("!#$%&'*+-.^_`|~1", 'a "b", c;\td'),
                ("User-Agent", "conformance/1"),
                ("X-Many", "two"),
                ("X-Long", "y" * 8000),
            ),
            wire=Wire(
                b"GET /v2/x?q=1 HTTP/1.1",
                (
                    (b"X-Many", b"one"),
                    (b"Authorization", b"Bearer cal_conformance"),
                    (b"x-name", b"Zo\xeb"),
                    (b"X-Empty", b""),
                    (b"!#$%&'*+-.^_`|~1", b'a "b", c;\td'),
                    (b"User-Agent", b"conformance/1"),
                    (b"X-Many", b"two"),
                    (b"X-Long", b"y" * 8000),
                ),
            ),
        ),
    ),
    Cell(
        "a cookie, which is not sent back",
        answering(b"HTTP/1.1 204 No Content\r\nSet-Cookie: a=1; Path=/\r\n\r\n"),
        (
            Ask(
                (Response(204, {"Set-Cookie": "a=1; Path=/"}),),
                wire=Wire(b"GET /v2/x?q=1 HTTP/1.1"),
            ),
        )
        * 2,
    ),
)


# Every status.


def _status(status: int, *fields: tuple[str, str]) -> Cell:
    lines = [f"HTTP/1.1 {status} Text", *(f"{name}: {value}" for name, value in fields)]
    answer = "\r\n".join([*lines, "Content-Length: 2", "", "ok"]).encode()
    expected = Response(status, (*fields, ("Content-Length", "2")), b"ok")
    return Cell(f"{status} {dict(fields) or ''}".strip(), answering(answer), (Ask((expected,)),))


STATUSES = (
    *(_status(status) for status in (200, 201, 202, 203, 206, 207, 226, 299)),
    *(_status(status) for status in (400, 402, 403, 404, 405, 406, 408, 409, 410, 412, 413)),
    *(_status(status) for status in (415, 418, 421, 422, 423, 425, 428, 431, 451, 498, 499)),
    *(_status(status) for status in (500, 501, 502, 504, 505, 511, 520, 524, 599)),
    _status(401, ("WWW-Authenticate", 'Basic realm="x"')),
    _status(407, ("Proxy-Authenticate", "Basic")),
    _status(429, ("Retry-After", "0")),
    _status(503, ("Retry-After", "0")),
)


def _redirecting(answer: bytes) -> Handler:
    def handler(peer: Peer) -> None:
        while peer.request():
            peer.send(answer.replace(ELSEWHERE.encode(), peer.server.elsewhere.encode()))

    return handler


def _redirect(status: int, location: str, method: str) -> Cell:
    answer = f"HTTP/1.1 {status} Text\r\nLocation: {location}\r\nContent-Length: 2\r\n\r\nok"
    expected = Response(status, {"Location": location, "Content-Length": "2"}, b"ok")
    body = b"{}" if method == "POST" else b""
    return Cell(
        f"{method}, {status} to {location}",
        _redirecting(answer.encode()),
        (Ask((expected,), method, body=body),),
        elsewhere=True,
    )


REDIRECTS = tuple(
    _redirect(status, location, method)
    for status in (300, 301, 302, 303, 305, 307, 308)
    for location in (f"{ELSEWHERE}/v2/x", "/v2/elsewhere")
    for method in ("GET", "POST")
)
