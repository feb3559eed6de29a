"""Answers from a cassette, or given inline, in place of the network.

Strict: a request that nothing recorded is equal to fails, and so does what is left unplayed.
Time is virtual: only a `Sleep` moves it, so that a replayed program takes no time.
"""

import json
from collections.abc import Callable, Iterable
from os import PathLike
from threading import Lock
from types import TracebackType
from typing import Any

from attrs import define, field

from calcom_core.api import Anonymous, Api
from calcom_core.effects import Send, Sleep
from calcom_core.errors import (
    AlreadyPlayed,
    InvalidInput,
    NoMatch,
    ReplayError,
    TransportError,
    Unplayed,
)
from calcom_core.http import Headers, HeadersInput, Request, Response
from calcom_core.operation import Operation
from calcom_transports.cassette import (
    Cancelled,
    Cassette,
    Failure,
    MatchKey,
    Outcome,
    Recorded,
    Run,
    load,
)
from calcom_transports.driver import Branch, Held

Inline = tuple[Operation[Any] | Request, Response | TransportError]
"""What is asked, and what comes of it."""


def answer(body: Any, status: int = 200, headers: HeadersInput = ()) -> Response:
    """Return an answer with a JSON body, for `Replay.of`."""
    content = json.dumps(body, ensure_ascii=False).encode()
    return Response(
        status, Headers([("Content-Type", "application/json"), *Headers(headers)]), content
    )


@define
class _Played:
    """A run of the cassette, and how far each branch of it was played."""

    run: Run
    claimed: bool = False
    position: dict[Branch, int] = field(factory=dict)

    def left(self, branch: Branch) -> list[Recorded]:
        recorded = [item for item in self.run.exchanges if item.branch == branch]
        return recorded[self.position.get(branch, 0) :]

    def excuse(self, above: Branch) -> None:
        """Count all that was recorded below a branch as played."""
        for item in self.run.exchanges:
            if item.branch[: len(above)] == above and item.branch != above:
                self.position[item.branch] = len(self.run.exchanges)

    def nothing_left(self, request: Request, name: str, waiting: list[Request]) -> ReplayError:
        """Return the error for a request at a place where all was played."""
        key = MatchKey.of(request)
        if any(MatchKey.of(item.request) == key for item in self.run.exchanges):
            return AlreadyPlayed(
                f"{_shown(request)} was played already, and {name} has it no more often in its run"
            )
        return no_match(request, waiting, name)


class Replay:
    """Stands in for a transport, in the blocking and in the trio client, without a key.

    *source* is the path of a cassette, or a `Cassette`.
    Leaving its context, or the client's, raises `Unplayed` unless everything was asked for or an
    exception is on its way already.
    Raises `CassetteMissing` and `CassetteUnreadable` when it is made.
    """

    def __init__(self, source: str | PathLike[str] | Cassette) -> None:
        cassette = source if isinstance(source, Cassette) else load(source)
        self._name = cassette.name
        self._runs = [_Played(run) for run in cassette.runs]
        self._lock = Lock()
        self._closed = False

    @classmethod
    def of(
        cls,
        *exchanges: Inline | list[Inline],
        api: Api | None = None,
    ) -> "Replay":
        """Make a replay of answers given inline: pairs of what is asked and what comes of it.

        Each pair answers one call of a client, and a list of pairs one `client.run(program)`.
        *api* says with which base URL and versions the operations are asked,
        by default those of a client that was given none.
        """
        asking = api or Api(Anonymous())
        runs = []
        for number, given in enumerate(exchanges):
            recorded = []
            for pair in given if isinstance(given, list) else [given]:
                asked, outcome = _pair(pair, f"exchanges[{number}]")
                request = asking.request(asked) if isinstance(asked, Operation) else asked
                recorded.append(Recorded((), request, _inline(outcome)))
            runs.append(Run(tuple(recorded)))
        return cls(Cassette(tuple(runs)))

    def begin(self) -> "Playback":
        """Open the session of one run."""
        return Playback(self)

    def close(self) -> None:
        """End the replay; raises `Unplayed` where something was not asked for."""
        if self._closed:
            return
        self._closed = True
        left = [
            item
            for played in self._runs
            for item in _left(played)
            if not isinstance(item.outcome, Cancelled)
        ]
        if left:
            total = sum(len(played.run.exchanges) for played in self._runs)
            raise Unplayed(
                f"{len(left)} of the {total} exchanges of {self._name} were not asked for, "
                f"first {_shown(left[0].request)}; ask for them, or take them out"
            )

    def __enter__(self) -> "Replay":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None:
            self.close()
        self._closed = True

    def claim(self, request: Request, branch: Branch) -> _Played:
        """Return the first unplayed run that begins with this request."""
        key = MatchKey.of(request)
        with self._lock:
            for played in self._runs:
                if not played.claimed and _begins(played, branch, key):
                    played.claimed = True
                    return played
            if any(_begins(played, branch, key) for played in self._runs):
                raise AlreadyPlayed(
                    f"{_shown(request)} was played already, and {self._name} has it no more often"
                )
            raise no_match(request, self.waiting(), self._name)

    def waiting(self) -> list[Request]:
        """Return the requests of all that was not played yet."""
        return [item.request for played in self._runs for item in _left(played)]

    @property
    def name(self) -> str:
        """What is replayed, for messages."""
        return self._name

    def __repr__(self) -> str:
        return f"<Replay of {self._name}: {len(self._runs)} runs>"


