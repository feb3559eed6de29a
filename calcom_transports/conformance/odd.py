"""Cases about what is no answer: bytes that are not HTTP, and what has no end."""

import gzip

from calcom_core.errors import NoAnswer
from calcom_transports.conformance.answers import (
    BRIEF,
    EVERY_BYTE,
    OK,
    asks_for_gzip,
    gzipped,
    once,
)
from calcom_transports.conformance.cells import Ask, Cell
from calcom_transports.conformance.server import End, Handler, Peer

# What is no answer.


def _odd(name: str, answer: bytes) -> Cell:
    return Cell(name, once(answer), (Ask((NoAnswer,), "POST", body=b"{}"),))


def _head(name: str, lines: bytes) -> Cell:
    return _odd(name, b"HTTP/1.1 200 OK\r\n" + lines + b"\r\nContent-Length: 2\r\n\r\nok")


def _length(value: bytes) -> Cell:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: " + value + b"\r\n\r\nhello"
    return _odd(f"a Content-Length of {value[:50].decode()!r}", answer)


def _chunk(name: str, chunks: bytes) -> Cell:
    return _odd(name, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks)


def _size(size: bytes) -> Cell:
    return _chunk(f"a chunk of size {size.decode()!r}", size + b"\r\nhello\r\n0\r\n\r\n")


def _coding(coding: bytes) -> Cell:
    answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: " + coding + b"\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
    return _odd(f"Transfer-Encoding: {coding.decode()}", answer)


