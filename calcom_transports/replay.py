"""A transport that plays the responses of a cassette, or of inline pairs, without a network.

It is strict: a request that equals no recorded one fails, and so does the end of the replay if a
recorded exchange was not requested. Otherwise a test would pass although its program had changed.
Each run of a program plays one run of the cassette, which its first request selects.
Time is virtual: only a `Sleep` advances it, so a replay never waits.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from functools import cache
from os import PathLike
from threading import Lock
from typing import Any, NoReturn

from attrs import define, evolve, field, frozen

from calcom_core.api import Anonymous, Api
from calcom_core.effects import Send
from calcom_core.errors import InvalidInput, TransportError
from calcom_core.execution import Branch, CancelledInRecording
from calcom_core.http import Request, Response
from calcom_core.operation import Operation
from calcom_core.redaction import collect_credentials
from calcom_transports.cassette import (
    Cancelled,
    Cassette,
    Failure,
    Outcome,
    RecordedExchange,
    Run,
    load,
)
from calcom_transports.cassette_values import require
from calcom_transports.matching import STRICT, VERSION_HEADER, Match, MatchKey, check_match
from calcom_transports.playback import Playback, ReplayedExecution
from calcom_transports.pseudonyms import People
from calcom_transports.redaction import (
    RecordingRedactor,
    Redaction,
    check_redaction,
    urls_and_bodies,
)
from calcom_transports.replay_errors import NoMatch, Unplayed
from calcom_transports.unpicklable import refuse_pickling

InlineExchange = tuple[Operation[Any] | Request, Response | TransportError]
"""An operation or a request, with the response to it or the error of the transport."""

_RECORD_AGAIN = "record it again (mode rewrite; with pytest --calcom-record=rewrite)"
_WAY_OUT = f"if the program was meant to change, {_RECORD_AGAIN}"


@frozen
class _Step:
    """A recorded exchange with its match key."""

    key: MatchKey
    exchange: RecordedExchange
    number: int  # in its branch, from 1

    def __str__(self) -> str:
        return _place(self.number, self.exchange.branch)


@define
class _PlayedRun:
    """A run of the cassette, and how many exchanges of each branch were played."""

    number: int  # in the cassette, from 1
    branches: dict[Branch, list[_Step]]
    is_claimed: bool = False
    positions: dict[Branch, int] = field(factory=dict)

    def unplayed(self, branch: Branch) -> list[_Step]:
        """Return the steps of a branch that are not played yet."""
        return self.branches.get(branch, [])[self.positions.get(branch, 0) :]

    def all_unplayed(self) -> list[_Step]:
        """Return the steps of all branches that are not played yet."""
        return [step for branch in self.branches for step in self.unplayed(branch)]

    def next_step(self, branch: Branch) -> _Step | None:
        """Return the next step of a branch, or None at its end."""
        steps, position = self.branches.get(branch, ()), self.positions.get(branch, 0)
        return steps[position] if position < len(steps) else None

    def skip(self, parent: Branch, until: int) -> None:
        """Count the branches of *parent* with a number below *until* as played."""
        depth = len(parent)
        for branch, steps in self.branches.items():
            if branch[:depth] == parent != branch and branch[depth] < until:
                self.positions[branch] = len(steps)


class Replay:
    """A transport for either client that plays a cassette, without a key or a network.

    Leaving its context, or the client's, raises `Unplayed` if an exchange was not requested, unless
    another exception leaves the context. A client without a base URL takes *base_url*, the server
    of the first recorded request.

    Args:
        source: the path of a cassette, or a `Cassette`.
        match: the parts in which a request must equal a recorded one; by default all.
        redaction: the redaction of the recording; needed if that has a key or secrets.

    Raises:
        CassetteError: `missing` or `unreadable`.
        InvalidInput: an argument of another type, or no key for a recording with one.
    """

    def __init__(
        self,
        source: str | PathLike[str] | Cassette,
        *,
        match: Match = STRICT,
        redaction: Redaction | None = None,
    ) -> None:
        cassette = source if isinstance(source, Cassette) else load(source)
        self._name = cassette.name
        self.base_url = _recorded_base_url(cassette)
        self._match = check_match(match)
        redaction = check_redaction(redaction)
        people = _people(cassette, redaction)
        self._redactor = cache(lambda credentials: RecordingRedactor(credentials, people))
        self._secrets = redaction.secrets
        self._keys: dict[tuple[str, str, str | None, bytes], MatchKey] = {}
        self._runs = [
            self._played_run(number, run) for number, run in enumerate(_playable_runs(cassette), 1)
        ]
        self._any_order = cassette.any_order
        # Any branch may send the first request of a run, so each can claim it.
        self._beginnings: defaultdict[tuple[Branch, MatchKey], deque[_PlayedRun]]
        self._beginnings = defaultdict(deque)
        for run in self._runs:
            for branch, steps in run.branches.items():
                self._beginnings[branch, steps[0].key].append(run)
        self._lock = Lock()
        self._closed = False

    @classmethod
    def of(
        cls,
        *exchanges: InlineExchange | list[InlineExchange],
        api: Api | None = None,
        match: Match = STRICT,
    ) -> "Replay":
        """Create a replay from pairs of an operation and its response.

        `calcom_core.responses` builds complete responses.

        Args:
            exchanges: a pair for each call of a client, and a list of pairs for each
                `client.run(program)`. An error of the transport can replace a response.
            api: the base URL and the versions of the operations; by default those of a client
                without options.
            match: the parts in which a request must equal that of a pair.

        Raises:
            InvalidInput: an argument of another type.
        """
        api = Api(Anonymous()) if api is None else api
        require("api", api, Api, "an Api")
        runs = []
        for number, pairs in enumerate(exchanges):
            run = []
            for pair in pairs if isinstance(pairs, list) else [pairs]:
                call, outcome = _check_pair(pair, f"exchanges[{number}]")
                request = api.request(call) if isinstance(call, Operation) else call
                run.append(RecordedExchange((), request, _to_outcome(outcome)))
            runs.append(Run(tuple(run)))
        return cls(Cassette(tuple(runs)), match=match)

    def begin(self) -> Playback:
        """Open the playback of one run."""
        return _RunPlayback(self)

    def close(self) -> None:
        """End the replay; raises `Unplayed` if an exchange was not requested."""
        if self._closed:
            return
        self._closed = True
        unplayed = [
            (run, step)
            for run, step in self._all_unplayed()
            if not isinstance(step.exchange.outcome, Cancelled)
        ]
        if unplayed:
            total = sum(len(steps) for run in self._runs for steps in run.branches.values())
            run, step = unplayed[0]
            raise Unplayed(
                f"{len(unplayed)} of the {total} exchanges of {self._name} were not requested, "
                f"first {_describe(step.key)}, {step} of run {run.number}; "
                f"request them, or {_RECORD_AGAIN}"
            )

    def __enter__(self) -> "Replay":
        return self

    def __exit__(self, *error: object) -> None:
        if error[1] is None:
            self.close()
        self._closed = True

    def __reduce__(self) -> NoReturn:
        refuse_pickling(self, "keeps its place in a cassette")

    def play(
        self, request: Request, branch: Branch, run: _PlayedRun | None
    ) -> tuple[_PlayedRun, Outcome]:
        """Return the recorded outcome of a request, and its run.

        *run* is the one that the program plays; None before its first request.
        Raises `NoMatch`.
        """
        key = self._key(request)
        with self._lock:
            if self._any_order:
                run, branch = None, ()
            if run is None:
                run = self._claim_run(key, branch)
            step = run.next_step(branch)
            if step is None:
                raise self._past_the_end(key, run, branch)
            if step.key != key:
                raise self._diverged(key, run, step)
            run.positions[branch] = step.number
            return run, step.exchange.outcome

    def _claim_run(self, key: MatchKey, branch: Branch) -> _PlayedRun:
        """Return the first unclaimed run in which that branch begins with that request."""
        candidates = self._beginnings.get((branch, key))
        while candidates:
            run = candidates.popleft()
            if not run.is_claimed:
                run.is_claimed = True
                return run
        if candidates is not None:
            raise NoMatch(
                f"{_describe(key)} was already played, and {self._name} does not hold it again; "
                "requests of one call must be in one run (inline: in one list), otherwise "
                f"{_RECORD_AGAIN}"
            )
        raise self._no_match(key)

    def _all_unplayed(self) -> Iterator[tuple[_PlayedRun, _Step]]:
        return ((run, step) for run in self._runs for step in run.all_unplayed())

    def _no_match(self, key: MatchKey) -> NoMatch:
        problem = f"nothing in {self._name} is equal to {_describe(key)}"
        unplayed = list(self._all_unplayed())
        if not unplayed:
            return NoMatch(f"{problem}: nothing is left to play; {_WAY_OUT}")
        run, nearest = min(unplayed, key=lambda item: key.distance(item[1].key))
        if key == nearest.key:
            return NoMatch(
                f"no run of {self._name} begins with {_describe(key)}, which is recorded as "
                f"{nearest} of run {run.number}: the order differs; {_WAY_OUT}"
            )
        return NoMatch(
            f"{problem}; the nearest is {_describe(nearest.key)}, which differs in "
            f"{', '.join(key.differences(nearest.key))}; {_WAY_OUT}"
        )

    def _past_the_end(self, key: MatchKey, run: _PlayedRun, branch: Branch) -> NoMatch:
        place = _place(len(run.branches.get(branch, ())) + 1, branch)
        if any(step.key == key for steps in run.branches.values() for step in steps):
            return NoMatch(
                f"{_describe(key)} was already played, and run {run.number} of {self._name} does "
                f"not hold it again: there is no {place}; {_WAY_OUT}"
            )
        return NoMatch(
            f"the program goes on with {_describe(key)}, but run {run.number} of {self._name} has "
            f"no {place}; {_WAY_OUT}"
        )

    def _diverged(self, key: MatchKey, run: _PlayedRun, step: _Step) -> NoMatch:
        problem = (
            f"the program diverges at {step} of run {run.number} of {self._name}: "
            f"it sends {_describe(key)}"
        )
        later = (other for other in run.unplayed(step.exchange.branch) if other.key == key)
        if (same := next(later, None)) is not None:
            return NoMatch(
                f"{problem}, which is recorded as exchange {same.number}, after "
                f"{_describe(step.key)}: the order differs; {_WAY_OUT}"
            )
        return NoMatch(
            f"{problem}, where {_describe(step.key)} is recorded; they differ in "
            f"{', '.join(key.differences(step.key))}; {_WAY_OUT}"
        )

    def _key(self, request: Request) -> MatchKey:
        # Most requests equal a recorded one to the byte; then the key exists already.
        parts = (request.method, request.url, request.headers.get(VERSION_HEADER), request.body)
        key = self._keys.get(parts)
        if key is None:
            key = self._keys[parts] = self._create_key(request)
        return key

    def _create_key(self, request: Request) -> MatchKey:
        credentials = collect_credentials(request) | self._secrets
        return MatchKey.of(request, self._match, self._redactor(credentials))

    def _played_run(self, number: int, run: Run) -> _PlayedRun:
        branches: defaultdict[Branch, list[_Step]] = defaultdict(list)
        for exchange in run.exchanges:
            steps = branches[exchange.branch]
            steps.append(_Step(self._key(exchange.request), exchange, len(steps) + 1))
        return _PlayedRun(number, dict(branches))

    def __repr__(self) -> str:
        return f"<Replay of {self._name}: {len(self._runs)} runs>"


@define(eq=False)
class _RunPlayback:
    """The playback of one run: its first request claims a recorded run, which it then follows."""

    replay: Replay
    run: _PlayedRun | None = None

    def send(self, effect: Send, play: ReplayedExecution[Any]) -> Response:
        """Return the recorded response to a request of the branch that *play* runs."""
        self.run, outcome = self.replay.play(effect.request, play.branch, self.run)
        if isinstance(outcome, Failure):
            raise outcome.to_error()
        if isinstance(outcome, Cancelled):
            raise CancelledInRecording(
                f"{effect.request.method} {effect.request.url.partition('?')[0]} was cancelled "
                "when it was recorded, so there is no response to play; record it again, and let "
                "it complete"
            )
        return outcome

    def skip(self, branch: Branch, until: int) -> None:
        """Count the branches of *branch* with a number below *until* as played."""
        if self.run is not None:
            self.run.skip(branch, until)


def _recorded_base_url(cassette: Cassette) -> str | None:
    urls = (exchange.request.url for run in cassette.runs for exchange in run.exchanges)
    return next(urls, "").partition("?")[0].rpartition("/v2/")[0] or None


def _playable_runs(cassette: Cassette) -> Iterable[Run]:
    """Return the runs; in a cassette of any order, each exchange is a run of its own."""
    if not cassette.any_order:
        return cassette.runs
    return [Run((evolve(item, branch=()),)) for run in cassette.runs for item in run.exchanges]


def _people(cassette: Cassette, redaction: Redaction) -> People | None:
    if cassette.personal == "keyed" and not redaction.key:
        raise InvalidInput(
            "redaction",
            f"is missing: the pseudonyms of {cassette.name} depend on a key; "
            "give Redaction(personal=True, key=…) with the same key",
        )
    if cassette.personal == "kept" and not redaction.personal:
        return None
    return People.in_texts(redaction.key, urls_and_bodies(cassette))


def _check_pair(pair: object, field: str) -> InlineExchange:
    if isinstance(pair, tuple) and len(pair) == 2:
        call, outcome = pair
        if isinstance(call, Operation | Request) and isinstance(outcome, Response | TransportError):
            return call, outcome
    raise InvalidInput(field, "must be a pair (operation, response) or (operation, NotSent(…))")


def _to_outcome(outcome: Response | TransportError) -> Outcome:
    if isinstance(outcome, Response):
        return outcome
    return Failure(type(outcome), str(outcome), outcome.reason)


def _describe(key: MatchKey) -> str:
    # Without the query, which may hold personal data.
    return f"{key.method} {key.host}{key.path}"


def _place(number: int, branch: Branch) -> str:
    within = f" of branch {'.'.join(map(str, branch))}" if branch else ""
    return f"exchange {number}{within}"
