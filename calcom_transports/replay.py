"""Answers from a cassette, or given inline, in place of the network.

Strict: a request that nothing recorded is equal to fails, and so does what is left unplayed.
Time is virtual: only a `Sleep` moves it, so that a replayed program takes no time.
"""

from collections import defaultdict, deque
from collections.abc import Iterable
from os import PathLike
from threading import Lock
from types import TracebackType
from typing import Any, NoReturn

from attrs import define, evolve, field, frozen

from calcom_core import responses
from calcom_core.api import Anonymous, Api
from calcom_core.effects import Send
from calcom_core.errors import (
    InvalidInput,
    TransportError,
)
from calcom_core.execution import Branch, CancelledInRecording
from calcom_core.http import Request, Response
from calcom_core.operation import Operation
from calcom_core.redaction import Credential, collect_credentials
from calcom_transports.cassette import (
    Cancelled,
    Cassette,
    Failure,
    Outcome,
    Recorded,
    Run,
    load,
)
from calcom_transports.matching import STRICT, VERSION_HEADER, Match, MatchKey, match_of
from calcom_transports.playback import Playback, ReplayedExecution
from calcom_transports.pseudonyms import People
from calcom_transports.redaction import RecordingRedactor, Redaction, bodies_of, redaction_of
from calcom_transports.replay_errors import NoMatch, Unplayed
from calcom_transports.unpicklable import refuse_pickling

Inline = tuple[Operation[Any] | Request, Response | TransportError]
"""What is asked, and what comes of it."""

_AGAIN = "record it again (mode rewrite; with pytest --calcom-record=rewrite)"
_WAY_OUT = f"if the program was meant to change, {_AGAIN}"


answer = responses.json
"""Returns a response with a JSON body."""


@frozen
class _Step:
    """A recorded exchange, with what a request must be equal to for it to be played."""

    key: MatchKey
    recorded: Recorded
    number: int  # in its branch, from 1


@define
class _Played:
    """A run of the cassette, and how far each branch of it was played."""

    number: int  # in the cassette, from 1
    branches: dict[Branch, list[_Step]]
    claimed: bool = False
    position: dict[Branch, int] = field(factory=dict)

    def left(self, branch: Branch) -> list[_Step]:
        """Return what is not played yet in a branch."""
        return self.branches.get(branch, [])[self.position.get(branch, 0) :]

    def all_left(self) -> list[_Step]:
        """Return what is not played yet in any branch."""
        return [step for branch in self.branches for step in self.left(branch)]

    def next(self, branch: Branch) -> _Step | None:
        """Return what is to be played next in a branch."""
        steps, position = self.branches.get(branch, ()), self.position.get(branch, 0)
        return steps[position] if position < len(steps) else None

    def excuse(self, above: Branch, until: int) -> None:
        """Count all that was recorded in the branches off a branch up to now as played."""
        depth = len(above)
        for branch, steps in self.branches.items():
            if branch[:depth] == above != branch and branch[depth] < until:
                self.position[branch] = len(steps)


def _base_url_of(cassette: Cassette) -> str | None:
    urls = (exchange.request.url for run in cassette.runs for exchange in run.exchanges)
    return next(urls, "").partition("?")[0].rpartition("/v2/")[0] or None