NOT_HTTP = (
    _odd("nothing", b""),
    _odd("another protocol", b"SSH-2.0-OpenSSH_9.6\r\n\r\n"),
    _odd("text", b"Internal Server Error\n"),
    _odd("a page without a head", b"<html><body>busy</body></html>"),
    _odd("every byte", EVERY_BYTE),
    _odd("zeros", bytes(1000)),
    _odd("an alert of TLS", b"\x15\x03\x03\x00\x02\x02\x28"),
    _odd("a frame of HTTP/2", b"\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x64"),
    _odd("a request", b"GET /v2/x HTTP/1.1\r\nHost: x\r\n\r\n"),
    _odd("HTTP/2.0", OK.replace(b"/1.1", b"/2.0")),
    _odd("HTTP/0.9", OK.replace(b"/1.1", b"/0.9")),
    _odd("HTTP/1", OK.replace(b"/1.1", b"/1")),
    _odd("ICY", OK.replace(b"HTTP/1.1", b"ICY")),
    _odd("a status of two digits", OK.replace(b" 200", b" 20")),
    _odd("a status of four digits", OK.replace(b" 200", b" 2000")),
    _odd("a negative status", OK.replace(b" 200", b" -200")),
    _odd("a status of letters", OK.replace(b" 200", b" abc")),
    _odd("no status", OK.replace(b" 200", b"")),
    _odd("101, which nobody asked for", b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n" + OK),
    _odd("no blank line after the head", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nok"),
    _odd("only an interim answer", b"HTTP/1.1 100 Continue\r\n\r\n"),
    _odd("text after an interim answer", b"HTTP/1.1 100 Continue\r\n\r\nhello\r\n\r\n"),
    _head("a line without a colon", b"X-One 1"),
    _head("a space before the colon", b"X-One : 1"),
    _head("a name that is empty", b": 1"),
    _head("a name that is no token", b"X;One: 1"),
    _head("a name beyond ASCII", b"X-\xebne: 1"),
    _head("NUL in a value", b"X-One: a\0b"),
    _head("a bare CR in a value", b"X-One: a\rX-Two: b"),
    _head("a value of a megabyte", b"X-One: " + b"x" * 1_048_576),
    _head("a name of a megabyte", b"x" * 1_048_576 + b": 1"),
    _head("100,000 header fields", b"\r\n".join(b"X-%d: 1" % n for n in range(100_000))),
    _odd("a reason of a megabyte", b"HTTP/1.1 200 " + b"x" * 1_048_576 + OK[15:]),
    *(_length(value) for value in (b"+5", b"-5", b"-1", b"0x5", b"5.0", b"5 5", b"abc", b"5, 6")),
    *(_length(value) for value in (b"", b"5_0", b"1" * 40, b"6")),
    _odd(
        "two different Content-Lengths",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 5\r\n\r\nhello",
    ),
    *(_size(size) for size in (b"", b"g", b"-5", b"+5", b"0x5", b"0_5", b" 5", b"5.", b"5,")),
    *(_size(size) for size in (b"0" * 39 + b"5", b"f" * 40, b"6")),
    _chunk("a chunk longer than its size", b"3\r\nhello\r\n0\r\n\r\n"),
    _chunk("a chunk without an end of its own", b"5\r\nhello5\r\nworld\r\n0\r\n\r\n"),
    _chunk("no last chunk", b"5\r\nhello\r\n"),
    _chunk("no line after the last chunk", b"5\r\nhello\r\n0\r\n"),
    _chunk("a trailer that is no field", b"5\r\nhello\r\n0\r\nno field\r\n\r\n"),
    _chunk("a size of a megabyte", b"0" * 1_048_576 + b"5\r\nhello\r\n0\r\n\r\n"),
    _chunk("trailers of a megabyte", b"0\r\n" + b"X-One: 1\r\n" * 104_858 + b"\r\n"),
    *(_coding(coding) for coding in (b"gzip", b"gzip, chunked", b"xchunked", b"chunked, gzip")),
)


# What has no end.


def _endless(start: bytes, piece: bytes) -> Handler:
    """Send the same again and again, at some megabytes a second."""
    block = piece * (65_536 // len(piece))

    def handler(peer: Peer) -> None:
        peer.request()
        peer.send(start)
        while True:
            peer.send(block)
            peer.server.over.wait(0.01)

    return handler


_TOO_LARGE = 65 * 1024 * 1024


def _without_end(name: str, start: bytes, piece: bytes) -> Cell:
    return Cell(name, _endless(start, piece), (Ask((NoAnswer,), timeout=BRIEF),))


def _large(name: str, start: bytes, block: bytes = bytes(65_536), end: bytes = b"") -> Cell:
    def handler(peer: Peer) -> None:
        peer.request()
        peer.send(start)
        for _ in range(_TOO_LARGE // 65_536):
            peer.send(block)
        peer.send(end)
        peer.end(End.CLOSE)

    return Cell(name, handler, (Ask((NoAnswer,)),))


def _bombing(peer: Peer) -> None:
    if asks_for_gzip(peer.request()):
        # Members of a megabyte each, so that they need not be made from 65 MiB.
        peer.send(gzipped(gzip.compress(bytes(1_048_576), mtime=0) * 65))
    else:
        peer.send(b"hello")
    peer.end(End.CLOSE)


BOUNDS = (
    _without_end("a header line", b"HTTP/1.1 200 OK\r\nX-One: ", b"x"),
    _without_end("header lines", b"HTTP/1.1 200 OK\r\n", b"X-One: 1\r\n"),
    _without_end("a first line", b"HTTP/1.1 200 ", b"x"),
    _without_end("interim answers", b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    _without_end("blank lines", b"", b"\r\n"),
    _without_end(
        "the extension of a chunk",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=",
        b"y",
    ),
    _without_end(
        "trailers", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X: 1\r\n"
    ),
    _large("a body of 65 MiB", b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % _TOO_LARGE),
    _large(
        "chunks of 65 MiB",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"10000\r\n" + bytes(65_536) + b"\r\n",
        b"0\r\n\r\n",
    ),
    _large("65 MiB to the end", b"HTTP/1.1 200 OK\r\n\r\n"),
    Cell("65 MiB of zeros in gzip", _bombing, (Ask((NoAnswer,)),)),
)
