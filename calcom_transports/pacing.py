"""Paces the requests of a client: shared by all clients with the same credential in a process.

Before each request an interpreter sleeps through `Pacer.waits`, by its own means and clock, and
after it `Pacer.learn` reads the headers of the response.
The rules are the pure functions of `calcom_core.pacing`; this module holds their state.
A credential is known here by its hash alone.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, closing
from hashlib import sha256
from threading import Lock, RLock
from typing import Self, TypeAlias

from attrs import define, field

from calcom_core.api import Api
from calcom_core.effects import Send
from calcom_core.errors import NotSent
from calcom_core.http import Response
from calcom_core.pacing import Pace, PaceState, admit, learn, release, reserve, slots_taken

Decision: TypeAlias = Callable[[Pace, PaceState, str, float], tuple[float, PaceState]]


@define(eq=False)
class SharedLimits:
    """The limits of one credential; their times are those of `time.monotonic`."""

    state: PaceState = field(factory=PaceState)
    # Reentrant, because a garbage collection within it may close a program that waits.
    lock: AbstractContextManager[object] = field(factory=RLock)

    def decide(
        self, rule: Decision, pace: Pace, operation: str, now: float
    ) -> tuple[float, Mapping[str, float]]:
        """Return the wait in seconds by `reserve` or `admit`, and the slots it has taken."""
        with self.lock:
            before = self.state
            wait, self.state = rule(pace, before, operation, now)
            return wait, slots_taken(before, self.state) if wait else {}

    def release(self, taken: Mapping[str, float]) -> None:
        """Give slots back."""
        with self.lock:
            self.state = release(self.state, taken)


@define(eq=False)
class Registry:
    """The limits of the credentials that were used last, at most *most*."""

    most: int = 4096
    offset: float | None = None
    """The `Pacer.offset` of all clients; by default each client has its own."""
    limits: OrderedDict[bytes, SharedLimits] = field(factory=OrderedDict, repr=False)
    lock: Lock = field(factory=Lock)

    def of(self, api: Api) -> SharedLimits:
        """Return the limits of the credential of *api* at its server."""
        parts = [api.base_url, *(f"{name}: {value}" for name, value in api.auth.headers())]
        key = sha256("\n".join(parts).encode()).digest()
        del parts
        with self.lock:
            shared = self.limits.pop(key, None) or SharedLimits()
            self.limits[key] = shared
            if len(self.limits) > self.most:
                self.limits.popitem(last=False)
        return shared


REGISTRY = Registry()
"""The limits that this process knows."""


@define(eq=False)
class Pacer:
    """Paces the requests of one client."""

    pace: Pace
    shared: SharedLimits = field(repr=False)
    offset: float | None = None
    """The time of `time.monotonic` minus that of the client's clock; trio's begin at any time."""

    @classmethod
    def of(cls, pace: Pace, api: Api, transport: object) -> Self | None:
        """Return a pacer that shares the limits of the credential of *api*; None if none waits.

        A transport that plays programs in virtual time may have an attribute `registry`, with the
        limits in its own time; without one nothing waits.
        """
        plays = hasattr(transport, "begin")
        registry = getattr(transport, "registry", None) if plays else REGISTRY
        if registry is None or not pace.longest:
            return None
        return cls(pace, registry.of(api), registry.offset)

    def waits(
        self, effect: Send, began: float, clock: Callable[[], float]
    ) -> Generator[float, None, None]:
        """Yield each wait in seconds; send *effect* after the last one.

        Closing it early gives its slot back. The waits are no part of the timeout of an exchange.

        Args:
            effect: the request.
            began: the time of the client's clock.
            clock: that clock, in seconds.

        Raises:
            NotSent: with the reason `timeout`, if the wait outlasts the deadline of the retries.
        """
        if self.offset is None:
            self.offset = time.monotonic() - began
        offset, operation, now = self.offset, _name(effect), began
        rule: Decision = reserve
        slots: Mapping[str, float] = {}
        try:
            while True:
                wait, taken = self.shared.decide(rule, self.pace, operation, now + offset)
                if not wait:
                    return
                if taken:
                    rule, slots = admit, taken
                _check_deadline(effect, now - began + wait)
                yield wait
                now = clock()
                _check_deadline(effect, now - began)
        except BaseException:
            self.shared.release(slots)
            raise

    def exchange(
        self,
        effect: Send,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
        send: Callable[[Send], Response],
    ) -> Response:
        """Wait, send a request, and learn from its response, for interpreters without `await`."""
        began = sent = clock()
        with closing(self.waits(effect, began, clock)) as waits:
            for seconds in waits:
                sleep(seconds)
                sent = clock()
        try:
            response = send(effect.after(sent - began))
        except BaseException:
            self.learn(effect, None, sent, clock())
            raise
        self.learn(effect, response, sent, clock())
        return response

    def learn(self, effect: Send, response: Response | None, sent: float, came: float) -> None:
        """Keep the limits that a response states; None stands for a failure.

        The times are those of the client's clock.
        """
        offset, shared = self.offset or 0.0, self.shared
        with shared.lock:
            shared.state = learn(
                shared.state, _name(effect), response, sent + offset, came + offset
            )


def _name(effect: Send) -> str:
    return effect.operation.name if effect.operation else ""


def _check_deadline(effect: Send, waited: float) -> None:
    if effect.remaining is not None and waited >= effect.remaining:
        raise NotSent(
            f"the rate limit needs a wait of {waited:.1f} s, which outlasts the deadline",
            reason="timeout",
            operation=effect.operation,
        )
