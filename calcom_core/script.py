"""Plays a program by a script, for tests: what it is to ask for, and what comes of it.

No clock, no thread and no network: the test says what comes, an answer or a failure, and the
program is held to what it says.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from typing import Any, Generic, TypeAlias, TypeVar, cast
from urllib.parse import parse_qsl, urlsplit

from calcom_core.effects import (
    Clock,
    Effect,
    Emit,
    Gather,
    Program,
    Send,
    Sleep,
    Stream,
    no_effect,
    no_stream,
    program_of,
)
from calcom_core.errors import CalcomError, InvalidInput
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
        InvalidInput: for a script that is none.
        Exception: what the program raises, if the script is at its end then.
    """
    player: _Player[T] = _Player(program_of(program), script, "", 0.0)
    return player.finish()


def iterate_script(stream: Stream[T], script: Script) -> Iterator[T]:
    """Play a streaming program by its script, and yield the items it emits; else as `run_script`.

    Leaving the loop ends the program, and then nothing is left over.
    """
    player: _Player[None] = _Player(program_of(stream), script, "", 0.0)
    return player.items()


class _Player(Generic[T]):
    """A program under way, and what is left of its script."""

    def __init__(self, program: Program[T], script: Script, where: str, elapsed: float) -> None:
        self._program = program
        self._left = _checked(script)
        self._where = where
        self._number = 0
        self.elapsed = elapsed
        self._result: Any = None

    def finish(self) -> T:
        try:
            if self._advance() is not None:
                raise InvalidInput(
                    "program", "emits, as only a stream may: give it to iterate_script"
                )
            return cast(T, self._result)
        finally:
            self._program.close()

    def items(self) -> Iterator[Any]:
        try:
            while (item := self._advance()) is not None:
                yield item.item
            if self._result is not None:
                raise no_stream(self._result)
        finally:
            self._program.close()

    def _advance(self) -> Emit[Any] | None:
        """Return the next item emitted, or None once the program has ended."""
        result: object = None
        failure: Exception | None = None
        while True:
            try:
                effect: Effect | Emit[Any]
                if failure is None:
                    effect = self._program.send(result)
                else:
                    effect = self._program.throw(failure)
            except StopIteration as stop:
                self._nothing_left("ended")
                self._result = stop.value
                return None
            except Exception as error:
                # The text of what was refused here holds no value of anybody's.
                why = f" ({error})" if isinstance(error, InvalidInput) else ""
                self._nothing_left(f"raised {type(error).__name__}{why}", error)
                raise
            if isinstance(effect, Emit):
                return effect
            result, failure = self._perform(effect)

    def _nothing_left(self, how: str, error: Exception | None = None) -> None:
        if self._left:
            rest = "; ".join(_shown_step(step) for step in self._left)
            raise ScriptError(
                f"the program {how} after {self._at()}, and the script goes on: {rest}"
            ) from error

    def _at(self) -> str:
        return f"{self._where}step {self._number}"

    def _perform(self, effect: Effect) -> tuple[object, Exception | None]:
        if not isinstance(effect, (Send, Sleep, Clock, Gather)):
            raise no_effect(effect)
        if isinstance(effect, Clock) and not (self._left and self._left[0][:1] == (effect,)):
            return self.elapsed, None
        self._number += 1
        if not self._left:
            raise ScriptError(
                f"{self._at()}: the program asks for {_shown(effect)}, and the script is at its end"
            )
        step = self._left.pop(0)
        if isinstance(effect, Gather) and _is_branches(step) and len(step) == len(effect.programs):
            return self._gather(effect, cast("tuple[Script, ...]", step))
        differences = _differences(step, effect)
        if differences:
            raise ScriptError(
                f"{self._at()} differs in {', '.join(differences)}:\n"
                f"  expected: {_shown_step(step)}\n"
                f"  asked:    {_shown(effect)}\n"
                f"  after it: {'; '.join(map(_shown_step, self._left)) or 'nothing more'}"
            )
        result = step[1]
        if isinstance(effect, Sleep):
            self.elapsed += effect.seconds
        if isinstance(result, CalcomError):
            return None, copy(result)  # programs write into it, and a script may say it twice
        if isinstance(result, Exception):
            return None, result
        kinds, said = _RESULTS[type(effect)]
        if isinstance(result, bool) or not isinstance(result, kinds):
            kind = type(result).__name__
            raise ScriptError(f"{self._at()}: {said} or an exception, and not {kind}")
        return result, None

    def _gather(
        self, effect: Gather, scripts: tuple[Script, ...]
    ) -> tuple[object, Exception | None]:
        results = []
        elapsed = self.elapsed
        try:
            for number, (program, script) in enumerate(zip(effect.programs, scripts, strict=True)):
                branch: _Player[Any] = _Player(
                    program, script, f"{self._at()}, branch {number}, ", self.elapsed
                )
                try:
                    results.append(branch.finish())
                except ScriptError:
                    raise
                except Exception as error:  # the program decides what it means
                    return None, error
                finally:
                    elapsed = max(elapsed, branch.elapsed)
        finally:
            self.elapsed = elapsed
            for program in effect.programs:
                program.close()
        return tuple(results), None


def _is_branches(step: Step) -> bool:
    return all(isinstance(part, list) for part in step)


def _is_pair(step: Step) -> bool:
    if len(step) != 2:
        return False
    asked = step[0]
    return isinstance(asked, (Operation, Request, Send, Sleep, Clock)) or (
        isinstance(asked, tuple) and [type(part) for part in asked] == [str, str]
    )


def _checked(script: Script) -> list[Step]:
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
