"""A server in memory that enforces a rate limit as the API does, and virtual time for threads."""

import heapq
from collections.abc import Callable
from math import ceil
from threading import Condition
from types import SimpleNamespace

from attrs import define, field

from calcom_core import Request, Response, Timeout, responses
from calcom_core.http import Headers

LATENCY = 0.015
"""Seconds from the client to the server, and the same back."""


@define
class Limit:
    """A fixed window that the first request opens; exceeding it blocks for its length."""

    name: str
    limit: int
    period: float
    block: float | None = None  # by default the period
    hits: int = 0
    end: float = 0.0
    blocked: float = 0.0

    def count(self, now: float) -> bool:
        """Count a request; return whether this limit refuses it."""
        if now < self.blocked:
            return True
        if now >= self.end:
            self.hits, self.end = 0, now + self.period
        self.hits += 1
        if self.hits > self.limit:
            self.blocked = self.end = now + (self.period if self.block is None else self.block)
            return True
        return False

    def headers(self, now: float) -> list[tuple[str, str]]:
        """Return the headers as the API states them: whole seconds, rounded up."""
        values = {
            "Limit": self.limit,
            "Remaining": 0 if now < self.blocked else self.limit - self.hits,
            "Reset": ceil(round(self.end - now, 6)),
        }
        return [(f"X-RateLimit-{key}-{self.name}", str(value)) for key, value in values.items()]


@define
class LimitedServer:
    """Responds to every request; 429 if any of its limits refuses it."""

    limits: list[Limit]
    now: Callable[[], float] = field(default=lambda: 0.0)
    times: list[float] = field(factory=list)
    refused: int = 0

    def respond(self) -> Response:
        now = self.now()
        verdicts = [limit.count(now) for limit in self.limits]
        headers = Headers([pair for limit in self.limits for pair in limit.headers(now)])
        if any(verdicts):
            self.refused += 1
            return Response(
                429, headers, b'{"status":"error","error":{"code":"ThrottlerException"}}'
            )
        self.times.append(now)
        good = responses.booking()
        return Response(200, headers, good.body)


class VirtualTime:
    """A clock that moves when every thread of a known number sleeps; it stands in for `time`."""

    def __init__(self, threads: int = 1) -> None:
        self.now = 1000.0
        self._running = threads
        self._wakes: list[float] = []
        self._change = Condition()

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        with self._change:
            wake = self.now + seconds
            heapq.heappush(self._wakes, wake)
            self._running -= 1
            self._advance()
            while self.now < wake or self._wakes[0] != wake:
                self._change.wait()
            heapq.heappop(self._wakes)
            self._running += 1
            self._change.notify_all()

    def start(self, threads: int) -> None:
        """Tell that so many threads will run, and that the present one will wait for them."""
        self._running = threads

    def end(self) -> None:
        """Tell that a thread ended."""
        with self._change:
            self._running -= 1
            self._advance()

    def _advance(self) -> None:
        if self._running == 0 and self._wakes:
            self.now = max(self.now, self._wakes[0])
            self._change.notify_all()


def module(time: VirtualTime) -> SimpleNamespace:
    """Return what stands in for the module `time`."""
    return SimpleNamespace(monotonic=time.monotonic, sleep=time.sleep)


@define
class LimitedTransport:
    """Sends to the server, on threads in virtual time."""

    server: LimitedServer
    time: VirtualTime

    def send(self, request: Request, timeout: Timeout | None) -> Response:
        self.time.sleep(LATENCY)
        response = self.server.respond()
        self.time.sleep(LATENCY)
        return response
