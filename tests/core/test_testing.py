"""Programs run with a script, and the report of a difference."""

from collections.abc import Callable, Generator
from typing import Any

import pytest
from attrs import evolve
from core_recorded import A_BOOKING, RECORDED, response_of

from calcom_core import (
    HOSTED,
    NO_RETRY,
    Anonymous,
    Api,
    ApiKey,
    InvalidInput,
    NoAnswer,
    NotFound,
    NotSent,
    Response,
    bookings,
    iterate_script,
    retrying,
    run_script,
)
from calcom_core.effects import (
    Clock,
    Program,
    Send,
    Sleep,
    Stream,
    clock,
    emit,
    gather,
    send,
    sleep,
)
from calcom_core.testing import ScriptError

API = Api(ApiKey("cal_test_script"), "https://cal.example/prefix")
GET = bookings.get_one("bk7")
LIST = bookings.list(status="past", take=2, skip=2)
CREATE = bookings.create(A_BOOKING)
GOOD = response_of("29-get-normal")
LISTED = response_of("161-list-take2-skip2")
CREATED = response_of("21-create-normal-noauth")
BOOKING = GET.read(GOOD)


def get() -> Program[Any]:
    return retrying(API, GET, NO_RETRY)


def waiting() -> Program[list[float]]:
    """Sleep twice and return the clock before, between and after."""
    times = [(yield from clock())]
    yield from sleep(2.5)
    times.append((yield from clock()))
    yield from sleep(4, jitter=1)
    times.append((yield from clock()))
    return times


def both() -> Program[Any]:
    """Get and list concurrently."""
    return (yield from gather([get(), retrying(API, LIST, NO_RETRY)], limit=2))


@pytest.mark.parametrize(
    "expected",
    [
        GET,
        API.request(GET),
        Send(API.request(GET), GET),
        ("GET", "/v2/bookings/bk7"),
        ("GET", "/prefix/v2/bookings/bk7"),
    ],
)
def test_a_request_is_expected_as_an_operation_or_by_method_and_path(
    expected: Any,
) -> None:
    assert run_script(get(), [(expected, GOOD)]) == BOOKING


def test_a_query_is_compared_where_it_is_given() -> None:
    def listing() -> Program[Any]:
        return retrying(API, LIST, NO_RETRY)

    for path in ("/v2/bookings", "/v2/bookings?skip=2&take=2&status=past"):
        assert run_script(listing(), [(("GET", path), LISTED)]) == LIST.read(LISTED)
    with pytest.raises(ScriptError, match=r"^step 1 differs in query:"):
        run_script(listing(), [(("GET", "/v2/bookings?take=2"), LISTED)])


def test_a_request_without_an_operation_is_compared() -> None:
    def sending() -> Program[Response]:
        return send(API.request(CREATE))

    assert run_script(sending(), [(CREATE, CREATED)]) == CREATED
    other = bookings.create({**A_BOOKING, "event_type_id": 2, "length_in_minutes": 5})
    with pytest.raises(ScriptError, match=r"differs in body.eventTypeId, body.lengthInMinutes:"):
        run_script(sending(), [(other, CREATED)])


def test_an_exception_is_raised_in_the_program_and_may_leave_it() -> None:
    lost = NoAnswer("cut short", reason="closed")
    with pytest.raises(NoAnswer) as caught:
        run_script(get(), [(GET, lost)])
    assert (caught.value.args, caught.value.attempts) == (lost.args, 1)
    assert (lost.attempts, lost.operation) == (0, None)  # another script may repeat it
    interrupted = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError) as other:
        run_script(get(), [(GET, interrupted)])
    assert other.value is interrupted
    with pytest.raises(NotFound):
        run_script(get(), [(GET, response_of("191-get-bad-uid"))])


def test_the_clock_advances_by_the_sleeps_unless_the_script_sets_it() -> None:
    sleeps = [(Sleep(2.5), None), (Sleep(4, jitter=1), None)]
    assert run_script(waiting(), sleeps) == [0.0, 2.5, 6.5]
    script = [(Clock(), 100.0), sleeps[0], (Clock(), 103.0), sleeps[1]]
    assert run_script(waiting(), script) == [100.0, 103.0, 6.5]


