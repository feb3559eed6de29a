"""Effects are checked values; the program of one operation, step by step."""

import math
from collections.abc import Callable, Generator
from typing import Any

import pytest
from core_recorded import response_of

from calcom_core import (
    NO_RETRY,
    Anonymous,
    Api,
    Exchange,
    InvalidInput,
    NoAnswer,
    NotFound,
    NotSent,
    Response,
    Timeout,
    TransportError,
    bookings,
    retrying,
)
from calcom_core.effects import (
    Clock,
    Emit,
    Gather,
    Send,
    Sleep,
    clock,
    emit,
    gather,
    send,
    sleep,
)
from calcom_core.execution import CancelledInRecording, Play
from calcom_core.retry import exchange_with_retries

API = Api(Anonymous())
GET = bookings.get_one("bk7")
RESPONSE = response_of("29-get-normal")


def nothing() -> Generator[Any, Any, int]:
    yield Clock()
    return 1


EFFECTS: dict[str, tuple[Callable[[], object], str]] = {
    "a negative sleep": (lambda: Sleep(-1), "seconds"),
    "a sleep of NaN": (lambda: Sleep(math.nan), "seconds"),
    "a sleep of centuries": (lambda: Sleep(1.1e9), "seconds"),
    "a sleep that no float holds": (lambda: Sleep(10**400), "seconds"),
    "an endless sleep": (lambda: Sleep(math.inf), "seconds"),
    "a negative jitter": (lambda: Sleep(1, -0.1), "jitter"),
    "a jitter above 1": (lambda: Sleep(1, 1.1), "jitter"),
    "a jitter of NaN": (lambda: Sleep(1, math.nan), "jitter"),
    "nothing left of a deadline": (lambda: Send(API.request(GET), remaining=0), "remaining"),
    "less than nothing left": (lambda: Send(API.request(GET), remaining=-1.5), "remaining"),
    "NaN left": (lambda: Send(API.request(GET), remaining=math.nan), "remaining"),
    "all time left": (lambda: Send(API.request(GET), remaining=math.inf), "remaining"),
    "text left": (lambda: Send(API.request(GET), remaining="5"), "remaining"),  # type: ignore[arg-type]
    "an attempt of 0": (lambda: Send(API.request(GET), attempt=0), "attempt"),
    "a limit of 0": (lambda: Gather((), 0), "limit"),
    "a limit of True": (lambda: Gather((), True), "limit"),
    "a limit of a fraction": (lambda: Gather((), 1.5), "limit"),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("name", EFFECTS)
def test_an_invalid_effect_is_refused(name: str) -> None:
    call, field = EFFECTS[name]
    with pytest.raises(InvalidInput) as caught:
        call()
    assert caught.value.field == field


def test_one_program_cannot_run_twice_at_once() -> None:
    program = nothing()
    with pytest.raises(InvalidInput) as caught:
        Gather((program, nothing(), program), 2)
    assert (
        str(caught.value)
        == "programs: contains one program twice; call its function again for another"
    )


def test_a_program_cannot_run_again() -> None:
    program = nothing()
    assert list(program) == [Clock()]
    with pytest.raises(InvalidInput, match="has run already; call the function again"):
        Gather((program,), 1)


def test_effects_are_equal_by_their_fields() -> None:
    request = API.request(GET)
    assert Send(request, GET, Timeout()) == Send(request, GET, Timeout())
    assert Send(request) != Send(request, GET)
    assert Send(request, remaining=1) == Send(request, remaining=2)
    assert (Sleep(1, 0.5), Clock()) == (Sleep(1, 0.5), Clock())
    assert (Sleep(0), Sleep(1, 1)) == (Sleep(0, 0.0), Sleep(1.0, 1.0))


def step(program: Generator[Any, Any, Any], result: object, expected: object) -> None:
    """Send the result of the last effect of a program."""
    with pytest.raises(StopIteration) as stopped:
        program.send(result)
    assert stopped.value.value == expected


def test_the_rest_of_a_deadline_caps_each_phase_of_a_timeout() -> None:
    request, usual = API.request(GET), Timeout(10, 30, 60)
    mine = Timeout(1, 2, 3)
    for effect, timeout in (
        (Send(request), usual),
        (Send(request, timeout=mine), mine),
        (Send(request, remaining=100), usual),
        (Send(request, remaining=45), Timeout(10, 30, 45)),
        (Send(request, remaining=20), Timeout(10, 20, 20)),
        (Send(request, timeout=mine, remaining=2.5), Timeout(1, 2, 2.5)),
        (Send(request, timeout=mine, remaining=0.5), Timeout(0.5, 0.5, 0.5)),
    ):
        assert effect.timeout_or(usual) == timeout
    assert Send(request).timeout_or(None) is None
    assert Send(request, remaining=45).timeout_or(None) == Timeout(10, 30, 45)


def test_the_helpers_yield_one_effect_each_and_return_its_result() -> None:
    request = API.request(GET)
    sending = send(request, GET, Timeout(1))
    assert next(sending) == Send(request, GET, Timeout(1))
    step(sending, RESPONSE, RESPONSE)
    assert next(sleep(3.0)) == Sleep(3.0, 0.0)
    sleeping = sleep(2.0, jitter=1.0)
    assert next(sleeping) == Sleep(2.0, 1.0)
    step(sleeping, None, None)
    reading = clock()
    assert next(reading) == Clock()
    step(reading, 12.5, 12.5)
    branches = (nothing(), nothing())
    gathering = gather((branch for branch in branches), limit=4)
    gathered = next(gathering)
    assert isinstance(gathered, Gather)
    assert (gathered.programs, gathered.limit) == (branches, 4)
    step(gathering, (1, 1), (1, 1))
    emitting = emit("item")
    emitted = next(emitting)
    assert isinstance(emitted, Emit)
    assert emitted.item == "item"
    step(emitting, None, None)


def test_the_program_of_an_operation_sends_once_and_decodes() -> None:
    program = retrying(API, GET, NO_RETRY)
    assert next(program) == Send(API.request(GET), GET, None)
    step(program, RESPONSE, GET.read(RESPONSE))


def test_the_program_passes_its_timeout_on() -> None:
    effect = next(retrying(API, GET, NO_RETRY, Timeout(1, 2, 3)))
    assert effect == Send(API.request(GET), GET, Timeout(1, 2, 3))


def test_an_exchange_has_its_request_response_and_value() -> None:
    program = exchange_with_retries(API, GET, NO_RETRY)
    request = API.request(GET)
    assert next(program) == Send(request, GET, None)
    step(program, RESPONSE, Exchange(request, RESPONSE, GET.read(RESPONSE)))
    assert "Ann Attendee" not in repr(Exchange(request, RESPONSE, GET.read(RESPONSE)))


@pytest.mark.parametrize("error", [NotSent, NoAnswer, TransportError])
def test_an_error_of_the_transport_has_the_operation(error: type[TransportError]) -> None:
    program = retrying(API, GET, NO_RETRY)
    next(program)
    thrown = error("no luck", reason="connect")
    with pytest.raises(error) as caught:
        program.throw(thrown)
    assert caught.value is thrown
    assert caught.value.operation == GET


def test_a_refusal_is_raised_and_not_retried() -> None:
    program = retrying(API, GET, NO_RETRY)
    next(program)
    with pytest.raises(NotFound):
        program.send(response_of("191-get-bad-uid"))
    with pytest.raises(StopIteration):
        next(program)


def test_another_error_passes_unchanged() -> None:
    program = retrying(API, GET)
    next(program)
    with pytest.raises(KeyboardInterrupt):
        program.throw(KeyboardInterrupt())


def test_a_program_may_be_closed_before_its_response() -> None:
    program = retrying(API, GET)
    next(program)
    program.close()
    with pytest.raises(StopIteration):
        program.send(Response(200))


class CancellingPlay(Play[Any]):
    """Ends the first branch as a recording with a cancelled branch does."""

    def perform(self, effect: Any) -> object:
        if isinstance(effect, Sleep) and self.branch == (0,):
            raise CancelledInRecording
        return super().perform(effect)


def test_a_play_runs_the_branches_after_a_cancelled_one() -> None:
    ended: list[float] = []

    def branch(seconds: float) -> Generator[Any, Any, None]:
        yield from sleep(seconds)
        ended.append((yield from clock()))

    def program() -> Generator[Any, Any, Any]:
        return (yield from gather([branch(1), branch(2), branch(3)], limit=3))

    play = CancellingPlay(program())
    with pytest.raises(CancelledInRecording):
        play.finish(play.perform, "iterate_script")
    assert (ended, play.elapsed) == ([2.0, 3.0], 3.0)


def test_a_play_refuses_an_unknown_effect() -> None:
    def program() -> Generator[Any, Any, None]:
        yield "effect"

    play: Play[None] = Play(program())
    with pytest.raises(InvalidInput):
        play.finish(play.perform, "iterate_script")
