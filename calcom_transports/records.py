"""TLS records given one at a time, so that nothing waits where it cannot be seen."""

from collections.abc import Callable

import trio

from calcom_transports.network import READ_SIZE

_HEADER = 5
"""How many bytes a record begins with; the last two are the length of the rest (RFC 8446, 5.1)."""


class Records(trio.abc.Stream):
    """A stream to put TLS on, which reads no more of a record's successor than it must keep.

    `trio.SSLStream` keeps what it was given and has not decrypted yet, and does not tell.
    A connection with *unread* bytes has something on it that nobody asked for.
    It calls *before_next_byte* once, right before the next byte that it sends.
    `trio.SSLStream` lets other tasks run before it sends, and does not tell either.
    """

    def __init__(self, tcp: trio.SocketStream) -> None:
        self._tcp = tcp
        self._left = 0  # of the record that is being given
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
        """Send *data* as it is, unless `before_next_byte` raises."""
        # A cancelled task ends here; from here to the first byte no other task runs.
        await trio.lowlevel.checkpoint_if_cancelled()
        check, self.before_next_byte = self.before_next_byte, None
        if check is not None:
            check()
        await self._tcp.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        """Wait as long as the connection is full."""
        await self._tcp.wait_send_all_might_not_block()

    async def aclose(self) -> None:
        """Close the connection."""
        await self._tcp.aclose()