def test_a_parameter_without_a_value_is_compared() -> None:
    request = API.request(LIST)

    def sending() -> Program[Response]:
        url = "https://cal.example/v2/bookings?status=&take=2"
        return send(type(request)(request.method, url, request.headers))

    assert run_script(sending(), [(("GET", "/v2/bookings?take=2&status="), LISTED)]) == LISTED
    with pytest.raises(ScriptError, match=r"^step 1 differs in query:"):
        run_script(sending(), [(("GET", "/v2/bookings?take=2"), LISTED)])


def test_the_clock_of_a_stream_starts_at_0() -> None:
    def emitting() -> Stream[float]:
        yield from emit((yield from clock()))

    assert list(iterate_script(emitting(), [])) == [0.0]


def test_a_gather_takes_a_tuple_of_scripts() -> None:
    page = LIST.read(LISTED)
    assert run_script(both(), [([(GET, GOOD)], [(LIST, LISTED)])]) == (BOOKING, page)


def test_branches_sleep_concurrently() -> None:
    def timed() -> Program[Any]:
        yield from sleep(1)
        results = yield from gather([waiting(), waiting()], limit=2)
        return results, (yield from clock())

    branch = [(Sleep(2.5), None), (Sleep(4, jitter=1), None)]
    times = [1.0, 3.5, 7.5]
    assert run_script(timed(), [(Sleep(1), None), (branch, branch)]) == ((times, times), 7.5)


def test_a_failing_branch_ends_the_branches_after_it() -> None:
    lost = NotSent("refused", reason="refused")

    def caught() -> Program[Any]:
        try:
            return (yield from both())
        except NotSent as error:
            return error

    for branches in (([(GET, lost)], [(LIST, LISTED)]), ([(GET, GOOD)], [(LIST, lost)])):
        assert run_script(caught(), [branches]).args == lost.args


def test_a_gather_of_nothing_is_an_empty_tuple() -> None:
    assert run_script(gather([], limit=1), [()]) == ()


def test_a_stream_yields_its_emitted_items() -> None:
    def counting() -> Stream[int]:
        yield from emit(1)
        yield from sleep(1)
        yield from emit(2)

    assert list(iterate_script(counting(), [(Sleep(1), None)])) == [1, 2]
    for number in iterate_script(counting(), [(Sleep(1), None), (Sleep(2), None)]):
        assert number == 1
        break
    emitted: list[int] = []
    with pytest.raises(ScriptError) as caught:
        emitted.extend(iterate_script(counting(), [(Sleep(1), None), (Sleep(2), None)]))
    assert emitted == [1, 2]
    assert str(caught.value) == (
        "the program ended after step 1, and steps remain: Sleep(seconds=2, jitter=0.0)"
    )
    with pytest.raises(InvalidInput, match="pass it to iterate_script"):
        run_script(counting(), [])


