"""Never run: the types that mypy and pyright must infer for the public API.

Both report unused ignore comments, so each ignore comment proves a type error.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any, assert_never, assert_type

import trio

from calcom_core import (
    NO_RETRY,
    AccessToken,
    Anonymous,
    Api,
    ApiKey,
    Booking,
    BookingAttendee,
    BookingReference,
    CalendarLink,
    Cancellation,
    ConferencingSession,
    ConfirmedSeats,
    CursorPagination,
    DeclinedSeats,
    DecodingError,
    DeliveryTooOld,
    DeliveryUnreadable,
    EventType,
    EventTypeField,
    Exchange,
    ExistingBookingReturned,
    Headers,
    Me,
    NewAttendee,
    NewBooking,
    NewGuest,
    NewLinkLocation,
    NoAnswer,
    NotSent,
    OffsetPagination,
    Operation,
    OutcomeUnknown,
    Page,
    RateLimited,
    Reassignment,
    Recording,
    RemovedAttendee,
    Request,
    Reservation,
    Response,
    RetryPolicy,
    SeatCancellation,
    SeriesReturned,
    Slot,
    Slots,
    bookings,
    create_once,
    event_types,
    iterate_script,
    me,
    responses,
    run_script,
    teams,
)
from calcom_core.effects import Clock, Sleep
from calcom_core.paging import items
from calcom_core.rate_limits import RateLimit
from calcom_core.responses import json as json_response
from calcom_core.retry import GiveUp, Retry, decide, retrying
from calcom_core.webhooks import (
    BookingCancelled,
    BookingEvent,
    BookingNoShowUpdated,
    BookingRescheduled,
    DelegationCredentialError,
    Event,
    FormSubmitted,
    FormSubmittedNoEvent,
    GuestsNoShow,
    HostsNoShow,
    InstantMeeting,
    MeetingEnded,
    MeetingStarted,
    OutOfOfficeCreated,
    Ping,
    RecordingReady,
    RecordingTranscriptionGenerated,
    UnknownEvent,
    WrongAssignmentReport,
    parse,
    receive,
    verify,
)
from calcom_transports import (
    AsyncClient,
    CassetteError,
    Client,
    Observation,
    Recorder,
    Replay,
    namespaces,
    replay_errors,
    run,
    use_cassette,
)
from calcom_transports.asyncio import AsyncioTransport, run_asyncio
from calcom_transports.cassette import RecordedExchange
from calcom_transports.fake import Booking as FakeBooking
from calcom_transports.fake import FakeCalcom
from calcom_transports.trio import run_trio

client = Client(api_key="cal_test_typing")

assert_type(client.bookings.list(cal_api_version="2024-08-13"), Page[Booking])
assert_type(client.bookings.list(status=["past"], take=3).items, tuple[Booking, ...])
assert_type(client.bookings.list().next, Operation[Page[Booking]] | None)
assert_type(client.bookings.get(booking_uid="u"), Booking | tuple[Booking, ...])
assert_type(client.bookings.get_one("u"), Booking)
assert_type(client.bookings.get_one(booking_uid="u", cal_api_version=None), Booking)
assert_type(namespaces.Bookings(client).get_one("u"), Booking)
assert_type(client.bookings, namespaces.Bookings)
assert_type(client.bookings.attendees, namespaces.Attendees)
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
who = NewAttendee(name="J", time_zone="UTC", email="j@example.com")
new = NewBooking(
    start="2024-08-13T09:00:00Z",
    attendee=who,
    event_type_id=123,
    guests=["g@example.com"],
)
assert_type(client.bookings.create(new), Booking | tuple[Booking, ...])
assert_type(client.bookings.create_one(new), Booking)
assert_type(
    client.bookings.create_one(
        {
            "start": datetime(2027, 4, 5),
            "event_type_slug": "chat",
            "username": "rosa",
            "attendee": who,
            "location": {"type": "integration", "integration": "zoom"},
            "guests": ("g@example.com",),
            "metadata": {"order": "A-17"},
            "routing": {"team_member_ids": [7]},
        }
    ).uid,
    str,
)
assert_type(client.bookings.create_recurring(new, recurrence_count=2), tuple[Booking, ...])
assert_type(client.bookings.create_instant(new), Booking)
assert_type(client.bookings.cancel("u", data={}), Booking | tuple[Booking, ...])
assert_type(client.bookings.cancel("u", Cancellation()), Booking | tuple[Booking, ...])
assert_type(
    client.bookings.cancel("u", SeatCancellation(seat_uid="s")), Booking | tuple[Booking, ...]
)
assert_type(client.bookings.cancel_one("u"), Booking)
assert_type(client.bookings.cancel_one("u", {"cancellation_reason": "ill"}), Booking)
assert_type(client.bookings.cancel_one("u", {"seat_uid": "s"}), Booking)
assert_type(client.bookings.cancel_seat("u", "s", reason="ill"), Booking)
assert_type(client.bookings.reschedule("u", data={"start": "2024-08-13T10:00:00Z"}), Booking)
assert_type(client.bookings.reschedule_seat("u", "s", "2024-08-13T10:00:00Z"), Booking)
assert_type(client.bookings.confirm(booking_uid="u"), Booking)
assert_type(client.bookings.decline(booking_uid="u", reason="r"), Booking)
assert_type(client.bookings.confirm_seats("u", ["s"]), ConfirmedSeats)
assert_type(client.bookings.decline_seats("u", ("s",)), DeclinedSeats)
assert_type(client.bookings.mark_absent(booking_uid="u", host=False), Booking)
assert_type(client.bookings.reassign(booking_uid="u"), Reassignment)
assert_type(client.bookings.reassign_to_user(booking_uid="u", user_id=123), Reassignment)
assert_type(client.with_options(timeout=5), Client)
assert_type(client.with_options(headers={"X-A": "b"}, auth=AccessToken("t")), Client)
assert_type(client.with_options(headers=Headers([("X-A", "b")]), auth=None), Client)
assert_type(Client(headers=[("X-A", "b")]).api.headers, Headers)
assert_type(Api(Anonymous(), headers={b"X-A": b"b"}).headers, Headers)


@contextmanager
def around(exchange: Observation) -> Iterator[None]:
    yield


def before_record(exchange: RecordedExchange) -> RecordedExchange | None:
    return exchange


assert_type(client.with_options(on_exchange=around), Client)
assert_type(Client(on_exchange=around), Client)
assert_type(AsyncClient(on_exchange=around), AsyncClient)
assert_type(use_cassette("c.json", before_record=before_record), Replay | Recorder)
client.with_options(on_exchange=before_record)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
Recorder("c.json", before_record=around)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
client.with_options(headers={"X-A": 5})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
client.with_options(auth="t")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
Client(headers=5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
assert_type(client.call(bookings.get_one("u")), Booking)
assert_type(client.exchange(bookings.get_one("u")), Exchange[Booking])
assert_type(client.exchange(bookings.get_one("u")).value, Booking)
assert_type(client.call(bookings.get_one("u").map(lambda booking: booking.uid)), str)

api = Api(ApiKey("cal_test_typing"))
assert_type(api.request(bookings.get_one("u")), Request)
assert_type(bookings.get_one("u").read(Response(200)), Booking)
assert_type(run(retrying(api, bookings.get_one("u")), Replay("demo.json")), Booking)
assert_type(Client(transport=FakeCalcom(seed=1)).bookings.get_one("u"), Booking)
assert_type(FakeCalcom().state.bookings, dict[str, FakeBooking])
assert_type(
    Client(transport=Replay.of((bookings.get_one("u"), json_response({})))).bookings.get_one("u"),
    Booking,
)

assert_type(responses.booking(uid="u", attendees=[{"name": "Ann"}], seats=["s"]), Response)
assert_type(responses.series([{}, {"start": "2027-04-05T09:00:00Z"}]), Response)
assert_type(responses.page([{"uid": "u"}], next_cursor=None), Response)
assert_type(responses.page([{"uid": "u"}], total_items=3, take=2, skip=2), Response)
assert_type(responses.slots({"2027-04-05": ["2027-04-05T09:00:00Z"]}), Response)
assert_type(responses.error(404, "no", code="X"), Response)
assert_type(responses.json({}, 201), Response)
responses.booking(satus="accepted")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
responses.booking(attendees=[{"nam": "Ann"}])  # type: ignore[typeddict-unknown-key]  # pyright: ignore[reportArgumentType]

assert_type(client.bookings.get_by_seat("s"), Booking)
assert_type(client.bookings.request_reschedule("u", reschedule_reason="r"), None)
assert_type(client.bookings.update_location("u", {"type": "link", "link": "l"}), Booking)
assert_type(client.bookings.update_location("u", NewLinkLocation(link="l")), Booking)
assert_type(client.bookings.recordings("u"), tuple[Recording, ...])
assert_type(client.bookings.recordings("u")[0].start_ts, datetime | None)
assert_type(client.bookings.transcripts("u"), tuple[str, ...])
assert_type(client.bookings.calendar_links("u"), tuple[CalendarLink, ...])
assert_type(client.bookings.references("u", type="zoom_video"), tuple[BookingReference, ...])
assert_type(client.bookings.conferencing_sessions("u"), tuple[ConferencingSession, ...])
assert_type(client.bookings.attendees.list("u"), tuple[BookingAttendee, ...])
assert_type(client.bookings.attendees.get("u", attendee_id=1), BookingAttendee)
assert_type(
    client.bookings.attendees.add("u", name="n", email="e@example.com", time_zone="UTC"),
    BookingAttendee,
)
assert_type(client.bookings.attendees.remove("u", 1), RemovedAttendee)
assert_type(client.bookings.guests.add("u", [NewGuest(email="e@example.com")]), Booking)
assert_type(client.bookings.guests.add("u", guests=[{"email": "e@example.com"}]), Booking)
assert_type(client.slots.list(start="2027-04-05", end=date(2027, 4, 6), event_type_id=1), Slots)
assert_type(
    client.slots.list(start="2027-04-05", end="2027-04-06", event_type_id=1)[date(2027, 4, 5)],
    tuple[Slot, ...],
)
assert_type(client.slots.reserve(event_type_id=1, slot_start="2027-04-05T09:00:00Z"), Reservation)
assert_type(client.slots.get_reservation("r"), Reservation | None)
assert_type(
    client.slots.update_reservation("r", event_type_id=1, slot_start="2027-04-05T09:00:00Z"),
    Reservation,
)
assert_type(client.slots.delete_reservation("r"), None)
assert_type(client.teams.bookings(1, status="past", take=3), Page[Booking])
assert_type(client.teams.organization_bookings(1, user_ids=[2], limit=3), Page[Booking])
assert_type(client.teams.organization_team_bookings(1, 2), Page[Booking])
assert_type(client.teams.organization_user_bookings(1, 2, team_id=3), Page[Booking])
assert_type(client.teams.references(1, 2, "u"), tuple[BookingReference, ...])
assert_type(client.event_types.list(username="rosa"), tuple[EventType, ...])
assert_type(client.event_types.get(1), EventType)
assert_type(client.event_types.get(1).booking_fields, tuple[EventTypeField, ...] | None)
assert_type(client.event_types.get(1).is_seated, bool)
assert_type(event_types.get(event_type_id=1), Operation[EventType])
assert_type(client.me.get(), Me)
assert_type(me.get(), Operation[Me])
own: Operation[list[dict[str, Any]]] = Operation("webhooks.list", "GET", "/v2/webhooks")
assert_type(client.call(own), list[dict[str, Any]])
assert_type(client.call(own.map(len)), int)
assert_type(client.bookings.list(limit=3).pagination, OffsetPagination | CursorPagination)
assert_type(client.bookings.list().total_items, int | None)

assert_type(client.bookings.iterate(status="past", take=3), Iterator[Booking])
assert_type(client.items(bookings.list(limit=3)), Iterator[Booking])
assert_type(client.pages(teams.bookings(1)), Iterator[Page[Booking]])
assert_type(client.with_options(retry=NO_RETRY, concurrency=4), Client)
assert_type(client.bookings.create_once(new, "key"), Booking | tuple[Booking, ...])
assert_type(
    client.bookings.create_once(new, key="key", policy=RetryPolicy(2)),
    Booking | tuple[Booking, ...],
)
assert_type(run(create_once(api, new, "key"), Replay("w")), Booking | tuple[Booking, ...])
assert_type(
    run_script(
        retrying(api, bookings.get_one("u")),
        [
            (Clock(), 0.0),
            (bookings.get_one("u"), NotSent("no route", reason="connect")),
            (Sleep(0.5, jitter=1), None),
            (("GET", "/v2/bookings/u"), Response(200)),
            ([(Sleep(1), None)], [(bookings.get_one("u"), Response(200))]),
        ],
    ),
    Booking,
)
assert_type(iterate_script(items(api, bookings.list()), []), Iterator[Booking])
assert_type(decide(NO_RETRY, True, 1, NotSent("x", reason="tls")), Retry | GiveUp)

client.bookings.create_one({"event_typ_id": 1, "start": "s", "attendee": who})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
client.bookings.create_one({"event_type_id": 1, "start": "s"})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
client.bookings.create({"event_type_id": "1", "start": "s", "attendee": who})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
client.bookings.create({"start": "s", "attendee": {"name": "J"}})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
client.bookings.create({"start": "s", "attendee": who, "location": {"type": "zoom"}})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
client.bookings.create_once({}, "key")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
client.bookings.reschedule("u", {"begin": "s"})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
client.bookings.cancel_one("u", {"reason": "ill"})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
client.bookings.mark_absent("u", attendees=[{"email": "j@example.com"}])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
client.bookings.guests.add("u", [{"mail": "j@example.com"}])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
client.bookings.update_location("u", {"type": "link", "address": "a"})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
client.event_types.get("chat")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
client.bookings.create_once(new)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
client.bookings.iterate(unknown=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
client.bookings.get_one(5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
client.bookings.get_one("u", unknown=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
client.teams.bookings(1, cursor="c")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
client.slots.list(start="2027-04-05", end="2027-04-06", format="x")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
client.bookings.list(status="nonsense")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def time_of(event: Event) -> datetime | None:
    match event:
        case BookingCancelled():
            assert_type(event.booking(), Operation[Booking])
            return event.start
        case BookingRescheduled(old_start=old_start):
            assert_type(old_start, datetime | None)
            assert_type(event.new_uid, str)
            return event.new_start
        case BookingEvent() | MeetingStarted() | MeetingEnded():
            return event.start
        case RecordingReady() | RecordingTranscriptionGenerated() | HostsNoShow() | GuestsNoShow():
            assert_type(event.booking(), Operation[Booking] | None)
            return event.start
        case FormSubmitted() | FormSubmittedNoEvent() | InstantMeeting() | UnknownEvent():
            return event.delivery.created_at
        case BookingNoShowUpdated() | DelegationCredentialError() | WrongAssignmentReport():
            return None
        case OutOfOfficeCreated():
            return event.out_of_office.start
        case Ping():
            return event.delivery.created_at
    assert_never(event)


assert_type(time_of(parse(b"{}")), datetime | None)
assert_type(receive({"X-Cal-Signature-256": "0"}, b"{}", ["one", "two"]), Event)
receive([(b"x-cal-signature-256", b"0")], b"{}", "one")
verify(b"{}", None, "one")
parse("text")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def of_errors(error: Exception) -> None:
    match error:
        case RateLimited():
            assert_type(error.operation, Operation[Any])
            assert_type(error.response.headers, Headers)
            assert_type(error.limits, tuple[RateLimit, ...])
        case OutcomeUnknown():
            assert_type(error.verify, Operation[Any] | None)
            assert_type(error.found, tuple[Booking, ...])
        case SeriesReturned():
            assert_type(error.bookings, tuple[Booking, ...])
        case DecodingError():
            assert_type(error.response, Response)
            assert_type(error.page, Page[Any] | None)
        case ExistingBookingReturned():
            assert_type(error.booking, Booking | tuple[Booking, ...])
        case NoAnswer():
            assert_type(error.operation, Operation[Any] | None)
        case CassetteError():
            assert_type(error.reason, replay_errors.CassetteReason)
        case DeliveryTooOld():
            assert_type(error.event, Event)
        case DeliveryUnreadable():
            assert_type(error.event, UnknownEvent | None)


async def under_trio() -> None:
    async with AsyncClient(api_key="cal_test_typing") as client:
        assert_type(client.bookings, namespaces.AsyncBookings)
        assert_type(await client.bookings.list(take=3), Page[Booking])
        assert_type(await client.bookings.get_one("u"), Booking)
        assert_type(await client.bookings.create_one(new), Booking)
        assert_type(await client.bookings.cancel_one("u"), Booking)
        assert_type(await client.bookings.cancel_seat("u", "s"), Booking)
        assert_type(await client.event_types.list(), tuple[EventType, ...])
        assert_type(await client.me.get(), Me)
        assert_type(await client.call(own), list[dict[str, Any]])
        assert_type(await client.bookings.create_once(new, "k"), Booking | tuple[Booking, ...])
        assert_type(
            await client.bookings.create_once(new, key="k", policy=NO_RETRY),
            Booking | tuple[Booking, ...],
        )
        assert_type(client.bookings.iterate(take=3), AsyncIterator[Booking])
        assert_type(await client.bookings.request_reschedule("u", reschedule_reason="r"), None)
        assert_type(await client.bookings.attendees.list("u"), tuple[BookingAttendee, ...])
        assert_type(await client.bookings.guests.add("u", [NewGuest(email="e@x.org")]), Booking)
        assert_type(
            await client.slots.list(start="2027-04-05", end=date(2027, 4, 6), event_type_id=1),
            Slots,
        )
        assert_type(await client.teams.bookings(1, status="past", take=3), Page[Booking])
        assert_type(await client.event_types.get(event_type_id=1), EventType)
        await client.bookings.get_one(5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        await client.bookings.get_one("u", unknown=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
        await client.bookings.create_once(new)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
        client.bookings.iterate(unknown=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
        async for each in client.bookings.get_one("u"):  # type: ignore[attr-defined]  # pyright: ignore[reportGeneralTypeIssues]
            print(each)
        assert_type(client.pages(bookings.list()), AsyncIterator[Page[Booking]])
        assert_type(await client.exchange(bookings.get_one("u")), Exchange[Booking])
        assert_type(client.with_options(timeout=5), AsyncClient)
        assert_type(client.with_options(headers={"X-A": "b"}), AsyncClient)
        assert_type(AsyncClient(headers={"X-A": "b"}), AsyncClient)
        assert_type(await run_trio(retrying(api, bookings.get_one("u")), Replay("w")), Booking)
        assert_type(await AsyncClient(transport=FakeCalcom()).bookings.get_one("u"), Booking)


async def under_asyncio() -> None:
    async with AsyncClient("k", transport=AsyncioTransport(timeout=5)) as client:
        assert_type(await client.bookings.get_one("u"), Booking)
        program = retrying(client.api, bookings.get_one("u"))
        assert_type(await run_asyncio(program, AsyncioTransport()), Booking)
    AsyncioTransport(timeout="5")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


trio.run(under_trio)
asyncio.run(under_asyncio())
