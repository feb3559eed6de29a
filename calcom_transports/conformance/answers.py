"""What servers of several cases answer, and how."""

import gzip
import re

from calcom_core.http import Response, Timeout
from calcom_transports.conformance.server import End, Handler, Peer

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
OK_RESPONSE = Response(200, {"Content-Length": "2"}, b"ok")
EVERY_BYTE = bytes(range(256))
MEGABYTE = EVERY_BYTE * 4096
ZIPPED = gzip.compress(b"hello", mtime=0)

SILENCE = Timeout(connect=60, read=0.1, total=60)
"""Limits for a server that falls silent."""

BRIEF = Timeout(connect=60, read=60, total=1.5)
"""Limits for one that never comes to an end."""


def once(answer: bytes, how: End = End.CLOSE) -> Handler:
    """Give *answer* to the first request of a connection, then end it."""

    def handler(peer: Peer) -> None:
        peer.request()
        peer.send(answer)
        peer.end(how)

    return handler


def asks_for_gzip(request: bytes) -> bool:
    """Tell whether gzip is welcome as the coding of the answer."""
    return re.search(rb"\r\naccept-encoding:[^\r]*gzip", request, re.IGNORECASE) is not None


def coded(answer: bytes, how: End | None = None) -> Handler:
    """Give *answer* to who asks for gzip, and end it so; give a plain one to everybody else."""

    def handler(peer: Peer) -> None:
        while request := peer.request():
            if asks_for_gzip(request):
                peer.send(answer)
                if how:
                    peer.end(how)
                    return
            else:
                peer.send(OK if not request.startswith(b"HEAD ") else OK[:-2])

    return handler


def gzipped(body: bytes, coding: bytes = b"gzip") -> bytes:
    """Return an answer with that body, which is coded so."""
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\nContent-Length: %d\r\n\r\n"
    return head % (coding, len(body)) + body


def echo(peer: Peer) -> None:
    """Answer each request with its own target."""
    while request := peer.request():
        target = request.split(b" ", 2)[1]
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(target) + target)