REPORTS: dict[str, tuple[Callable[[], Program[Any]], Any, str]] = {
    "another operation": (
        get,
        [(bookings.cancel("bk7"), GOOD), (GET, GOOD), (("GET", "/v2/x"), GOOD), ([], [])],
        "step 1 differs in method, path, body:\n"
        "  expected: bookings.cancel (POST /v2/bookings/bk7/cancel)\n"
        "  yielded:  bookings.get_one (GET /v2/bookings/bk7)\n"
        "  remaining steps: bookings.get_one (GET /v2/bookings/bk7); GET /v2/x; Gather of 2",
    ),
    "another path": (
        get,
        [(("GET", "/v2/bookings/other"), GOOD)],
        "step 1 differs in path:\n"
        "  expected: GET /v2/bookings/other\n"
        "  yielded:  bookings.get_one (GET /v2/bookings/bk7)\n"
        "  remaining steps: none",
    ),
    "an invalid path": (
        get,
        [(("GET", "bk7"), GOOD)],
        "step 1 differs in path:\n"
        "  expected: GET bk7\n"
        "  yielded:  bookings.get_one (GET /v2/bookings/bk7)\n"
        "  remaining steps: none",
    ),
    "another method": (
        get,
        [(("DELETE", "/v2/bookings/bk7"), GOOD)],
        "step 1 differs in method:\n"
        "  expected: DELETE /v2/bookings/bk7\n"
        "  yielded:  bookings.get_one (GET /v2/bookings/bk7)\n"
        "  remaining steps: none",
    ),
    "another query": (
        lambda: retrying(API, LIST, NO_RETRY),
        [(bookings.list(status="past", take=3, sort_start="asc"), LISTED)],
        "step 1 differs in query.sortStart, query.take, query.skip:\n"
        "  expected: bookings.list (GET /v2/bookings)\n"
        "  yielded:  bookings.list (GET /v2/bookings)\n"
        "  remaining steps: none",
    ),
    "another version": (
        lambda: retrying(Api(ApiKey("cal_test_script"), versions=HOSTED), GET, NO_RETRY),
        [(bookings.get_one("bk7", cal_api_version="2024-08-13"), GOOD)],
        "step 1 differs in version (2024-08-13, sent 2026-02-25):\n"
        "  expected: bookings.get_one (GET /v2/bookings/bk7)\n"
        "  yielded:  bookings.get_one (GET /v2/bookings/bk7)\n"
        "  remaining steps: none",
    ),
    "another whole request": (
        get,
        [(Api(Anonymous()).request(GET), GOOD)],
        "step 1 differs in url, header.Authorization:\n"
        "  expected: GET /v2/bookings/bk7\n"
        "  yielded:  bookings.get_one (GET /v2/bookings/bk7)\n"
        "  remaining steps: none",
    ),
    "a whole request of another query": (
        lambda: retrying(API, LIST, NO_RETRY),
        [(API.request(bookings.list(status="past", take=3)), LISTED)],
        "step 1 differs in query.take, query.skip:\n"
        "  expected: GET /prefix/v2/bookings\n"
        "  yielded:  bookings.list (GET /v2/bookings)\n"
        "  remaining steps: none",
    ),
    "a whole request of another body": (
        lambda: send(API.request(bookings.cancel("bk7", {"cancellation_reason": "ill"}))),
        [(API.request(bookings.cancel("bk7", {"cancellation_reason": "away"})), LISTED)],
        "step 1 differs in body.cancellationReason:\n"
        "  expected: POST /prefix/v2/bookings/bk7/cancel\n"
        "  yielded:  POST /prefix/v2/bookings/bk7/cancel\n"
        "  remaining steps: none",
    ),
    "a whole request with a header twice": (
        get,
        [(evolve(API.request(GET), headers=[("X", "1"), *API.request(GET).headers]), GOOD)],
        "step 1 differs in header.X:\n"
        "  expected: GET /prefix/v2/bookings/bk7\n"
        "  yielded:  bookings.get_one (GET /v2/bookings/bk7)\n"
        "  remaining steps: none",
    ),
    "a whole request with its headers in another order": (
        get,
        [(evolve(API.request(GET), headers=[*API.request(GET).headers][::-1]), GOOD)],
        "step 1 differs in another part:\n"
        "  expected: GET /prefix/v2/bookings/bk7\n"
        "  yielded:  bookings.get_one (GET /v2/bookings/bk7)\n"
        "  remaining steps: none",
    ),
    "a sleep for a request": (
        get,
        [(Sleep(1), None)],
        "step 1 differs in its kind:\n"
        "  expected: Sleep(seconds=1, jitter=0.0)\n"
        "  yielded:  bookings.get_one (GET /v2/bookings/bk7)\n"
        "  remaining steps: none",
    ),
    "another timeout": (
        get,
        [(Send(API.request(GET), GET, 5.0), GOOD)],
        "step 1 differs in its arguments:\n"
        "  expected: bookings.get_one (GET /v2/bookings/bk7)\n"
        "  yielded:  bookings.get_one (GET /v2/bookings/bk7)\n"
        "  remaining steps: none",
    ),
    "a longer sleep": (
        waiting,
        [(Sleep(2.5), None), (Sleep(4), None)],
        "step 2 differs in its arguments:\n"
        "  expected: Sleep(seconds=4, jitter=0.0)\n"
        "  yielded:  Sleep(seconds=4, jitter=1)\n"
        "  remaining steps: none",
    ),
    "a clock too many": (
        waiting,
        [(Clock(), 1.0), (Clock(), 2.0)],
        "step 2 differs in its kind:\n"
        "  expected: Clock()\n"
        "  yielded:  Sleep(seconds=2.5, jitter=0.0)\n"
        "  remaining steps: none",
    ),
    "a gather for a request": (
        get,
        [([], [])],
        "step 1 differs in its kind:\n"
        "  expected: Gather of 2\n"
        "  yielded:  bookings.get_one (GET /v2/bookings/bk7)\n"
        "  remaining steps: none",
    ),
    "a request for a gather": (
        both,
        [(GET, GOOD)],
        "step 1 differs in its kind:\n"
        "  expected: bookings.get_one (GET /v2/bookings/bk7)\n"
        "  yielded:  Gather of 2\n"
        "  remaining steps: none",
    ),
    "a branch too few": (
        both,
        [([(GET, GOOD)],)],
        "step 1 differs in the number of branches:\n"
        "  expected: Gather of 1\n"
        "  yielded:  Gather of 2\n"
        "  remaining steps: none",
    ),
    "another request in a branch": (
        both,
        [([(GET, GOOD)], [(GET, GOOD)])],
        "step 1, branch 1, step 1 differs in path, query.status, query.take, query.skip:\n"
        "  expected: bookings.get_one (GET /v2/bookings/bk7)\n"
        "  yielded:  bookings.list (GET /v2/bookings)\n"
        "  remaining steps: none",
    ),
    "too little": (
        get,
        [],
        "step 1: the program yielded bookings.get_one (GET /v2/bookings/bk7), and no steps remain",
    ),
    "too little in a branch": (
        both,
        [([], [(LIST, LISTED)])],
        "step 1, branch 0, step 1: the program yielded bookings.get_one "
        "(GET /v2/bookings/bk7), and no steps remain",
    ),
    "too much": (
        get,
        [(GET, GOOD), (LIST, LISTED), (Clock(), 1.0)],
        "the program ended after step 1, and steps remain: "
        "bookings.list (GET /v2/bookings); Clock()",
    ),
    "too much for a program that fails": (
        get,
        [(GET, response_of("191-get-bad-uid")), (Sleep(1), None)],
        "the program raised NotFound after step 1, and steps remain: Sleep(seconds=1, jitter=0.0)",
    ),
    "too much for a program that is refused": (
        lambda: send(GET),  # type: ignore[arg-type]
        [(GET, GOOD), (("GET", "/v2/bookings?attendeeEmail=ann@example.net"), GOOD)],
        "the program raised InvalidInput (request: must be a Request; create one with "
        "api.request(operation)) after step 0, and steps remain: "
        "bookings.get_one (GET /v2/bookings/bk7); GET /v2/bookings",
    ),
    "a result of another type": (
        get,
        [(GET, None)],
        "step 1: the result of a request must be a Response or an exception, not NoneType",
    ),
    "a result of a sleep": (
        waiting,
        [(Sleep(2.5), 5.0)],
        "step 1: the result of a sleep must be None or an exception, not float",
    ),
    "a clock that tells nothing": (
        waiting,
        [(Clock(), None)],
        "step 1: the result of a clock must be a number of seconds or an exception, not NoneType",
    ),
    "a clock that tells the truth": (
        waiting,
        [(Clock(), True)],
        "step 1: the result of a clock must be a number of seconds or an exception, not bool",
    ),
}


