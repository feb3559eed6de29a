"""The versions of the hosted service on the fake, beside bodies that others have recorded there."""

import json
from base64 import b64decode
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from calcom_core import HOSTED, NotFound, bookings
from calcom_core.errors import AlreadyDone
from calcom_transports import Client
from calcom_transports.fake import FakeCalcom

EXAMPLES = Path(__file__).parent.parent / "examples" / "versions"
NINE = datetime(2027, 3, 2, 9, tzinfo=UTC)


def example(name: str) -> Any:
    return json.loads((EXAMPLES / f"{name}.json").read_text("utf-8"))


def new(number: int, start: datetime = NINE, event_type_id: int = 4) -> Any:
    person = {"name": f"P{number}", "email": f"p{number}@example.net", "time_zone": "UTC"}
    return {"start": start, "event_type_id": event_type_id, "attendee": person}


@pytest.fixture
def client() -> Client:
    fake = FakeCalcom()
    return Client(fake.key, transport=fake, versions=HOSTED)


def page(client: Client, **query: Any) -> Any:
    return json.loads(client.exchange(bookings.list(**query)).response.body)


def start_in(cursor: str) -> datetime:
    """Return the start of the booking in whose place a cursor is: its uuid begins with the time."""
    place = json.loads(b64decode(cursor))
    assert place.keys() == {"v", "sortUuid"}
    uuid = UUID(place["sortUuid"])
    assert (place["v"], uuid.version) == (1, 7)
    return datetime.fromtimestamp((uuid.int >> 80) / 1000, UTC)


def test_a_page_by_cursor_has_the_form_of_the_hosted_service(client: Client) -> None:
    client.bookings.create_one(new(1, NINE, 1))
    client.bookings.create_one(new(2, NINE + timedelta(hours=1)))
    client.bookings.create_one(new(3, NINE + timedelta(hours=2)))
    own, theirs = page(client, status="upcoming", limit=2), example("list_2026-05-01_page1")

    assert own.keys() == theirs.keys()
    assert own["pagination"].keys() == theirs["pagination"].keys()
    assert own["pagination"]["hasMore"] is theirs["pagination"]["hasMore"] is True
    for item, other in zip(own["data"], theirs["data"], strict=True):
        assert item.keys() ^ other.keys() <= {"guests"}  # of a create with an empty list of them
    for body in (own, theirs):
        last = datetime.fromisoformat(body["data"][-1]["start"])
        assert start_in(body["pagination"]["nextCursor"]) == last


def test_an_empty_page_by_cursor_is_that_of_the_hosted_service(client: Client) -> None:
    assert page(client) == example("list_2026-05-01_empty")


def test_the_status_decides_the_order_of_a_list_by_cursor(client: Client) -> None:
    starts = [NINE + timedelta(hours=number) for number in range(3)]
    for number, start in enumerate(starts):
        client.bookings.create_one(new(number, start, 1))

    listed = {
        status: [item.start for item in client.items(bookings.list(status=status, limit=1))]
        for status in ("upcoming", "past", None)
    }
    assert listed == {"upcoming": starts, "past": [], None: starts[::-1]}


def test_a_booking_that_is_made_between_two_pages_moves_no_other(client: Client) -> None:
    for number in range(3):
        client.bookings.create_one(new(number, NINE + timedelta(hours=number), 1))
    first = page(client, status="upcoming", limit=2)
    client.bookings.create_one(new(9, NINE - timedelta(hours=1), 1))
    rest = page(client, status="upcoming", cursor=first["pagination"]["nextCursor"])
    assert [item["start"] for item in rest["data"]] == ["2027-03-02T11:00:00.000Z"]
    assert rest["pagination"] == {"nextCursor": None, "hasMore": False}


def test_the_last_seat_that_is_cancelled_cancels_the_booking(client: Client) -> None:
    booked = client.bookings.create_one(new(1))
    seat = str(booked.seat_uid)
    left = client.bookings.cancel_seat(booked.uid, seat, reason="ill")

    # Newer versions show who held the seats of a cancelled booking.
    theirs = example("cancel_seat_2026-02-25_response")["data"]
    assert (left.status, left.cancellation_reason) == ("cancelled", "ill")
    assert [person.seat_uid for person in left.attendees] == [seat]
    assert (theirs["status"], len(theirs["attendees"])) == ("cancelled", 1)
    older = client.bookings.get_one(booked.uid, cal_api_version="2024-08-13")
    assert (older.status, older.attendees) == ("cancelled", ())
    with pytest.raises(NotFound):
        client.bookings.get_by_seat(seat)
    assert client.bookings.create_one(new(2)).uid != booked.uid


def test_what_others_have_quoted_from_the_hosted_service(client: Client) -> None:
    client.bookings.create_one(new(1))
    with pytest.raises(AlreadyDone, match="already_signed_up_for_this_booking_error"):
        client.bookings.create_one(new(1))
    with pytest.raises(NotFound, match=r"Event type with id 99 not found\."):
        client.bookings.create_one(new(1, event_type_id=99))
    with pytest.raises(NotFound, match="Booking with uid=nobody not found"):
        client.bookings.cancel("nobody", {"cancellation_reason": "x"})
