"""An event loop of asyncio with a virtual clock, as trio's `MockClock` is one for trio."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _Selector(selectors.DefaultSelector):
    """Moves the clock to the next timer instead of waiting for it."""

    now = 0.0
    jumps = True

    def select(self, timeout: float | None = None) -> Any:
        if timeout is None or not self.jumps:
            return super().select(0 if timeout == 0 else None)
        found = super().select(0)
        if not found and timeout > 0:
            self.now += timeout
        return found


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop whose time jumps to the next timer as soon as every task waits.

    It cannot tell a socket without data from an idle one: set *jumps* to False while an exchange is
    running, or its timeouts pass at once.
    """

    def __init__(self) -> None:
        self.virtual = _Selector()
        super().__init__(self.virtual)

    def time(self) -> float:
        return self.virtual.now

    @property
    def jumps(self) -> bool:
        return self.virtual.jumps

    @jumps.setter
    def jumps(self, value: bool) -> None:
        self.virtual.jumps = value


def run_virtually(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in virtual time; asyncio's debug mode is on, which finds mistakes."""
    with asyncio.Runner(loop_factory=VirtualLoop, debug=True) as runner:
        return runner.run(main)
