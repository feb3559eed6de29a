"""Bookings as rows of tables, with literal columns and cells."""

import json
from datetime import UTC, datetime
from itertools import chain
from typing import Any

from core_recorded import RECORDED

from calcom_core import Booking
from calcom_core.rows import COLUMNS, rows
from calcom_core.serialization import read


def booking(**changes: Any) -> Booking:
    return read(Booking, {**RECORDED["29-get-normal"]["response"]["body"]["data"], **changes})


def test_the_columns_are_stable() -> None:
    assert {
        "bookings": (
            *("uid", "id", "status", "shape", "title", "description", "start", "end"),
            *("duration", "event_type_id", "event_type_slug", "location", "absent_host"),
            *("created_at", "updated_at", "cancellation_reason", "cancelled_by_email"),
            *("rescheduling_reason", "rescheduled_by_email", "rescheduled_from_uid"),
            *("rescheduled_to_uid", "recurring_booking_uid", "ics_uid", "rating", "guests"),
            *("metadata", "booking_fields_responses", "extra"),
        ),
        "attendees": (
            *("booking_uid", "position", "name", "email", "display_email", "time_zone"),
            *("language", "phone_number", "absent", "seat_uid", "created_at", "metadata"),
            *("booking_fields_responses", "extra"),
        ),
        "hosts": (
            *("booking_uid", "position", "id", "name", "email", "display_email", "username"),
            *("time_zone", "extra"),
        ),
    } == COLUMNS


def test_the_rows_of_a_booking() -> None:
    found = rows(
        booking(
            metadata={"b": "2", "a": "ä"},
            guests=["eva@example.net"],
            rating=4,
            start="2026-12-12T09:00:00.000Z",
            end="2026-12-12T09:30:00.000Z",
            newKey=[1],
        )
    )

    [row] = found["bookings"]
    assert row["start"] == datetime(2026, 12, 12, 9, tzinfo=UTC)
    assert {name: row[name] for name in ("shape", "duration", "rating", "event_type_slug")} == {
        "shape": "single",
        "duration": 30.0,
        "rating": 4.0,
        "event_type_slug": "normal",
    }
    assert row["metadata"] == '{"a": "ä", "b": "2"}'
    assert row["guests"] == '["eva@example.net"]'
    assert row["extra"] == '{"newKey": [1]}'
    assert [(row["booking_uid"], row["position"], row["email"]) for row in found["attendees"]] == [
        (row["uid"], 0, "ann@example.net"),
        (row["uid"], 1, "guest1@example.net"),
    ]
    assert [(host["position"], host["id"], host["username"]) for host in found["hosts"]] == [
        (0, 1, "alice")
    ]


def test_what_a_booking_lacks_is_none() -> None:
    least = {"uid": "x", "status": "accepted"}
    times = {"start": "2026-12-12T09:00:00Z", "end": "2026-12-12T10:00:00Z"}
    found = rows(read(Booking, {**least, **times, "hosts": [{"id": "unknown"}]}))

    [row] = found["bookings"]
    assert {name for name, cell in row.items() if cell is not None} == {
        *("uid", "status", "shape", "start", "end", "duration")
    }
    assert found["attendees"] == []
    assert found["hosts"][0]["id"] is None


TYPES = {
    **dict.fromkeys(("start", "end", "created_at", "updated_at"), datetime),
    **dict.fromkeys(("id", "position", "event_type_id"), int),
    **dict.fromkeys(("duration", "rating"), float),
    **dict.fromkeys(("absent", "absent_host"), bool),
}


def recorded_bookings() -> list[dict[str, Any]]:
    bodies = [recorded["response"]["body"] for recorded in RECORDED.values()]
    data = [body["data"] for body in bodies if isinstance(body, dict) and "data" in body]
    items = chain.from_iterable(each if isinstance(each, list) else [each] for each in data)
    return [each for each in items if isinstance(each, dict) and "hosts" in each]


def test_every_recorded_booking_has_rows_with_these_columns_and_types() -> None:
    found = recorded_bookings()
    assert len(found) > 100
    for data in found:
        tables: Any = rows(read(Booking, data))
        for table, row in [(name, row) for name in tables for row in tables[name]]:
            assert tuple(row) == COLUMNS[table]
            for column, cell in row.items():
                assert cell is None or type(cell) is TYPES.get(column, str), column
            for column in {"metadata", "booking_fields_responses", "extra"} & row.keys():
                assert row[column] is None or isinstance(json.loads(row[column]), dict)
