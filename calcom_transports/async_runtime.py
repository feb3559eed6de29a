"""Which async library runs the caller, and the runtime and transport that fit it.

`AsyncClient` works under asyncio and under trio. A library that is not imported does not run:
looking only in `sys.modules` keeps asyncio users free of trio, and trio users of asyncio.
"""

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Literal, Self, TypeAlias

from calcom_core.errors import InvalidInput
from calcom_core.http import Request, Response, Timeout
from calcom_transports.async_interpreter import Runtime

if TYPE_CHECKING:
    from calcom_transports.asyncio import AsyncioTransport
    from calcom_transports.trio import TrioTransport

Library: TypeAlias = Literal["asyncio", "trio"]

_TRANSPORTS: Final = {"asyncio": "AsyncioTransport", "trio": "TrioTransport"}


def running_library() -> Library | None:
    """Return the async library that runs the caller, or None outside of both."""
    # First trio: in its guest mode, asyncio's event loop runs too.
    in_trio_task = getattr(sys.modules.get("trio.lowlevel"), "in_trio_task", None)
    if in_trio_task is not None and in_trio_task():
        return "trio"
    asyncio: Any = sys.modules.get("asyncio")
    if asyncio is None:
        return None
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return None
    return "asyncio"


def _library() -> Library:
    library = running_library()
    if library is None:
        raise InvalidInput(
            "AsyncClient", "runs under asyncio or trio only; in other code use Client, which blocks"
        )
    return library


def runtime_for(transport: object) -> Runtime:
    """Return the runtime of the library that runs here.

    Raises `InvalidInput` outside of both libraries, and for a *transport* of the other one: a
    transport may name its library in the attribute `library`.
    """
    library = _library()
    wanted = getattr(transport, "library", library)
    if wanted != library:
        raise InvalidInput(
            "transport",
            f"belongs to {wanted}, where its client was created or first used, and this is "
            f"{library}; create a client in each"
            if isinstance(transport, NativeTransport)
            else f"{type(transport).__name__} is for {wanted}, and this is {library}; "
            f"use {_TRANSPORTS[library]}, or leave it out",
        )
    if library == "trio":
        from calcom_transports.trio_runtime import TRIO

        return TRIO
    from calcom_transports.asyncio_runtime import ASYNCIO

    return ASYNCIO


class NativeTransport:
    """Sends over `AsyncioTransport` or `TrioTransport`, whichever fits the running library.

    Created in an event loop, it opens the fitting transport at once, else at its first use.
    From then on it belongs to that loop, as that transport does.
    """

    def __init__(self) -> None:
        self._transport: AsyncioTransport | TrioTransport | None = None
        if running_library() is not None:
            self.open()

    def open(self) -> "AsyncioTransport | TrioTransport":
        """Return the fitting transport, a new one the first time.

        Raises `InvalidInput` outside of both libraries, and `ImportError` without the extra of the
        one that runs.
        """
        if self._transport is None:
            if _library() == "trio":
                from calcom_transports.trio import TrioTransport

                self._transport = TrioTransport()
            else:
                from calcom_transports.asyncio import AsyncioTransport

                self._transport = AsyncioTransport()
        return self._transport

    @property
    def library(self) -> Library | None:
        """The library of the opened transport; before it is opened, the one that runs."""
        return getattr(self._transport, "library", running_library())

    @property
    def timeout(self) -> Timeout:
        """The limits of an exchange without its own, in seconds."""
        return self.open().timeout

    async def send(self, request: Request, timeout: Timeout | None = None) -> Response:
        """Send *request* once; as `AsyncioTransport.send` and `TrioTransport.send`."""
        return await self.open().send(request, timeout)

    async def aclose(self) -> None:
        """Close the transport; from then on `send` raises `NotSent`."""
        await self.open().aclose()

    async def __aenter__(self) -> Self:
        self.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()
