"""Paces the programs of a client: shared by all clients with the same credential in a process.

`Pacer.paced` wraps a program: before each `Send` the wrapper yields the wait as a `Sleep`, and then
it reads the headers of the response. So every interpreter sleeps by its own means and clock.
The rules are the pure functions of `calcom_core.pacing`; this module holds their state.
A credential is known here by its hash alone.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Generator
from hashlib import sha256
from threading import Lock
from typing import Any, TypeAlias, TypeVar, cast

from attrs import define, evolve, field

from calcom_core.api import Api
from calcom_core.effects import Clock, Gather, Send, Sleep, check_program
from calcom_core.errors import NotSent
from calcom_core.http import Response
from calcom_core.pacing import Pace, PaceState, admit, learn, release, reserve

T = TypeVar("T")
Decision: TypeAlias = Callable[[Pace, PaceState, str, float], tuple[float, PaceState]]
_Steps: TypeAlias = Generator[Any, Any, T]
P = TypeVar("P", bound=Generator[Any, Any, Any])

_MOST = 4096
"""How many credentials a process remembers the limits of."""


@define(eq=False)
class _Shared:
    """The state of one credential; its times are those of `time.monotonic`."""

    state: PaceState = field(factory=PaceState)
    lock: Lock = field(factory=Lock)

    def decide(self, rule: Decision, pace: Pace, operation: str, now: float) -> float:
        """Return the wait in seconds by `reserve` or `admit`, and keep the next state."""
        with self.lock:
            wait, self.state = rule(pace, self.state, operation, now)
        return wait

    def release(self, pace: Pace, operation: str, now: float) -> None:
        """Give back a slot."""
        with self.lock:
            self.state = release(pace, self.state, operation, now)

    def learn(self, operation: str, response: Response, sent: float, now: float) -> None:
        """Keep the limits that a response states."""
        with self.lock:
            self.state = learn(self.state, operation, response, sent, now)


_SHARED: OrderedDict[bytes, _Shared] = OrderedDict()
_LOCK = Lock()


def _shared_state(api: Api) -> _Shared:
    """Return the state of the credential of *api* at its server."""
    parts = [api.base_url, *(f"{name}: {value}" for name, value in api.auth.headers())]
    key = sha256("\n".join(parts).encode()).digest()
    del parts
    with _LOCK:
        shared = _SHARED.pop(key, None) or _Shared()
        _SHARED[key] = shared
        if len(_SHARED) > _MOST:
            _SHARED.popitem(last=False)
    return shared


@define(eq=False)
class Pacer:
    """Paces the programs of one client.

    *offset* plus the time of the client's clock is the time of `time.monotonic`.
    Trio's clocks begin at any time, and those of tests pass at their own speed.
    """

    pace: Pace
    shared: _Shared | None = field(repr=False)
    offset: float | None = None

    @classmethod
    def of(cls, pace: Pace, api: Api, replays: bool) -> "Pacer":
        """Return a pacer that shares the limits of the credential of *api*; a replay has none."""
        return cls(pace, None if replays or not pace.longest else _shared_state(api))

    def paced(self, program: P) -> P:
        """Return a program or stream that does the same, and waits before its requests.

        A request that would wait beyond the deadline of its retries is not sent: the program gets
        `NotSent` with the reason `timeout`. The wait is no part of the timeout of an exchange.
        """
        if self.shared is None:
            return program
        return cast(P, _paced(check_program(program), self, self.shared))

    def shared_time(self, now: float) -> float:
        """Return the time of `time.monotonic` for one of the client's clock."""
        if self.offset is None:
            self.offset = time.monotonic() - now
        return now + self.offset


def _paced(program: _Steps[T], pacer: Pacer, shared: _Shared) -> _Steps[T]:
    outcome: object = None
    failure: Exception | None = None
    try:
        while True:
            try:
                step = program.send(outcome) if failure is None else program.throw(failure)
            except StopIteration as stop:
                return cast(T, stop.value)
            outcome = failure = None
            try:
                if isinstance(step, Send):
                    outcome = yield from _sent(step, pacer, shared)
                elif isinstance(step, Gather):
                    branches = tuple([pacer.paced(branch) for branch in step.programs])
                    outcome = yield Gather(branches, step.limit)
                else:
                    outcome = yield step
            except Exception as error:  # the program decides what it means
                failure = error
    finally:
        del outcome, failure  # no cycle with its own traceback
        program.close()


def _sent(effect: Send, pacer: Pacer, shared: _Shared) -> _Steps[Response]:
    """Wait, send the request and learn from the response."""
    operation = effect.operation.name if effect.operation else ""
    began: float = yield Clock()
    now = began
    wait = shared.decide(reserve, pacer.pace, operation, pacer.shared_time(now))
    try:
        while wait > 0 or (
            wait := shared.decide(admit, pacer.pace, operation, pacer.shared_time(now))
        ):
            _check_deadline(effect, now - began + wait)
            yield Sleep(wait)
            now = yield Clock()
            _check_deadline(effect, now - began)
            wait = 0.0
    except BaseException:  # also when closed: the slot is free again
        shared.release(pacer.pace, operation, pacer.shared_time(now))
        raise
    if effect.remaining is not None and now > began:
        effect = evolve(effect, remaining=effect.remaining - (now - began))
    response: Response = yield effect
    came: float = yield Clock()
    shared.learn(operation, response, pacer.shared_time(now), pacer.shared_time(came))
    return response


def _check_deadline(effect: Send, waited: float) -> None:
    if effect.remaining is not None and waited >= effect.remaining:
        raise NotSent(
            f"the rate limit needs a wait of {waited:.1f} s, which outlasts the deadline",
            reason="timeout",
            operation=effect.operation,
        )