@pytest.mark.parametrize("name", REPORTS)
def test_the_first_difference_is_reported(name: str) -> None:
    program, script, report = REPORTS[name]
    with pytest.raises(ScriptError) as caught:
        run_script(program(), script)
    assert str(caught.value) == report
    assert "cal_test_script" not in report


def test_a_difference_fails_an_assertion_that_no_program_can_catch() -> None:
    def forgiving() -> Program[str]:
        try:
            yield from both()
        except Exception:
            return "never mind"
        return "all is well"

    with pytest.raises(AssertionError):
        run_script(forgiving(), [([(GET, GOOD)], [])])


@pytest.mark.parametrize(
    "step",
    [
        GET,
        (GET,),
        (GET, GOOD, GOOD),
        ("GET", "/v2/bookings/bk7"),
        (("GET", 5), GOOD),
        ([], GOOD),
        (None, None),
        [(GET, GOOD)],
    ],
)
def test_an_invalid_script_is_refused(step: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        run_script(get(), [(GET, GOOD), step])
    assert str(caught.value) == (
        "script: step 2 must be a pair (expected, result), or for a Gather a tuple of scripts, "
        "each a list"
    )


def test_an_invalid_script_of_a_branch_is_refused_and_no_program_can_catch_it() -> None:
    def forgiving() -> Program[str]:
        try:
            yield from gather([get()], limit=1)
        except Exception:
            return "never mind"
        return "no error"

    with pytest.raises(InvalidInput) as caught:
        run_script(forgiving(), [([(GET, GOOD), "GET"],)])
    assert str(caught.value) == (
        "script: step 2 must be a pair (expected, result), or for a Gather a tuple of scripts, "
        "each a list"
    )


def test_the_program_is_always_closed() -> None:
    closed = []

    def recording() -> Generator[Any, Any, None]:
        try:
            yield Sleep(1)
            yield Sleep(2)
        finally:
            closed.append("outer")

    def gathering() -> Program[Any]:
        try:
            return (yield from gather([recording(), recording()], limit=2))
        finally:
            closed.append("gather")

    with pytest.raises(ScriptError):
        run_script(recording(), [(Sleep(1), None)])
    assert closed == ["outer"]
    with pytest.raises(ScriptError):
        run_script(gathering(), [([(Sleep(1), None)], [(Sleep(1), None), (Sleep(2), None)])])
    assert closed == ["outer", "outer", "gather"]
    with pytest.raises(InvalidInput):
        run_script(lambda: None, [])  # type: ignore[arg-type]


def test_an_invalid_effect_is_refused_as_the_interpreters_refuse_it() -> None:
    def wrong() -> Program[Any]:
        return (yield GET)  # type: ignore[misc]

    with pytest.raises(InvalidInput) as caught:
        run_script(wrong(), [(GET, GOOD)])
    assert str(caught.value) == "program: yielded Operation, which is not an effect"
    with pytest.raises(InvalidInput) as returned:
        list(iterate_script(get(), [(GET, GOOD)]))  # type: ignore[arg-type]
    assert str(returned.value) == ("stream: returned Booking, so it is a program; pass it to run()")


def test_a_script_may_be_any_iterable_of_steps() -> None:
    assert run_script(get(), iter([(GET, GOOD)])) == BOOKING  # type: ignore[arg-type]
    for script in (None, 5, "GET"):
        with pytest.raises(InvalidInput) as caught:
            run_script(get(), script)  # type: ignore[arg-type]
        kind = type(script).__name__
        assert str(caught.value) == f"script: must be a list of steps, not {kind}"


def test_a_body_that_is_not_json_is_compared_as_bytes() -> None:
    request = API.request(CREATE)

    def sending(body: bytes) -> Program[Response]:
        return send(type(request)(request.method, request.url, request.headers, body))

    with pytest.raises(ScriptError, match=r"^step 1 differs in body:"):
        run_script(sending(b"\xff"), [(CREATE, CREATED)])


def test_a_deeply_nested_body_is_compared_as_bytes() -> None:
    request = API.request(CREATE)
    deep = type(request)(request.method, request.url, request.headers, b"[" * 100_000)
    assert run_script(send(deep), [(deep, CREATED)]) == CREATED


def test_the_recorded_booking_reads_as_these_values() -> None:
    assert BOOKING.uid == RECORDED["29-get-normal"]["response"]["body"]["data"]["uid"]
