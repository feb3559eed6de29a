"""Responses that a transport must refuse: malformed ones, and ones without end."""

import gzip

from server import OK, End, Handler, Peer

from calcom_core.errors import NoAnswer
from conformance.responses import CHUNKED, EVERY_BYTE, accepts_gzip, gzipped, respond_once
from conformance.scenarios import BRIEF, Scenario, get, post

_HEAD = b"HTTP/1.1 200 OK\r\n"
_MEGABYTE = b"x" * 1_048_576

_RESPONSES = {
    "nothing": b"",
    "another protocol": b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
    "text": b"Internal Server Error\n",
    "a page without a head": b"<html><body>busy</body></html>",
    "every byte": EVERY_BYTE,
    "zeros": bytes(1000),
    "a TLS alert": b"\x15\x03\x03\x00\x02\x02\x28",
    "an HTTP/2 frame": b"\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x64",
    "a request": b"GET /v2/x HTTP/1.1\r\nHost: x\r\n\r\n",
    "HTTP/2.0": OK.replace(b"/1.1", b"/2.0"),
    "HTTP/0.9": OK.replace(b"/1.1", b"/0.9"),
    "HTTP/1": OK.replace(b"/1.1", b"/1"),
    "ICY": OK.replace(b"HTTP/1.1", b"ICY"),
    "a status of two digits": OK.replace(b" 200", b" 20"),
    "a status of four digits": OK.replace(b" 200", b" 2000"),
    "a negative status": OK.replace(b" 200", b" -200"),
    "a status of letters": OK.replace(b" 200", b" abc"),
    "no status": OK.replace(b" 200", b""),
    "101 without a request for it": b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n" + OK,
    "a reason of a megabyte": b"HTTP/1.1 200 " + _MEGABYTE + OK[15:],
    "no blank line after the head": _HEAD + b"Content-Length: 2\r\nok",
    "only an interim response": b"HTTP/1.1 100 Continue\r\n\r\n",
    "text after an interim response": b"HTTP/1.1 100 Continue\r\n\r\nhello\r\n\r\n",
    "two different Content-Lengths": _HEAD + b"Content-Length: 2\r\nContent-Length: 5\r\n\r\nhello",
}
_FIELDS = {
    "a line without a colon": b"X-One 1",
    "a space before the colon": b"X-One : 1",
    "an empty name": b": 1",
    "a name that is no token": b"X;One: 1",
    "a name beyond ASCII": b"X-\xebne: 1",
    "NUL in a value": b"X-One: a\0b",
    "a bare CR in a value": b"X-One: a\rX-Two: b",
    "a value of a megabyte": b"X-One: " + _MEGABYTE,
    "a name of a megabyte": _MEGABYTE + b": 1",
    "100,000 header fields": b"\r\n".join(b"X-%d: 1" % n for n in range(100_000)),
}
_LENGTHS = (
    *("+5", "-5", "-1", "0x5", "5.0", "5 5", "abc", "5, 6"),
    *("", "5_0", "1" * 40, "6"),
)
_CHUNKS = {
    "a chunk longer than its size": b"3\r\nhello\r\n0\r\n\r\n",
    "a chunk without its own end": b"5\r\nhello5\r\nworld\r\n0\r\n\r\n",
    "no last chunk": b"5\r\nhello\r\n",
    "no line after the last chunk": b"5\r\nhello\r\n0\r\n",
    "a trailer that is no field": b"5\r\nhello\r\n0\r\nno field\r\n\r\n",
    "a chunk size of a megabyte": b"0" * 1_048_576 + b"5\r\nhello\r\n0\r\n\r\n",
    "trailers of a megabyte": b"0\r\n" + b"X-One: 1\r\n" * 104_858 + b"\r\n",
}
_SIZES = (
    *("", "g", "-5", "+5", "0x5", "0_5", " 5", "5.", "5,"),
    *("0" * 39 + "5", "f" * 40, "6"),
)
_CODINGS = ("gzip", "gzip, chunked", "xchunked", "chunked, gzip")


def _refused(name: str, response: bytes, variant: str = "") -> Scenario:
    return Scenario(name, respond_once(response), (post(NoAnswer),), variant)


NOT_HTTP = (
    *(_refused(name, response) for name, response in _RESPONSES.items()),
    *(
        _refused(name, _HEAD + line + b"\r\nContent-Length: 2\r\n\r\nok")
        for name, line in _FIELDS.items()
    ),
    *(_refused(name, CHUNKED + chunks) for name, chunks in _CHUNKS.items()),
    *(
        _refused(
            "a Content-Length that differs or is invalid",
            _HEAD + f"Content-Length: {value}\r\n\r\nhello".encode(),
            repr(value),
        )
        for value in _LENGTHS
    ),
    *(
        _refused(
            "a chunk size that differs or is invalid",
            CHUNKED + f"{size}\r\nhello\r\n0\r\n\r\n".encode(),
            repr(size),
        )
        for size in _SIZES
    ),
    *(
        _refused(
            "another Transfer-Encoding",
            CHUNKED.replace(b"chunked", coding.encode()) + b"5\r\nhello\r\n0\r\n\r\n",
            coding,
        )
        for coding in _CODINGS
    ),
)


def _endless(start: bytes, piece: bytes) -> Handler:
    """Send *piece* again and again, some megabytes a second."""
    block = piece * (65_536 // len(piece))

    def handler(peer: Peer) -> None:
        peer.request()
        peer.send(start)
        while True:
            peer.send(block)
            peer.server.over.wait(0.01)

    return handler


_TOO_LARGE = 65 * 1024 * 1024


def _large(start: bytes, block: bytes = bytes(65_536), end: bytes = b"") -> Handler:
    """Send *block* until more than 64 MiB are sent."""

    def handler(peer: Peer) -> None:
        peer.request()
        peer.send(start)
        for _ in range(_TOO_LARGE // 65_536):
            peer.send(block)
        peer.send(end)
        peer.end(End.CLOSE)

    return handler


def _bombs(peer: Peer) -> None:
    if accepts_gzip(peer.request()):
        # Members of a megabyte each, which are made faster than one of 65 MiB.
        peer.send(gzipped(gzip.compress(bytes(1_048_576), mtime=0) * 65))
    else:
        peer.send(b"hello")
    peer.end(End.CLOSE)


_WITHOUT_END = {
    "a header line": (_HEAD + b"X-One: ", b"x"),
    "header lines": (_HEAD, b"X-One: 1\r\n"),
    "a status line": (b"HTTP/1.1 200 ", b"x"),
    "interim responses": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "blank lines": (b"", b"\r\n"),
    "the extension of a chunk": (CHUNKED + b"5;x=", b"y"),
    "trailers": (CHUNKED + b"0\r\n", b"X: 1\r\n"),
}
_LARGE = {
    "a body": _large(_HEAD + b"Content-Length: %d\r\n\r\n" % _TOO_LARGE),
    "chunks": _large(CHUNKED, b"10000\r\n" + bytes(65_536) + b"\r\n", b"0\r\n\r\n"),
    "a body to the end": _large(_HEAD + b"\r\n"),
    "zeros in gzip": _bombs,
}

BOUNDS = (
    *(
        Scenario("no end", _endless(*parts), (get(NoAnswer, timeout=BRIEF),), variant)
        for variant, parts in _WITHOUT_END.items()
    ),
    *(
        Scenario("65 MiB", handler, (get(NoAnswer),), variant)
        for variant, handler in _LARGE.items()
    ),
)
