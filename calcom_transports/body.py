"""The body of a response, decoded while it arrives and under a cap.

A gzip file is a series of members (RFC 1952, 2.2). Bytes after a member that do not start another
are ignored, as gzip(1) and browsers do: the member is complete, and its checksum correct.
"""

import zlib
from collections.abc import Callable

from calcom_core.errors import TransportError
from calcom_core.http import Headers

_GZIP_MAGIC = b"\x1f\x8b"
"""The first bytes of each member (RFC 1952, 2.3.1)."""


class Body:
    """Collects and decodes a body; it may have *limit* bytes after decoding.

    *failure* creates the error from a reason and a message.
    """

    def __init__(
        self, headers: Headers, limit: int, failure: Callable[[str, str], TransportError]
    ) -> None:
        coding = ",".join(headers.get_all("content-encoding")).strip(" \t").lower()
        self._coding = "" if coding == "identity" else coding
        self._limit = limit
        self._failure = failure
        self._member: zlib._Decompress | None = None
        self._after_member = bytearray()
        self._decoded = bytearray()

    def feed(self, data: bytes) -> None:
        """Decode the next bytes.

        Raises an error for too many bytes, an encoding that the request does not accept, and
        invalid gzip.
        """
        while data:
            # One byte more than allowed tells too many from just enough.
            room = self._limit + 1 - len(self._decoded)
            if self._coding:
                data = self._unzip(data, room)
            else:
                self._decoded += data[:room]
                data = b""
            if max(len(self._decoded), len(self._after_member)) > self._limit:
                raise self._failure(
                    "too-large",
                    f"the response has more than {self._limit} bytes; "
                    "raise max_body, or request less",
                )

    def _unzip(self, data: bytes, room: int) -> bytes:
        """Decode at most *room* bytes; return the bytes after the end of a member."""
        if self._coding not in ("gzip", "x-gzip"):
            raise self._failure("protocol", "the response has an encoding that is not accepted")
        if self._member is not None and self._member.eof:
            self._after_member += data
            after = self._after_member
            if len(after) == 1 or not after.startswith(_GZIP_MAGIC):
                return b""
            data, self._after_member, self._member = bytes(after), bytearray(), None
        if self._member is None:
            self._member = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        try:
            self._decoded += self._member.decompress(data, room)
        except zlib.error as error:
            raise self._failure("protocol", "the response is not valid gzip") from error
        return self._member.unused_data

    def finish(self) -> bytes:
        """Return the complete body; raise an error if it ends within its gzip."""
        # An empty body is no gzip either, but HEAD and 304 have one.
        if self._member is not None and not self._member.eof:
            raise self._failure("protocol", "the response ends within its gzip")
        return bytes(self._decoded)
