"""Runs a program with recorded responses, for the blocking and the async clients.

`Replay` opens a `Playback`, and `ReplayedExecution` runs the program on it in virtual time: it
needs no thread, no event loop and no clock, so both clients play a cassette in the same way.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, Protocol, TypeVar, cast

from attrs import define, field

from calcom_core.effects import Effect, Emit, Gather, Send
from calcom_core.execution import Branch, CancelledInRecording, Perform, Play, Returned
from calcom_core.http import Response, Timeout
from calcom_transports.instrumentation import OnExchange, observe_exchange
from calcom_transports.pacing import Pacer
from calcom_transports.replay_errors import NoMatch

T = TypeVar("T")


class Playback(Protocol):
    """The responses of one run: recorded ones, or those of a fake."""

    def send(self, effect: Send, play: "ReplayedExecution[Any]") -> Response:
        """Return the response to a request of a branch, whose place and time *play* knows.

        It may add to `play.elapsed` the time that the response took.
        Raises `CancelledInRecording` where the branch was cancelled while it was recorded.
        """
        ...

    def skip(self, branch: Branch, until: int) -> None:
        """Count the branches of *branch* with a number below *until* as played.

        Called when one of them fails: the others may then stop before their recorded end.
        """
        ...


class PacedPlayback(Playback, Protocol):
    """The playback of a transport that has rate limits, as its attribute `registry` says."""

    def now(self, play: "ReplayedExecution[Any]") -> float:
        """Return the virtual time in seconds."""
        ...

    def pause(self, play: "ReplayedExecution[Any]", seconds: float) -> None:
        """Let *seconds* of virtual time pass."""
        ...


class ReplayTransport(Protocol):
    """A transport that plays each run of a program: a replay, or a fake."""

    def begin(self) -> Playback:
        """Open the playback of one run."""
        ...


@define(eq=False)
class ReplayedExecution(Play[T]):
    """An execution whose responses come from a playback."""

    playback: Playback = field(kw_only=True)
    clock: Callable[[], float] = field(kw_only=True)
    """Measures the duration of an exchange in seconds, for the log."""
    timeout: Timeout | None = field(default=None, kw_only=True)
    """The timeout of each `Send` that has none of its own."""
    pacer: Pacer | None = field(default=None, kw_only=True)
    """Delays requests in virtual time; a replay has none."""
    on_exchange: OnExchange | None = field(default=None, kw_only=True)
    """Runs around each exchange."""

    def advance(self, perform: Perform) -> Emit[Any] | Returned[T]:
        """Run until the program emits or returns."""
        try:
            return super().advance(perform)
        except CancelledInRecording as error:
            if self.branch:  # the other branches continue
                raise
            raise NoMatch(str(error)) from error

    def perform(self, effect: Effect) -> object:
        """Perform one effect."""
        match effect:
            case Send():
                return self._send(effect) if self.pacer is None else self._paced(effect, self.pacer)
            case Gather():
                try:
                    return super().perform(effect)
                except Exception:
                    self.playback.skip(self.branch, self.branch_count)
                    raise
        return super().perform(effect)

    def _paced(self, effect: Send, pacer: Pacer) -> Response:
        playback = cast(PacedPlayback, self.playback)
        now, pause = partial(playback.now, self), partial(playback.pause, self)
        return pacer.exchange(effect, now, pause, self._send)

    def _send(self, effect: Send) -> Response:
        with observe_exchange(effect, self, self.clock, self.on_exchange) as exchange:
            exchange.response = response = self.playback.send(effect, self)
        return response
