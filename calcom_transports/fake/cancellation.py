"""Cancelling: a booking, a series or the rest of it, and one seat.

The host must give a reason, and anybody else who knows the uid need not.
"""

from datetime import datetime

from attrs import evolve

from calcom_transports.fake.call import Call, ok
from calcom_transports.fake.refusals import NotRecorded, refuse
from calcom_transports.fake.rendering import Json
from calcom_transports.fake.state import Booking
from calcom_transports.fake.validation import check_cancel


def cancel(call: Call) -> Json:
    """`POST /v2/bookings/{booking_uid}/cancel`."""
    check_cancel(call.body)
    seat_uid, subsequent = (call.body.get(key) for key in ("seatUid", "cancelSubsequentBookings"))
    if series := call.state.series(call.uid):
        if subsequent or seat_uid is not None:
            raise NotRecorded("bookings.cancel of a series by its uid with a seat, or from one on")
        _check(call, series[0])  # the server looks at one booking of it
        return _cancel_from(call, call.uid, call.state.now)
    booking = call.booking("no-booking-to-cancel")
    if seat_uid is not None:
        return _cancel_seat(call, booking, seat_uid)
    _check(call, booking)
    if booking.seated and not call.is_host(booking):
        raise NotRecorded("bookings.cancel of all seats by somebody who is no host")
    if not subsequent:
        return ok(call.shown(_cancel(call, booking)))
    if booking.series_uid is None:
        raise NotRecorded("bookings.cancel of the bookings after one that is no series")
    return _cancel_from(call, booking.series_uid, booking.start)


def _check(call: Call, booking: Booking) -> None:
    event_type = call.state.type_of(booking)
    if booking.status == "cancelled":
        refuse("cancelled-already", uid=call.uid)
    if booking.end < call.state.now:
        refuse("ended")
    if not event_type.allows_cancelling:
        refuse("no-cancelling")
    if not call.body.get("cancellationReason"):
        if call.is_host(booking):
            refuse("reason-required")
        if event_type.requires_reason == "always":
            raise NotRecorded(
                "bookings.cancel by an attendee who must give a reason and gives none"
            )


def _cancel(call: Call, booking: Booking) -> Booking:
    reason = call.body.get("cancellationReason", "")
    cancelled = call.state.change(booking, status="cancelled", cancellation_reason=reason)
    if booking.is_active:
        call.state.tell("BOOKING_CANCELLED", cancelled, booking)
    return cancelled


def _cancel_from(call: Call, series_uid: str, first: datetime) -> Json:
    """Cancel the bookings of a series from a time on, and return all of it."""
    for booking in call.state.series(series_uid):
        if booking.start >= first:
            _cancel(call, booking)
    return ok([call.shown(booking) for booking in call.state.series(series_uid)])


def _cancel_seat(call: Call, booking: Booking, seat_uid: str) -> Json:
    """Cancel a seat, and the whole booking with the last one."""
    holder = call.state.of_seat(seat_uid)
    if holder is None:
        refuse("seat-gone")
    if holder is not booking:
        refuse("seat-of-another")
    _check(call, booking)
    rest = tuple(person for person in booking.attendees if person.seat_uid != seat_uid)
    if not rest:
        return ok(call.shown(_cancel(call, booking)))
    left = call.state.save(evolve(booking, attendees=rest))
    details = {"seat": seat_uid, "reason": call.body.get("cancellationReason", "")}
    call.state.tell("BOOKING_CANCELLED", left, booking, details)
    return ok(call.shown(left))
