"""Plays a program by a script, for tests: what it is to ask for, and what comes of it.

No clock, no thread and no network: the test says what comes, an answer or a failure, and the
program is held to what it says.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from typing import Any, TypeAlias, TypeVar, cast
from urllib.parse import parse_qsl, urlsplit

from attrs import define, field

from calcom_core.effects import (
    Clock,
    Effect,
    Emit,
    Gather,
    Program,
    Send,
    Sleep,
    Stream,
    check_program,
    no_effect,
)
from calcom_core.errors import CalcomError, InvalidInput
from calcom_core.execution import Play, Returned
from calcom_core.http import Request, Response
from calcom_core.operation import Operation

T = TypeVar("T")

Expected: TypeAlias = Operation[Any] | Request | tuple[str, str] | Send | Sleep | Clock
"""What a program is to ask for.

A request is given by its operation, as a whole, or as `("GET", "/v2/bookings/uid")`; then its query
is compared only if the path has one, and its body is not.
"""

Result: TypeAlias = Response | Exception | float | None
"""What comes of it; an exception is raised in the program, an error of this library as a copy."""

Step: TypeAlias = "tuple[Expected, Result] | tuple[Script, ...]"
"""An effect and its result; or for a `Gather` the scripts of its branches, each a list."""

Script: TypeAlias = "Sequence[Step]"
"""What a program is to ask for, in order."""


_RESULTS: Mapping[type[object], tuple[tuple[type[object], ...], str]] = {
    Send: ((Response,), "a request is answered by a Response"),
    Sleep: ((type(None),), "of a sleep comes None"),
    Clock: ((int, float), "a clock tells a number of seconds"),
}


class ScriptError(AssertionError):
    """A program did otherwise than its script says."""


def run_script(program: Program[T], script: Script) -> T:
    """Play a program by its script, and return its result.

    A `Clock` that the script does not mention tells how long the sleeps before it were.
    The branches of a `Gather` run one after another; once one fails, those after it do not run.

    Raises:
        ScriptError: for the first thing that differs, and for what is left over when the program
            ends; it names both, never a value of a query or of a body.
        InvalidInput: for an invalid script.
        Exception: what the program raises, if the script is at its end then.
    """
    play: _ScriptedPlay[T] = _ScriptedPlay(check_program(program), left=_checked(script))
    try:
        return play.finish(play.perform, "iterate_script")
    except _Mismatch as mismatch:
        raise mismatch.error from mismatch.__cause__


def iterate_script(stream: Stream[T], script: Script) -> Iterator[T]:
    """Play a streaming program by its script, and yield the items it emits; else as `run_script`.

    Leaving the loop ends the program, and then nothing is left over.
    """
    return _items(_ScriptedPlay(check_program(stream), left=_checked(script)))


def _items(play: "_ScriptedPlay[T]") -> Iterator[T]:
    try:
        yield from play.items(play.perform)
    except _Mismatch as mismatch:
        raise mismatch.error from mismatch.__cause__


class _Mismatch(BaseException):
    """Ends the program at the first difference, whatever exceptions it catches."""

    def __init__(self, error: ScriptError | InvalidInput | str) -> None:
        super().__init__()
        self.error = ScriptError(error) if isinstance(error, str) else error


@define(eq=False)
class _ScriptedPlay(Play[T]):
    """A program that is running, and what is left of its script."""

    left: list[Step] = field(kw_only=True)
    where: str = ""
    number: int = field(default=0, init=False)

    def resume(
        self, outcome: object = None, failure: Exception | None = None
    ) -> Effect | Emit[Any] | Returned[T]:
        """Return the next effect; at the end of the program nothing may be left."""
        try:
            step = super().resume(outcome, failure)
        except Exception as error:
            # The message of an InvalidInput raised here holds no personal data.
            why = f" ({error})" if isinstance(error, InvalidInput) else ""
            self._nothing_left(f"raised {type(error).__name__}{why}", error)
            raise
        if isinstance(step, Returned):
            self._nothing_left("ended")
        return step

    def perform(self, effect: Effect) -> object:
        """Compare an effect with the next step, and return or raise the result of that step."""
        if not isinstance(effect, (Send, Sleep, Clock, Gather)):
            raise _Mismatch(no_effect(effect))
        if isinstance(effect, Clock) and not (self.left and self.left[0][:1] == (effect,)):
            return super().perform(effect)
        self.number += 1
        if not self.left:
            raise _Mismatch(
                f"{self._at()}: the program asks for {_shown(effect)}, and the script is at its end"
            )
        step = self.left.pop(0)
        if isinstance(effect, Gather) and _is_branches(step) and len(step) == len(effect.programs):
            branches = self.branches(effect)
            for number, (play, script) in enumerate(zip(branches, step, strict=True)):
                play.left = self._steps(script)
                play.where = f"{self._at()}, branch {number}, "
            return self.gather(branches)
        differences = _differences(step, effect)
        if differences:
            raise _Mismatch(
                f"{self._at()} differs in {', '.join(differences)}:\n"
                f"  expected: {_shown_step(step)}\n"
                f"  asked:    {_shown(effect)}\n"
                f"  after it: {'; '.join(map(_shown_step, self.left)) or 'nothing more'}"
            )
        if isinstance(effect, Sleep):
            super().perform(effect)
        return self._outcome(effect, step[1])

    def _outcome(self, effect: Effect, result: object) -> object:
        if isinstance(result, CalcomError):
            raise copy(result)  # programs write into it, and a script may say it twice
        if isinstance(result, Exception):
            raise result
        kinds, said = _RESULTS[type(effect)]
        if isinstance(result, bool) or not isinstance(result, kinds):
            kind = type(result).__name__
            raise _Mismatch(f"{self._at()}: {said} or an exception, and not {kind}")
        return result

    def _steps(self, script: object) -> list[Step]:
        try:
            return _checked(script)
        except InvalidInput as error:
            raise _Mismatch(error) from None

    def _at(self) -> str:
        return f"{self.where}step {self.number}"

    def _nothing_left(self, how: str, error: Exception | None = None) -> None:
        if self.left:
            rest = "; ".join(_shown_step(step) for step in self.left)
            raise _Mismatch(
                f"the program {how} after {self._at()}, and the script goes on: {rest}"
            ) from error


def _is_branches(step: Step) -> bool:
    return all(isinstance(part, list) for part in step)


def _is_pair(step: Step) -> bool:
    if len(step) != 2:
        return False
    asked = step[0]
    return isinstance(asked, (Operation, Request, Send, Sleep, Clock)) or (
        isinstance(asked, tuple) and [type(part) for part in asked] == [str, str]
    )


def _checked(script: object) -> list[Step]:
    if isinstance(script, str) or not isinstance(script, Iterable):
        raise InvalidInput("script", f"must be a list of steps, not {type(script).__name__}")
    steps = list(script)
    for number, step in enumerate(steps, 1):
        if not isinstance(step, tuple) or not (_is_branches(step) or _is_pair(step)):
            raise InvalidInput(
                "script",
                f"step {number} must be a pair (expected, result), "
                "or for a Gather a tuple of scripts, each a list",
            )
    return steps


def _differences(step: Step, effect: Effect) -> list[str]:
    """Return the names of what differs between what is expected and what is asked for."""
    if _is_branches(step):
        return ["the number of branches" if isinstance(effect, Gather) else "its kind"]
    expected = step[0]
    if not isinstance(effect, Send) or isinstance(expected, (Send, Sleep, Clock)):
        same = type(expected) is type(effect)
        return [] if expected == effect else ["what it says" if same else "its kind"]
    request = effect.request
    url = urlsplit(request.url)
    query = parse_qsl(url.query, keep_blank_values=True)
    if isinstance(expected, Request):
        wanted_url = urlsplit(expected.url)
        parts = {
            "method": expected.method == request.method,
            "url": wanted_url._replace(query="") == url._replace(query=""),
            **_named(
                "query", dict(parse_qsl(wanted_url.query, keep_blank_values=True)), dict(query)
            ),
            **_named("header", dict(expected.headers), dict(request.headers)),
            **_named("body", _json(expected.body), _json(request.body)),
        }
        if all(parts.values()):  # and still the order of its headers, say
            parts["what it says"] = expected == request
    elif isinstance(expected, Operation):
        version = request.headers.get("cal-api-version")
        parts = {
            "method": expected.method == request.method,
            "path": url.path.endswith(expected.path),
            f"version ({expected.version}, asked {version})": expected.version in (None, version),
            **_named("query", dict(expected.query), dict(query)),
            **_named("body", _json(expected.body or b""), _json(request.body)),
        }
    else:
        method, target = cast("tuple[str, str]", expected)
        path, has_query, wanted = target.partition("?")
        asked = sorted(query)
        parts = {
            "method": method == request.method,
            "path": path.startswith("/") and url.path.endswith(path),
            "query": not has_query or sorted(parse_qsl(wanted, keep_blank_values=True)) == asked,
        }
    return [part for part, equal in parts.items() if not equal]


def _named(part: str, expected: object, asked: object) -> dict[str, bool]:
    if not (isinstance(expected, dict) and isinstance(asked, dict)):
        return {part: expected == asked}
    return {
        f"{part}.{name}": name in expected and name in asked and expected[name] == asked[name]
        for name in {**expected, **asked}
    }


def _json(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return body


def _shown_step(step: Step) -> str:
    if _is_branches(step):
        return f"Gather of {len(step)}"
    return _shown(step[0])


def _shown(asked: object) -> str:
    match asked:
        case Operation():
            return f"{asked.name} ({asked.method} {asked.path})"
        case Send():
            return _shown(asked.operation or asked.request)
        case Request():
            return f"{asked.method} {urlsplit(asked.url).path}"
        case Gather():
            return f"Gather of {len(asked.programs)}"
        case (str() as method, str() as target):
            return f"{method} {target.partition('?')[0]}"
    return repr(asked)
