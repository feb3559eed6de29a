"""Cancelling: a booking, a series or the rest of it, and one seat.

The host must give a reason, and anybody else who knows the uid need not.
"""

from attrs import evolve

from calcom_transports.fake.call import Call, ok
from calcom_transports.fake.refusals import NotRecorded, refuse
from calcom_transports.fake.rendering import Json, booking_json
from calcom_transports.fake.state import Booking
from calcom_transports.fake.validation import check_cancel


def cancel(call: Call) -> Json:
    """`POST /v2/bookings/{booking_uid}/cancel`."""
    check_cancel(call.body)
    state, uid = call.state, call.params["booking_uid"]
    if series := state.series(uid):
        return _cancel_series(call, series)
    if uid not in state.bookings:
        raise NotRecorded("bookings.cancel of an unknown booking")
    booking = state.bookings[uid]
    if call.body.get("seatUid") is not None:
        return _cancel_seat(call, booking)
    _check(call, booking)
    if booking.seated and not call.is_host(booking):
        raise NotRecorded("bookings.cancel of all seats by somebody who is no host")
    if call.body.get("cancelSubsequentBookings"):
        if booking.series_uid is None:
            raise NotRecorded("bookings.cancel of the bookings after one that is no series")
        series = state.series(booking.series_uid)
        _cancel_each(call, [item for item in series if item.start >= booking.start])
        return ok([booking_json(state, item) for item in state.series(booking.series_uid)])
    [cancelled] = _cancel_each(call, [booking])
    return ok(booking_json(state, cancelled))


def _cancel_series(call: Call, series: list[Booking]) -> Json:
    """Cancel the bookings of a series that are still to come."""
    uid = call.params["booking_uid"]
    if call.body.get("cancelSubsequentBookings") or call.body.get("seatUid") is not None:
        raise NotRecorded("bookings.cancel of a series by its uid with a seat, or from one on")
    if series[0].status == "cancelled":  # the server looks at one booking of it
        refuse("cancelled-already", uid=uid)
    _check(call, series[0])
    _cancel_each(call, [item for item in series if item.start >= call.state.now])
    return ok([booking_json(call.state, item) for item in call.state.series(uid)])


def _check(call: Call, booking: Booking) -> None:
    state, event_type = call.state, call.state.event_types[booking.event_type_id]
    if booking.status == "cancelled":
        refuse("cancelled-already", uid=booking.uid)
    if booking.end < state.now:
        refuse("ended")
    if not event_type.allows_cancelling:
        refuse("no-cancelling")
    _check_reason(call, booking)


def _check_reason(call: Call, booking: Booking) -> None:
    if call.body.get("cancellationReason"):
        return
    if call.is_host(booking):
        refuse("reason-required")
    if call.state.event_types[booking.event_type_id].requires_reason == "always":
        raise NotRecorded("bookings.cancel by an attendee who must give a reason and gives none")


def _cancel_each(call: Call, bookings: list[Booking]) -> list[Booking]:
    state, reason = call.state, call.body.get("cancellationReason", "")
    cancelled = [
        state.save(
            evolve(
                booking,
                status="cancelled",
                cancellation_reason=reason,
                attendees=() if booking.seated else booking.attendees,
                updated_at=state.now,
            )
        )
        for booking in bookings
    ]
    for booking, before in zip(cancelled, bookings, strict=True):
        if before.is_active:
            state.tell("BOOKING_CANCELLED", booking, before)
    return cancelled


def _cancel_seat(call: Call, booking: Booking) -> Json:
    state, seat_uid = call.state, call.body["seatUid"]
    holder = state.of_seat(seat_uid)
    if holder is None:
        refuse("seat-gone")
    if holder is not booking:
        refuse("seat-of-another")
    _check(call, booking)
    rest = tuple(person for person in booking.attendees if person.seat_uid != seat_uid)
    if not rest:
        raise NotRecorded("bookings.cancel_seat of the last seat of a booking")
    left = state.save(evolve(booking, attendees=rest))
    details = {"seat": seat_uid, "reason": call.body.get("cancellationReason", "")}
    state.tell("BOOKING_CANCELLED", left, booking, details)
    event_type = state.event_types[booking.event_type_id]
    shown = rest if event_type.shows_attendees or call.is_host(booking) else ()
    return ok(booking_json(state, left, shown))


def cancel_legacy(call: Call) -> Json:
    """Cancel by the legacy API, which really cancels and responds in another shape."""
    booking = call.state.bookings.get(call.params["booking_uid"])
    if booking is None or booking.seated or booking.series_uid is not None:
        raise NotRecorded("the legacy API with a booking that is unknown, recurring or seated")
    if booking.status == "cancelled":
        raise NotRecorded("the legacy API with a booking that is cancelled already")
    cancel(call)
    done = {"bookingId": booking.id, "bookingUid": booking.uid, "onlyRemovedAttendee": False}
    return ok(done)