class Replay:
    """Stands in for a transport, in the blocking and in the trio client, without a key.

    A client without a base URL of its own takes *base_url*, that of the first recorded request.
    Leaving its context, or the client's, raises `Unplayed` unless everything was asked for or an
    exception is on its way already.

    Arguments:
        source: the path of a cassette, or a `Cassette`.
        match: what a request must have in common with a recorded one; by default everything.
        redaction: the one that it was recorded with, needed where that has a key or secrets.

    Raises `CassetteError` (`missing`, `unreadable`) and `InvalidInput` when it is made.
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
        self.base_url = _base_url_of(cassette)
        self._match = match_of(match)
        redaction = redaction_of(redaction)
        self._people = _people(cassette, redaction)
        self._secrets = redaction.secrets
        self._keys: dict[tuple[str, str, str | None, bytes], MatchKey] = {}
        self._redactors: dict[frozenset[Credential], RecordingRedactor] = {}
        self._runs = [self._played(number, run) for number, run in enumerate(_runs_of(cassette), 1)]
        self._is_loose = cassette.loose
        # Where a run begins depends on which branch of it asks first.
        self._starts: defaultdict[tuple[Branch, MatchKey], deque[_Played]] = defaultdict(deque)
        for played in self._runs:
            for branch, steps in played.branches.items():
                self._starts[branch, steps[0].key].append(played)
        self._lock = Lock()
        self._closed = False

    @classmethod
    def of(
        cls,
        *exchanges: Inline | list[Inline],
        api: Api | None = None,
        match: Match = STRICT,
    ) -> "Replay":
        """Create a replay from pairs of an operation and its response.

        Each pair answers one call of a client, and a list of pairs one `client.run(program)`.
        `calcom_core.responses` builds complete responses.
        *api* says with which base URL and versions the operations are asked,
        by default those of a client that was given none.
        """
        asking = Api(Anonymous()) if api is None else api
        if not isinstance(asking, Api):
            raise InvalidInput("api", f"must be an Api, not {type(api).__name__}")
        runs = []
        for number, given in enumerate(exchanges):
            recorded = []
            for pair in given if isinstance(given, list) else [given]:
                asked, outcome = _pair(pair, f"exchanges[{number}]")
                request = asking.request(asked) if isinstance(asked, Operation) else asked
                recorded.append(Recorded((), request, _inline(outcome)))
            runs.append(Run(tuple(recorded)))
        return cls(Cassette(tuple(runs)), match=match)

    def begin(self) -> Playback:
        """Open the playback of one run, which takes no time."""
        return _RecordedRun(self)

    def close(self) -> None:
        """End the replay; raises `Unplayed` if an exchange was not requested."""
        if self._closed:
            return
        self._closed = True
        left = [
            (step, played)
            for played in self._runs
            for step in played.all_left()
            if not isinstance(step.recorded.outcome, Cancelled)
        ]
        if left:
            total = sum(len(steps) for played in self._runs for steps in played.branches.values())
            step, played = left[0]
            raise Unplayed(
                f"{len(left)} of the {total} exchanges of {self._name} were not asked for, first "
                f"{_shown(step.key)}, {_place(step.number, step.recorded.branch)} of run "
                f"{played.number}; ask for them, or {_AGAIN}"
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

    def __reduce__(self) -> NoReturn:
        refuse_pickling(self, "keeps its place in a cassette")

    def next(self, request: Request, branch: Branch, played: _Played | None) -> "_Claim":
        """Return the run that a request belongs to, *played* or the one it begins, and its step.

        Raises `NoMatch`.
        """
        key = self._key(request)
        with self._lock:
            if played is None or self._is_loose:
                place = () if self._is_loose else branch
                played = self._claimed(key, place)
                branch = place
            step = played.next(branch)
            if step is None:
                raise self._nothing_left(key, played, branch)
            if step.key != key:
                raise self._diverged(key, played, step)
            played.position[branch] = step.number
            return played, step.recorded.outcome

    def _claimed(self, key: MatchKey, branch: Branch) -> _Played:
        waiting = self._starts.get((branch, key))
        while waiting:
            played = waiting.popleft()
            if not played.claimed:
                played.claimed = True
                return played
        if waiting is not None:
            raise NoMatch(
                f"{_shown(key)} was played already, and {self._name} has it no more often; what "
                "is asked again within one call belongs to one run (inline: to one list); else "
                f"{_AGAIN}"
            )
        raise self._no_match(key)

    def _no_match(self, key: MatchKey) -> NoMatch:
        said = f"nothing in {self._name} is equal to {_shown(key)}"
        waiting = [step.key for played in self._runs for step in played.all_left()]
        if not waiting:
            return NoMatch(f"{said}: nothing is left to play; {_WAY_OUT}")
        nearest = min(waiting, key=key.distance)
        if key == nearest:
            step, played = next(
                (step, played)
                for played in self._runs
                for step in played.all_left()
                if step.key == key
            )
            where = f"{_place(step.number, step.recorded.branch)} of run {played.number}"
            return NoMatch(
                f"no run of {self._name} begins with {_shown(key)}, which is recorded as {where}: "
                f"the order differs; {_WAY_OUT}"
            )
        return NoMatch(
            f"{said}; the nearest is {_shown(nearest)}, which differs in "
            f"{', '.join(key.differences(nearest))}; {_WAY_OUT}"
        )

    def _nothing_left(self, key: MatchKey, played: _Played, branch: Branch) -> NoMatch:
        steps = [step for steps in played.branches.values() for step in steps]
        number = len(played.branches.get(branch, ())) + 1
        if any(step.key == key for step in steps):
            return NoMatch(
                f"{_shown(key)} was played already, and run {played.number} of {self._name} has "
                f"it no more often: there is no {_place(number, branch)}; {_WAY_OUT}"
            )
        return NoMatch(
            f"the program goes on with {_shown(key)}, and run {played.number} of {self._name} has "
            f"no {_place(number, branch)}; {_WAY_OUT}"
        )

    def _diverged(self, key: MatchKey, played: _Played, step: _Step) -> NoMatch:
        branch = step.recorded.branch
        where = f"{_place(step.number, branch)} of run {played.number} of {self._name}"
        later = next((other for other in played.left(branch) if other.key == key), None)
        if later is not None:
            return NoMatch(
                f"the program diverges at {where}: it asks for {_shown(key)}, which is recorded as "
                f"exchange {later.number}, after {_shown(step.key)}: the order differs; {_WAY_OUT}"
            )
        return NoMatch(
            f"the program diverges at {where}: it asks for {_shown(key)}, where {_shown(step.key)} "
            f"is recorded; they differ in {', '.join(key.differences(step.key))}; {_WAY_OUT}"
        )

    def _key(self, request: Request) -> MatchKey:
        # What is asked is mostly what is recorded, to the byte: then its key is known.
        given = (request.method, request.url, request.headers.get(VERSION_HEADER), request.body)
        key = self._keys.get(given)
        if key is None:
            key = self._keys[given] = self._made_key(request)
        return key

    def _made_key(self, request: Request) -> MatchKey:
        credentials = collect_credentials(request) | self._secrets
        redactor = self._redactors.get(credentials)
        if redactor is None:
            redactor = RecordingRedactor(credentials, self._people)
            self._redactors[credentials] = redactor
        return MatchKey.of(request, self._match, redactor)

    def _played(self, number: int, run: Run) -> _Played:
        branches: defaultdict[Branch, list[_Step]] = defaultdict(list)
        for item in run.exchanges:
            steps = branches[item.branch]
            steps.append(_Step(self._key(item.request), item, len(steps) + 1))
        return _Played(number, dict(branches))

    def __repr__(self) -> str:
        return f"<Replay of {self._name}: {len(self._runs)} runs>"


_Claim = tuple[_Played, Outcome]


def _runs_of(cassette: Cassette) -> Iterable[Run]:
    if not cassette.loose:
        return cassette.runs
    return [Run((evolve(item, branch=()),)) for run in cassette.runs for item in run.exchanges]


def _people(cassette: Cassette, redaction: Redaction) -> People | None:
    if cassette.personal == "keyed" and not redaction.key:
        raise InvalidInput(
            "redaction",
            f"is missing: the personal data of {cassette.name} was replaced by means of a key; "
            "give Redaction(personal=True, key=…) with the same one",
        )
    if cassette.personal == "kept" and not redaction.personal:
        return None
    return People.in_bodies(redaction.key, bodies_of(cassette))


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


def _shown(key: MatchKey) -> str:
    # Without the query, which may hold personal data.
    return f"{key.method} {key.host}{key.path}"


def _place(number: int, branch: Branch) -> str:
    within = f" of branch {'.'.join(map(str, branch))}" if branch else ""
    return f"exchange {number}{within}"


@define(eq=False)
class _RecordedRun:
    """The playback of one run: it claims a recorded run by its first request, then follows it."""

    replay: Replay
    played: _Played | None = None

    def send(self, effect: Send, play: ReplayedExecution[Any]) -> Response:
        """Return what was recorded for this request at this place."""
        self.played, outcome = self.replay.next(effect.request, play.branch, self.played)
        if isinstance(outcome, Failure):
            raise outcome.make()
        if isinstance(outcome, Cancelled):
            raise CancelledInRecording(
                f"{effect.request.method} {effect.request.url.partition('?')[0]} was cancelled "
                "when it was recorded, so that there is no answer to play; record it again, and "
                "let it come to its end"
            )
        return outcome

    def skip(self, branch: Branch, until: int) -> None:
        """Count the branches of *branch* with a number below *until* as played."""
        if self.played is not None:
            self.played.excuse(branch, until)
