"""Pacing as a decision function: what was stated and when, and the literal wait that follows."""

from typing import Any

import pytest

from calcom_core import InvalidInput, Response
from calcom_core.pacing import (
    DEFAULT_PACE,
    NO_PACE,
    Pace,
    PaceState,
    admit,
    check_pace,
    learn,
    release,
    reserve,
    slots_taken,
)

EVEN = Pace(burst=0)
LIST = "bookings.list"


def stated(*limits: tuple[str, int, int, int], status: int = 200, **more: str) -> Response:
    """Return a response that states limits as (name, limit, remaining, reset)."""
    headers = [
        (f"X-RateLimit-{key}-{name}", str(value))
        for name, *values in limits
        for key, value in zip(("Limit", "Remaining", "Reset"), values, strict=True)
    ]
    return Response(status, [*headers, *more.items()])


def default(remaining: int, reset: int, limit: int = 120, status: int = 200) -> Response:
    return stated(("Default", limit, remaining, reset), status=status)


def after(*steps: Any) -> PaceState:
    """Return the state after responses (time, response), and after admissions (a time alone)."""
    state = PaceState()
    for step in steps:
        if isinstance(step, tuple):
            when, response, *rest = step
            operation = rest[0] if rest else LIST
            state = learn(state, operation, response, when, when)
        else:
            wait, state = admit(EVEN, state, LIST, step)
            assert wait == 0
    return state


def waits(pace: Pace, state: PaceState, *times: float, operation: str = LIST) -> list[float]:
    """Reserve slots at these times, one after another."""
    found = []
    for now in times:
        wait, state = reserve(pace, state, operation, now)
        found.append(round(wait, 3))
    return found


FRESH = default(119, 60)
TWO = stated(("Short", 2, 1, 10), ("Long", 4, 3, 60))

