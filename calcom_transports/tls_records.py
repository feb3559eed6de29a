"""A stream for `trio.SSLStream` to run on, which closes two gaps of it.

`trio.SSLStream` keeps bytes that it has not decrypted yet, and does not tell. This stream hands out
one TLS record at a time, so that a stray record stays visible as `unread`.
`trio.SSLStream` lets other tasks run before it sends, and the server may close meanwhile. This
stream calls `before_next_byte` after that, right before the first byte leaves.
"""

from collections.abc import Callable

import trio

from calcom_transports.exchange import READ_SIZE

_HEADER = 5
"""How many bytes a record begins with; the last two are the length of the rest (RFC 8446, 5.1)."""


class TlsRecordStream(trio.abc.Stream):
    """A TCP stream that is read one TLS record at a time.

    `unread` holds bytes that were received and not handed out: an idle connection that has some is
    not reusable. `before_next_byte` is called once, before the next byte is sent.
    """

    def __init__(self, tcp: trio.SocketStream) -> None:
        self._tcp = tcp
        self._left = 0  # bytes of the current record
        self.unread = bytearray()
        self.before_next_byte: Callable[[], None] | None = None

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """Return bytes of one record, or none at the end."""
        while (not self._left and len(self.unread) < _HEADER) or not self.unread:
            data = await self._tcp.receive_some(READ_SIZE)
            if not data:
                return b""
            self.unread += data
        if not self._left:
            self._left = _HEADER + int.from_bytes(self.unread[_HEADER - 2 : _HEADER])
        piece = bytes(self.unread[: self._left])
        del self.unread[: len(piece)]
        self._left -= len(piece)
        return piece

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Send *data*, unless `before_next_byte` raises."""
        # A cancelled task ends here; from here to the first byte no other task runs.
        await trio.lowlevel.checkpoint_if_cancelled()
        check, self.before_next_byte = self.before_next_byte, None
        if check is not None:
            check()
        await self._tcp.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        """Wait until the connection accepts more bytes."""
        await self._tcp.wait_send_all_might_not_block()

    async def aclose(self) -> None:
        """Close the connection."""
        await self._tcp.aclose()