def _pair(pair: object, field: str) -> Inline:
    if isinstance(pair, tuple) and len(pair) == 2:
        asked, outcome = pair
        if isinstance(asked, Operation | Request) and isinstance(
            outcome, Response | TransportError
        ):
            return asked, outcome
    raise InvalidInput(field, "must be a pair (operation, answer(…)) or (operation, NotSent(…))")


def _inline(outcome: Response | TransportError) -> Outcome:
    if isinstance(outcome, Response):
        return outcome
    return Failure(type(outcome), str(outcome), outcome.reason)


def _begins(played: _Played, branch: Branch, key: MatchKey) -> bool:
    recorded = [item for item in played.run.exchanges if item.branch == branch]
    return bool(recorded) and MatchKey.of(recorded[0].request) == key


def _left(played: _Played) -> Iterable[Recorded]:
    branches = dict.fromkeys(item.branch for item in played.run.exchanges)
    return [item for branch in branches for item in played.left(branch)]


def _shown(request: Request) -> str:
    # Without the query, which may hold personal data.
    return f"{request.method} {MatchKey.of(request).url}"


def no_match(request: Request, waiting: list[Request], name: str) -> NoMatch:
    """Return the error for a request that nothing recorded is equal to, with the nearest."""
    said = f"nothing in {name} is equal to {_shown(request)}"
    if not waiting:
        return NoMatch(f"{said}: nothing is left to play")
    key = MatchKey.of(request)
    nearest = min(waiting, key=lambda other: len(key.differences(MatchKey.of(other))))
    parts = ", ".join(key.differences(MatchKey.of(nearest)))
    if not parts:
        parts = "its place: it is not the next one of a program, whose exchanges are one list"
    return NoMatch(f"{said}; the nearest is {_shown(nearest)}, which differs in {parts}")


class Playback:
    """The session of one run: it claims a recorded run by its first request, then follows it.

    Branches run in order, so that the first request is always the same one.
    """

    concurrent = False

    def __init__(self, replay: Replay) -> None:
        self._replay = replay
        self._played: _Played | None = None
        self._lock = Lock()
        # Virtual time by branch; a branch without its own has that of the one around it.
        self._time: dict[Branch, float] = {(): 0.0}

    def send(self, effect: Send, branch: Branch) -> Response:
        """Return what was recorded for this request at this place."""
        with self._lock:
            if self._played is None:
                self._played = self._replay.claim(effect.request, branch)
            left = self._played.left(branch)
            if not left:
                raise self._played.nothing_left(
                    effect.request, self._replay.name, self._replay.waiting()
                )
            if MatchKey.of(left[0].request) != MatchKey.of(effect.request):
                raise no_match(effect.request, [left[0].request], self._replay.name)
            self._played.position[branch] = self._played.position.get(branch, 0) + 1
        outcome = left[0].outcome
        if isinstance(outcome, Failure):
            raise outcome.make()
        if isinstance(outcome, Cancelled):
            raise Held(
                f"{_shown(effect.request)} was cancelled when it was recorded, so that there is no "
                "answer to play"
            )
        return outcome

    def sleep(self, effect: Sleep, branch: Branch, wait: Callable[[float], object]) -> None:
        """Move this branch's time by the whole of a sleep; nothing is drawn, nobody waits."""
        with self._lock:
            self._time[branch] = self._now(branch) + effect.seconds

    def clock(self, branch: Branch) -> float:
        """Return the virtual time of this branch."""
        with self._lock:
            return self._now(branch)

    def join(self, branch: Branch, *, failed: bool) -> None:
        """Set the time of a branch to that of the latest below it.

        After a failure what the branches below would still have asked is not waited for.
        """
        with self._lock:
            if failed and self._played is not None:
                self._played.excuse(branch)
            depth = len(branch)
            below = [path for path in self._time if path[:depth] == branch and len(path) > depth]
            self._time[branch] = max([self._now(branch), *(self._time.pop(path) for path in below)])

    def _now(self, branch: Branch) -> float:
        while branch not in self._time:
            branch = branch[:-1]
        return self._time[branch]
