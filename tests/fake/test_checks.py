"""What tests give to the fake is checked at once, and a fault that never happens is known."""

import inspect
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from calcom_core import InvalidInput, NoAnswer, RetryPolicy
from calcom_transports import Client
from calcom_transports.fake import BookingField, EventType, FakeCalcom, Location, RateLimit, User


def event_type(**options: Any) -> EventType:
    return EventType(**{"id": 1, "slug": "talk", "title": "Talk", **options})


def user(**options: Any) -> User:
    return User(**{"id": 1, "name": "Ann", "username": "ann", "email": "a@example.com", **options})


def fake(**options: Any) -> FakeCalcom:
    return FakeCalcom(**options)


def limit(*values: Any, **options: Any) -> RateLimit:
    return RateLimit(*values, **options)


REFUSED: list[tuple[Callable[[], Any], str]] = [
    (
        lambda: FakeCalcom().lose_response(on="booking.create"),
        "on: is not the name of an operation; did you mean bookings.create?",
    ),
    (
        lambda: FakeCalcom().fail(503, on="x"),
        "on: is not the name of an operation; leave it out for a fault of every request",
    ),
    (
        lambda: FakeCalcom().delay(3, on=EventType),  # type: ignore[arg-type]
        "on: must be a name such as 'bookings.create', not type",
    ),
    (lambda: FakeCalcom().refuse_connections(at=0), "at: must be at least 1"),
    (lambda: FakeCalcom().fail(500, times=0), "times: must be at least 1"),
    (
        lambda: FakeCalcom().lose_response(times=1.5),  # type: ignore[arg-type]
        "times: must be an integer, not a number with a fraction",
    ),
    (lambda: FakeCalcom().delay(-1), "seconds: must be finite, and at least 0 seconds"),
    (lambda: FakeCalcom().delay(float("inf")), "seconds: must be finite, and at least 0 seconds"),
    (lambda: FakeCalcom().advance(-1), "seconds: must be finite, and at least 0 seconds"),
    (
        lambda: FakeCalcom().advance(float("nan")),
        "seconds: must be finite, and at least 0 seconds",
    ),
    (
        lambda: FakeCalcom().advance(True),
        "seconds: must be a number of seconds, not a boolean",
    ),
    (
        lambda: FakeCalcom().delay("3"),  # type: ignore[arg-type]
        "seconds: must be a number of seconds, not a string",
    ),
    (lambda: FakeCalcom().fail(200), "status: must be from 400 to 599"),
    (lambda: FakeCalcom().fail(600), "status: must be from 400 to 599"),
    (
        lambda: fake(limits=[120]),
        "limits[0]: must be a mapping or RateLimit, not an integer",
    ),
    (lambda: fake(limits=RateLimit(120)), "limits: must be a list, not RateLimit"),
    (
        lambda: fake(event_types=[1]),
        "event_types[0]: must be a mapping or EventType, not an integer",
    ),
    (
        lambda: fake(hosts=["x"]),
        "hosts[0]: must be a mapping or User, not a string",
    ),
    (
        lambda: fake(teams=[None]),
        "teams[0]: must be a mapping or Team, not null",
    ),
    (lambda: fake(seed="x"), "seed: must be an integer, not a string"),
    (
        lambda: fake(now=datetime(2027, 3, 1)),
        "now: is a naive time, which the server would read as UTC; add a time zone, or a Z",
    ),
    (lambda: fake(webhook_secret=""), "webhook_secret: is empty"),
    (lambda: limit("120"), "limit: must be an integer, not a string"),
    (lambda: limit(0), "limit: must be at least 1"),
    (lambda: limit(window=-1), "window: must be finite, and at least 0 seconds"),
    (lambda: limit(window=0), "window: must be above 0 seconds"),
    (lambda: limit(block=-1), "block: must be finite, and at least 0 seconds"),
    (lambda: limit(name=""), "name: is empty"),
    (lambda: event_type(id="7"), "id: must be an integer, not a string"),
    (lambda: event_type(slug=5), "slug: must be a string, not an integer"),
    (lambda: event_type(host_ids=1), "host_ids: must be a list, not an integer"),
    (lambda: event_type(host_ids=()), "host_ids: needs at least 1 item"),
    (lambda: event_type(seats="3"), "seats: must be an integer, not a string"),
    (
        lambda: event_type(scheduling="round-robin"),
        "scheduling: must be one of round_robin, collective; did you mean round_robin?",
    ),
    (
        lambda: event_type(locations=["at home"]),
        "locations[0]: must be a mapping or Location, not a string",
    ),
    (
        lambda: event_type(booking_fields=["topic"]),
        "booking_fields[0]: must be a mapping or BookingField, not a string",
    ),
    (lambda: user(email="ann"), "email: must be an e-mail address such as ann@example.com"),
    (lambda: user(key="ann"), "key: must begin with cal_, as the API keys of Cal.com do"),
    (
        lambda: user(hours=[(540, 1020)]),
        "hours: must be a mapping such as {0: (540, 1020)}, not an array",
    ),
    (lambda: user(hours={7: (540, 1020)}), "hours: must be from 0 to 6"),
    (lambda: user(hours={0: (540, 1500)}), "hours[0][1]: must be from 0 to 1440"),
]


@pytest.mark.exhaustive(sample=100)
@pytest.mark.parametrize(("call", "text"), REFUSED, ids=[text for _, text in REFUSED])
def test_an_invalid_option_is_refused_at_once(call: Callable[[], Any], text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        call()
    assert str(caught.value) == text


def test_valid_options_are_kept() -> None:
    talk = event_type(
        host_ids=[1],
        lengths=[15, 30],
        locations=[Location("address", "Street 1")],
        booking_fields=[BookingField("size", "select", options=("small", "big"))],
    )
    now = datetime(2027, 3, 1, 9, tzinfo=UTC)
    calcom = fake(
        now=now, event_types=iter([talk]), hosts=[user(hours={0: (540, 1020)})], seed=2**40
    )
    calcom.advance(0)
    calcom.advance(0.5)

    assert calcom.now == now + timedelta(seconds=0.5)
    assert calcom.state.users[1].hours == {0: (540, 1020)}
    assert calcom.state.event_types == {
        1: EventType(
            1,
            "talk",
            "Talk",
            (1,),
            lengths=(15, 30),
            locations=(Location("address", "Street 1"),),
            booking_fields=(BookingField("size", "select", True, "", ("small", "big")),),
        )
    }


def test_the_signature_of_the_fake_is_short() -> None:
    parameters = inspect.signature(FakeCalcom).parameters
    assert (parameters["event_types"].default, parameters["hosts"].default) == (None, None)


def test_a_fault_is_untriggered_until_its_first_request() -> None:
    calcom = FakeCalcom()
    calcom.lose_response(on="me.get")
    calcom.fail(503, on="bookings.create", at=2, times=3)
    calcom.delay(2.5, at=2)
    calcom.refuse_connections(at=3, times=2)
    before = [str(fault) for fault in calcom.faults.untriggered]
    client = Client(calcom.key, transport=calcom)
    with pytest.raises(NoAnswer):
        client.with_options(retry=RetryPolicy(attempts=1)).me.get()

    assert before == [
        "lose_response(on='me.get')",
        "fail(503, on='bookings.create', at=2, times=3)",
        "delay(2.5, at=2)",
        "refuse_connections(at=3, times=2)",
    ]
    assert [str(fault) for fault in calcom.faults.untriggered] == before[1:]
