"""Never run: what type checkers must infer of the public face, checked by mypy and pyright."""

from typing import assert_type

import trio

from calcom_core import (
    Api,
    ApiKey,
    Booking,
    Cancellation,
    Exchange,
    NewAttendee,
    NewBooking,
    Operation,
    Page,
    Reassignment,
    Request,
    Response,
    SeatCancellation,
    bookings,
)
from calcom_core.retry import retrying
from calcom_transports import AsyncClient, Client, Replay, answer, run
from calcom_transports.trio import run_trio

client = Client(api_key="cal_test_typing")

assert_type(client.bookings.list(cal_api_version="2024-08-13"), Page[Booking])
assert_type(client.bookings.list(status=["past"], take=3).items, tuple[Booking, ...])
assert_type(client.bookings.list().next, Operation[Page[Booking]] | None)
assert_type(client.bookings.get(booking_uid="u"), Booking | tuple[Booking, ...])
assert_type(client.bookings.get_one("u"), Booking)
assert_type(client.bookings.get_series("u"), tuple[Booking, ...])
assert_type(
    client.bookings.create(
        data={
            "attendee": {"name": "J", "email": "j@example.com", "time_zone": "UTC"},
            "event_type_id": 123,
            "start": "2024-08-13T09:00:00Z",
        }
    ),
    Booking | tuple[Booking, ...],
)
new = NewBooking(
    start="2024-08-13T09:00:00Z",
    attendee=NewAttendee(name="J", time_zone="UTC", email="j@example.com"),
    event_type_id=123,
    guests=["g@example.com"],
)
assert_type(client.bookings.create(new), Booking | tuple[Booking, ...])
assert_type(client.bookings.create_recurring(new, recurrence_count=2), tuple[Booking, ...])
assert_type(client.bookings.create_instant(new), Booking)
assert_type(client.bookings.cancel("u", data={}), Booking | tuple[Booking, ...])
assert_type(client.bookings.cancel("u", Cancellation()), Booking | tuple[Booking, ...])
assert_type(
    client.bookings.cancel("u", SeatCancellation(seat_uid="s")), Booking | tuple[Booking, ...]
)
assert_type(client.bookings.cancel_seat("u", "s", reason="ill"), Booking)
assert_type(client.bookings.reschedule("u", data={"start": "2024-08-13T10:00:00Z"}), Booking)
assert_type(client.bookings.reschedule_seat("u", "s", "2024-08-13T10:00:00Z"), Booking)
assert_type(client.bookings.confirm(booking_uid="u"), Booking)
assert_type(client.bookings.decline(booking_uid="u", reason="r"), Booking)
assert_type(client.bookings.mark_absent(booking_uid="u", host=False), Booking)
assert_type(client.bookings.reassign(booking_uid="u"), Reassignment)
assert_type(client.bookings.reassign_to_user(booking_uid="u", user_id=123), Reassignment)
assert_type(client.with_options(timeout=5), Client)
assert_type(client.call(bookings.get_one("u")), Booking)
assert_type(client.exchange(bookings.get_one("u")), Exchange[Booking])
assert_type(client.exchange(bookings.get_one("u")).value, Booking)
assert_type(client.call(bookings.get_one("u").map(lambda booking: booking.uid)), str)

api = Api(ApiKey("cal_test_typing"))
assert_type(api.request(bookings.get_one("u")), Request)
assert_type(bookings.get_one("u").read(Response(200)), Booking)
assert_type(run(retrying(api, bookings.get_one("u")), Replay("walk.json")), Booking)
assert_type(
    Client(transport=Replay.of((bookings.get_one("u"), answer({})))).bookings.get_one("u"), Booking
)

client.bookings.get_one(5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
client.bookings.get_one("u", unknown=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
client.bookings.list(status="nonsense")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def under_trio() -> None:
    async with AsyncClient(api_key="cal_test_typing") as client:
        assert_type(await client.bookings.list(take=3), Page[Booking])
        assert_type(await client.bookings.get_one("u"), Booking)
        assert_type(await client.bookings.cancel_seat("u", "s"), Booking)
        assert_type(await client.exchange(bookings.get_one("u")), Exchange[Booking])
        assert_type(client.with_options(timeout=5), AsyncClient)
        assert_type(await run_trio(retrying(api, bookings.get_one("u")), Replay("w")), Booking)


trio.run(under_trio)
