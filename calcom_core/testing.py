"""Run a program by a script in a test, without a clock, a thread or a network.

A script lists the effects that the program must yield, in order, and the result of each: a
response, or an exception to raise.
The first difference raises `ScriptError`, whose message shows no value of a query or a body.
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
"""An effect that the program must yield.

Give a request as an `Operation`, a `Request`, a `Send`, or a pair `("GET", "/v2/bookings/uid")`.
A pair does not compare the body, and compares the query only if it contains one.
"""

Result: TypeAlias = Response | Exception | float | None
"""The result of an effect; an exception is raised in the program, a `CalcomError` as a copy."""

Step: TypeAlias = "tuple[Expected, Result] | tuple[Script, ...]"
"""An effect and its result, or for a `Gather` a tuple of the scripts of its branches, as lists."""

Script: TypeAlias = "Sequence[Step]"
"""The steps of a program, in order."""


_RESULTS: Mapping[type[object], tuple[tuple[type[object], ...], str]] = {
    Send: ((Response,), "the result of a request must be a Response"),
    Sleep: ((type(None),), "the result of a sleep must be None"),
    Clock: ((int, float), "the result of a clock must be a number of seconds"),
}


class ScriptError(AssertionError):
    """A program differs from its script."""


def run_script(program: Program[T], script: Script) -> T:
    """Run a program by a script, and return its result.

    A `Clock` that the script omits returns the sum of the sleeps so far, in seconds.
    The branches of a `Gather` run one after another; after a failed one, the rest do not run.

    Raises:
        ScriptError: for the first difference, and for steps that remain when the program ends.
        InvalidInput: for an invalid script.
        Exception: the error of the program, if no steps remain.
    """
    play: _ScriptedPlay[T] = _ScriptedPlay(check_program(program), steps=_check_script(script))
    try:
        return play.finish(play.perform, "iterate_script")
    except _Mismatch as mismatch:
        raise mismatch.error from mismatch.__cause__


def iterate_script(stream: Stream[T], script: Script) -> Iterator[T]:
    """Run a stream by a script, and yield the items it emits; otherwise as `run_script`.

    Leaving the loop ends the program, and the remaining steps are not checked.
    """
    return _items(_ScriptedPlay(check_program(stream), steps=_check_script(script)))


def _items(play: "_ScriptedPlay[T]") -> Iterator[T]:
    try:
        yield from play.items(play.perform)
    except _Mismatch as mismatch:
        raise mismatch.error from mismatch.__cause__


class _Mismatch(BaseException):
    """Ends the program at the first difference; a BaseException, because programs catch errors."""

    def __init__(self, error: ScriptError | InvalidInput | str) -> None:
        super().__init__()
        self.error = ScriptError(error) if isinstance(error, str) else error


@define(eq=False)
class _ScriptedPlay(Play[T]):
    """A running program and the remaining steps of its script."""

    steps: list[Step] = field(kw_only=True)
    prefix: str = ""
    number: int = field(default=0, init=False)

    def resume(
        self, outcome: object = None, failure: Exception | None = None
    ) -> Effect | Emit[Any] | Returned[T]:
        """Return the next effect; when the program ends, check that no steps remain."""
        try:
            step = super().resume(outcome, failure)
        except Exception as error:
            # Shown, because the message of an InvalidInput holds no personal data.
            why = f" ({error})" if isinstance(error, InvalidInput) else ""
            self._check_no_steps(f"raised {type(error).__name__}{why}", error)
            raise
        if isinstance(step, Returned):
            self._check_no_steps("ended")
        return step

    def perform(self, effect: Effect) -> object:
        """Compare an effect with the next step, and return or raise the result of that step."""
        if not isinstance(effect, (Send, Sleep, Clock, Gather)):
            raise _Mismatch(no_effect(effect))
        if isinstance(effect, Clock) and not (self.steps and self.steps[0][:1] == (effect,)):
            return super().perform(effect)
        self.number += 1
        if not self.steps:
            raise _Mismatch(
                f"{self._position()}: the program yielded {_describe(effect)}, and no steps remain"
            )
        step = self.steps.pop(0)
        if isinstance(effect, Gather) and _is_branches(step) and len(step) == len(effect.programs):
            branches = self.branches(effect)
            for number, (play, script) in enumerate(zip(branches, step, strict=True)):
                play.steps = self._steps(script)
                play.prefix = f"{self._position()}, branch {number}, "
            return self.gather(branches)
        differences = _differences(step, effect)
        if differences:
            raise _Mismatch(
                f"{self._position()} differs in {', '.join(differences)}:\n"
                f"  expected: {_describe_step(step)}\n"
                f"  yielded:  {_describe(effect)}\n"
                f"  remaining steps: {'; '.join(map(_describe_step, self.steps)) or 'none'}"
            )
        if isinstance(effect, Sleep):
            super().perform(effect)
        return self._outcome(effect, step[1])

    def _outcome(self, effect: Effect, result: object) -> object:
        if isinstance(result, CalcomError):
            raise copy(result)  # programs modify it, and a script may contain it twice
        if isinstance(result, Exception):
            raise result
        types, rule = _RESULTS[type(effect)]
        if isinstance(result, bool) or not isinstance(result, types):
            found = type(result).__name__
            raise _Mismatch(f"{self._position()}: {rule} or an exception, not {found}")
        return result

    def _steps(self, script: object) -> list[Step]:
        try:
            return _check_script(script)
        except InvalidInput as error:
            raise _Mismatch(error) from None

    def _position(self) -> str:
        return f"{self.prefix}step {self.number}"

    def _check_no_steps(self, how: str, error: Exception | None = None) -> None:
        if self.steps:
            rest = "; ".join(_describe_step(step) for step in self.steps)
            raise _Mismatch(
                f"the program {how} after {self._position()}, and steps remain: {rest}"
            ) from error


def _is_branches(step: Step) -> bool:
    return all(isinstance(part, list) for part in step)


def _is_pair(step: Step) -> bool:
    if len(step) != 2:
        return False
    expected = step[0]
    return isinstance(expected, (Operation, Request, Send, Sleep, Clock)) or (
        isinstance(expected, tuple) and [type(part) for part in expected] == [str, str]
    )


def _check_script(script: object) -> list[Step]:
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
    """Return the names of the parts in which an effect differs from a step."""
    if _is_branches(step):
        return ["the number of branches" if isinstance(effect, Gather) else "its kind"]
    expected = step[0]
    if not isinstance(effect, Send) or isinstance(expected, (Send, Sleep, Clock)):
        same = type(expected) is type(effect)
        return [] if expected == effect else ["its arguments" if same else "its kind"]
    request = effect.request
    url = urlsplit(request.url)
    query = parse_qsl(url.query, keep_blank_values=True)
    if isinstance(expected, Request):
        wanted_url = urlsplit(expected.url)
        parts = {
            "method": expected.method == request.method,
            "url": wanted_url._replace(query="") == url._replace(query=""),
            **_compare_keys(
                "query", dict(parse_qsl(wanted_url.query, keep_blank_values=True)), dict(query)
            ),
            **_compare_keys("header", dict(expected.headers), dict(request.headers)),
            **_compare_keys("body", _json(expected.body), _json(request.body)),
        }
        if all(parts.values()):  # such as the order of the headers
            parts["another part"] = expected == request
    elif isinstance(expected, Operation):
        version = request.headers.get("cal-api-version")
        parts = {
            "method": expected.method == request.method,
            "path": url.path.endswith(expected.path),
            f"version ({expected.version}, sent {version})": expected.version in (None, version),
            **_compare_keys("query", dict(expected.query), dict(query)),
            **_compare_keys("body", _json(expected.body or b""), _json(request.body)),
        }
    else:
        method, target = cast("tuple[str, str]", expected)
        path, has_query, wanted = target.partition("?")
        sent = sorted(query)
        parts = {
            "method": method == request.method,
            "path": path.startswith("/") and url.path.endswith(path),
            "query": not has_query or sorted(parse_qsl(wanted, keep_blank_values=True)) == sent,
        }
    return [part for part, equal in parts.items() if not equal]


def _compare_keys(part: str, expected: object, sent: object) -> dict[str, bool]:
    if not (isinstance(expected, dict) and isinstance(sent, dict)):
        return {part: expected == sent}
    return {
        f"{part}.{name}": name in expected and name in sent and expected[name] == sent[name]
        for name in {**expected, **sent}
    }


def _json(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return body


def _describe_step(step: Step) -> str:
    if _is_branches(step):
        return f"Gather of {len(step)}"
    return _describe(step[0])


def _describe(value: object) -> str:
    match value:
        case Operation():
            return f"{value.name} ({value.method} {value.path})"
        case Send():
            return _describe(value.operation or value.request)
        case Request():
            return f"{value.method} {urlsplit(value.url).path}"
        case Gather():
            return f"Gather of {len(value.programs)}"
        case (str() as method, str() as target):
            return f"{method} {target.partition('?')[0]}"
    return repr(value)
