"""Responses, and servers that send them, which scenarios of several modules share."""

import gzip
import re

from server import OK, End, Handler, Peer

from calcom_core.http import Response

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
EVERY_BYTE = bytes(range(256))
MEGABYTE = EVERY_BYTE * 4096
ZIPPED = gzip.compress(b"hello", mtime=0)


def raw(response: Response) -> bytes:
    """Return the bytes of a response."""
    fields = "".join(f"{name}: {value}\r\n" for name, value in response.headers)
    return f"HTTP/1.1 {response.status} Text\r\n{fields}\r\n".encode("latin-1") + response.body


def gzipped(body: bytes, coding: bytes = b"gzip") -> bytes:
    """Return a response with that encoded body."""
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\nContent-Length: %d\r\n\r\n"
    return head % (coding, len(body)) + body


def accepts_gzip(request: bytes) -> bool:
    """Return whether the client accepts gzip."""
    return re.search(rb"\r\naccept-encoding:[^\r]*gzip", request, re.IGNORECASE) is not None


def ok(peer: Peer) -> None:
    """Send OK to each request, without its body to HEAD."""
    while request := peer.request():
        peer.send(OK if not request.startswith(b"HEAD ") else OK[:-2])


def echo(peer: Peer) -> None:
    """Send each request's own target back."""
    while request := peer.request():
        target = request.split(b" ", 2)[1]
        peer.send(raw(Response(200, {"Content-Length": str(len(target))}, target)))


def respond_once(response: bytes, how: End = End.CLOSE) -> Handler:
    """Send *response* to the first request of a connection, then end the connection."""

    def handler(peer: Peer) -> None:
        peer.request()
        peer.send(response)
        peer.end(how)

    return handler


def encoded(response: bytes, how: End | None = None) -> Handler:
    """Send *response* to a client that accepts gzip, and end it so; send OK to any other."""

    def handler(peer: Peer) -> None:
        while request := peer.request():
            if accepts_gzip(request):
                peer.send(response)
                if how:
                    peer.end(how)
                    return
            else:
                peer.send(OK if not request.startswith(b"HEAD ") else OK[:-2])

    return handler