# What is known, the options, the times of requests, and the wait of each.
RESERVATIONS: list[tuple[str, PaceState, Pace, list[float], list[float]]] = [
    ("nothing known", PaceState(), EVEN, [0] * 6, [0, 0, 0, 0, 0.05, 0.05]),
    ("no response for a second", PaceState(), EVEN, [0, 0, 0, 0, 0.9, 1.0, 1.5, 1.6],
     [0, 0, 0, 0, 0.05, 0, 0, 0]),
    ("nothing known and no pace", PaceState(), NO_PACE, [0] * 6, [0] * 6),
    ("a failure before any response", learn(PaceState(first=(0, 0, 0)), LIST, None, 0, 0), EVEN,
     [0] * 4, [0, 0, 0.05, 0.05]),
    ("a failure after a response", learn(after((0, FRESH)), LIST, None, 1, 1), EVEN, [1, 1],
     [0, 0.492]),
    ("three more were sent before the first response",
     learn(PaceState(seen=None, first=(0, 0, 0, 0)), LIST, default(4, 3, limit=5), 0, 0), EVEN,
     [0, 0], [0, 3.0]),
    ("a header without limits", after((0, Response(200))), EVEN, [0, 0], [0, 0]),
    ("a limit that is not stated whole", after((0, Response(200, {"X-RateLimit-Reset": "60"}))),
     EVEN, [0, 0], [0, 0]),
    ("a window is spread over its time", after((0, FRESH)), EVEN, [0, 0, 0, 0],
     [0, 0.5, 1.004, 1.508]),
    ("late requests are on schedule", after((0, FRESH)), EVEN, [0, 5], [0, 0]),
    ("what is left is spread over what is left", after((0, default(9, 20))), EVEN, [0, 0, 0],
     [0, 2.0, 4.222]),
    ("a tenth goes at once", after((0, FRESH)), DEFAULT_PACE, [0] * 15,
     [0.0] * 12 + [0.294, 0.849, 1.405]),
    ("all goes at once", after((0, default(4, 3, limit=5))), Pace(burst=1), [0] * 4, [0] * 4),
    ("an exhausted window", after((0, default(0, 42))), EVEN, [2, 2, 2], [40, 40.35, 40.7]),
    ("an exhausted window in the past", after((0, default(0, 42))), EVEN, [43, 43], [0, 0.35]),
    ("slots beyond the end follow the limit", after((0, default(4, 3, limit=5))), EVEN, [0] * 8,
     [0, 0.6, 1.35, 2.1, 2.85, 3.6, 4.2, 4.8]),
    ("half of the limit for others", after((0, FRESH)), Pace(share=0.5, burst=0), [0, 0, 0],
     [0, 1.0, 2.017]),
    ("others have used up our half", after((0, default(60, 30))), Pace(share=0.5, burst=0),
     [0, 0], [30, 30.5]),
    ("a limit of 1 keeps its one request", after((0, default(0, 9, limit=1))), Pace(share=0.9),
     [0], [9]),
    ("two limits: the stricter one", after((0, TWO)), EVEN, [0, 0, 0], [0, 15, 35]),
    ("two limits: one is exhausted", after((0, stated(("A", 9, 0, 7), ("B", 9, 5, 60)))), EVEN,
     [0], [7]),
    ("a window that is too long", after((0, default(0, 3600))), EVEN, [0, 0], [0, 0]),
    ("no pace", after((0, default(0, 42))), NO_PACE, [0, 0], [0, 0]),
    ("Retry-After of a proxy", after((5, stated(status=429, **{"Retry-After": "12"}))), EVEN,
     [7, 7], [10, 10]),
    ("Retry-After of hours", after((5, stated(status=429, **{"Retry-After": "7200"}))), EVEN,
     [7], [0]),
    ("Retry-After of a success", after((5, stated(**{"Retry-After": "12"}))), EVEN, [7], [0]),
    ("a clock that went back", after((500, default(0, 42))), EVEN, [7], [0]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("state", "pace", "times", "expected"),
    [row[1:] for row in RESERVATIONS],
    ids=[row[0] for row in RESERVATIONS],
)
def test_reservations(
    state: PaceState, pace: Pace, times: list[float], expected: list[float]
) -> None:
    assert waits(pace, state, *times) == expected


# What is known, the options, when a request would go, and for how long it may not.
ADMISSIONS: list[tuple[str, PaceState, Pace, float, float]] = [
    ("nothing known", PaceState(), EVEN, 0, 0),
    ("something left", after((0, default(1, 60))), EVEN, 1, 0),
    ("the last one is gone", after((0, default(1, 60)), 1), EVEN, 2, 58),
    ("the window is over", after((0, default(1, 60)), 1), EVEN, 60, 0),
    ("only what is for others is left", after((0, default(12, 60))), Pace(share=0.1), 1, 59),
    ("after a 429", after((0, default(1, 9)), (3, default(0, 60, status=429))), EVEN, 10, 53),
    ("the longest of two", after((0, stated(("A", 9, 0, 7), ("B", 9, 0, 60)))), EVEN, 1, 59),
    ("Retry-After", after((5, stated(status=429, **{"Retry-After": "12"}))), EVEN, 7, 10),
    ("a window that is too long", after((0, default(0, 3600))), EVEN, 1, 0),
    ("no pace", after((0, default(0, 42))), NO_PACE, 1, 0),
]


@pytest.mark.parametrize(
    ("state", "pace", "now", "expected"),
    [row[1:] for row in ADMISSIONS],
    ids=[row[0] for row in ADMISSIONS],
)
def test_admissions(state: PaceState, pace: Pace, now: float, expected: float) -> None:
    wait, following = admit(pace, state, LIST, now)

    assert wait == expected
    if expected:
        assert following == state


# Responses with their times, then (remaining, end, period) of the window that is known.
WINDOWS: list[tuple[str, list[Any], tuple[int, float, float]]] = [
    ("the first response", [(5, FRESH)], (119, 65, 60)),
    ("it joins in the middle", [(5, default(99, 41))], (99, 46, 41)),
    ("the end is the earliest that was stated", [(0, FRESH), (0.9, default(118, 60))],
     (118, 60, 60)),
    ("a later statement is more exact", [(0.9, default(118, 60)), (1.2, default(117, 59))],
     (117, 60.2, 60)),
    ("responses out of order", [(0, default(7, 60)), (0.1, default(8, 60))], (7, 60, 60)),
    ("a new window", [(0, default(3, 20)), (30, default(118, 60))], (118, 90, 60)),
    ("the first of a window states its length", [(0, default(0, 90)), (90, FRESH)],
     (119, 150, 60)),
    ("a block does not", [(0, FRESH), (9, default(0, 120, status=429))], (0, 129, 60)),
    ("an exhausted window does not", [(0, default(0, 20)), (21, default(0, 60))], (0, 81, 20)),
    ("a request opens the next window", [(0, default(0, 60)), 61.0], (119, 121, 60)),
    ("and its response says more exactly when", [(0, FRESH), 61.0, (61.2, FRESH)],
     (119, 121.2, 60)),
    ("the assumed length was wrong", [(0, default(5, 20)), 21.0, (21.1, default(118, 60))],
     (118, 81.1, 60)),
    ("another limit", [(0, FRESH), 61.0, (61, default(499, 60, limit=500))], (119, 121, 60)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("steps", "expected"), [row[1:] for row in WINDOWS], ids=[row[0] for row in WINDOWS]
)
def test_windows(steps: list[Any], expected: tuple[int, float, float]) -> None:
    [window] = after(*steps).windows

    assert (window.remaining, round(window.end, 6), window.period) == expected


def test_a_late_response_of_an_earlier_window_changes_nothing() -> None:
    known = after((0, default(0, 3, limit=5)), 3.0)

    late = learn(known, LIST, default(0, 1, limit=5), 2.9, 3.01)

    assert late.windows == known.windows


@pytest.mark.parametrize("remaining", [3, 90])
def test_a_released_slot_is_given_back_exactly(remaining: int) -> None:
    state = after((0, default(remaining, 60, limit=100)), 0.0)
    _, state = reserve(EVEN, state, LIST, 0)
    for _ in range(5):
        wait, waiting = reserve(EVEN, state, LIST, 0)
        assert wait > 0
        assert release(waiting, slots_taken(state, waiting)).windows == state.windows


GUESTS = stated(("Booking_guests_add", 5, 0, 60))
OWN = after((0, FRESH), (0, GUESTS, "bookings.guests.add"))


@pytest.mark.parametrize(
    ("state", "operation", "expected"),
    [
        (OWN, "bookings.list", 0),
        (OWN, "bookings.get", 0),  # which has not reported any limit yet
        (OWN, "", 0),
        (OWN, "bookings.guests.add", 60),
        (OWN, "bookings.update_location", 0),
        (after((0, default(0, 60))), "bookings.get", 60),
        (after((0, default(0, 60))), "", 60),
        (after((0, default(0, 60))), "bookings.guests.add", 0),
        (after((0, GUESTS, "webhooks.list"), (0, FRESH)), "webhooks.list", 60),
        (after((0, stated(("A", 5, 0, 60))), (0, FRESH)), "bookings.list", 0),
        (after((0, default(0, 60), "")), "bookings.list", 60),
    ],
)
def test_a_request_obeys_the_limits_of_its_operation(
    state: PaceState, operation: str, expected: float
) -> None:
    assert waits(EVEN, state, 0, operation=operation) == [expected]
    assert admit(EVEN, state, operation, 0)[0] == expected


def test_a_state_remembers_a_bounded_number_of_limits_and_operations() -> None:
    state = PaceState()
    for number in range(300):
        state = learn(state, f"op {number}", stated((f"L{number}", 5, 4, 60)), 0, 0)

    assert [window.name for window in state.windows] == [f"L{n}" for n in range(44, 300)]
    assert [name for name, _ in state.operations] == [f"op {n}" for n in range(44, 300)]


def test_what_was_reported_before_is_kept_once() -> None:
    state = after((0, FRESH), (1, default(118, 59)), (2, stated(("B", 5, 4, 60))))

    assert state.operations == ((LIST, ("B",)),)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"share": 1}, "share: must be a number from 0 to 0.999"),
        ({"share": -0.1}, "share: must be a number from 0 to 0.999"),
        ({"share": "0.5"}, "share: must be a number from 0 to 0.999, not a string"),
        ({"burst": 1.1}, "burst: must be a number from 0 to 1"),
        ({"burst": True}, "burst: must be a number from 0 to 1, not a boolean"),
        ({"longest": 86_401}, "longest: must be a number from 0 to 86,400"),
        ({"longest": float("nan")}, "longest: must be a number from 0 to 86,400"),
    ],
)
def test_options_out_of_bounds_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        Pace(**options)

    assert str(caught.value) == message


def test_another_value_is_no_pace() -> None:
    assert check_pace(NO_PACE) is NO_PACE
    with pytest.raises(InvalidInput, match="pace: must be a Pace or NO_PACE, not int"):
        check_pace(5)
