"""The operations that read bookings, and their recordings, links and references.

All are idempotent, so clients retry them.
"""

from typing import Unpack

from calcom_core.model.booking import Booking, BookingReference, CalendarLink
from calcom_core.model.conferencing import ConferencingSession, Recording
from calcom_core.model.filters import (
    AllBookingFilters,
    ReferenceFilter,
    ReferenceType,
    booking_filters,
)
from calcom_core.operation import Operation, Page, listing, operation
from calcom_core.serialization import to_query


def list(  # named as in the API
    *, cal_api_version: str | None = None, **filters: Unpack[AllBookingFilters]
) -> Operation[Page[Booking]]:
    """List the bookings that you may see, one page at a time.

    `GET /v2/bookings`.
    Credentials are needed.
    *take*, *skip*, a `sort_…` and several statuses need version 2024-08-13 or 2026-02-25;
    *limit* and *cursor* need 2026-05-01.
    If the version profile has another version, the first suitable one is sent.

    Args:
        status: one or more of upcoming, recurring, past, cancelled and unconfirmed.
            Pass it: without it some servers list all bookings, others only upcoming ones.
        attendee_email: the exact address of an attendee.
        attendee_name: the exact name of an attendee.
        booking_uid: the uid of one booking.
        event_type_ids: at least one id; not together with *event_type_id*.
        event_type_id: one id.
        teams_ids: at least one id; not together with *team_id*.
        team_id: one id.
        after_start: bookings that start at or after this time.
        before_end: bookings that end at or before this time.
        after_created_at: bookings created at or after this time.
        before_created_at: bookings created at or before this time.
        after_updated_at: bookings updated at or after this time.
        before_updated_at: bookings updated at or before this time.
        sort_start: asc or desc; pass at most one of the four `sort_…`.
        sort_end: asc or desc.
        sort_created: asc or desc.
        sort_updated_at: asc or desc.
        take: the size of a page, 1 to 250; the server's default is 100.
        skip: the number of bookings to skip, at least 0.
        limit: the size of a page in a list by cursor, 1 to 100; the server's default is 50.
        cursor: the `next_cursor` of the previous page; the other filters must stay the same.
        cal_api_version: pins the version for this call.

    Returns:
        A `Page`; its `next` is the operation for the following page.
        The server computes *total_items* and *has_next_page* without the filters by creation and
        update time, so a page may be empty although more seem to follow.
        An empty page of a list by *take* and *skip* is the last one: its `next` is None.
        If the server ignores *limit* and returns a page by *take*, `next` continues by *skip*.

    Raises:
        InvalidInput: for filters that the server would refuse or silently ignore.
        DecodingError: for an unreadable item; it holds the page of the others.
        PagingError: for a repeated or missing cursor, and for a response without its pagination;
            it holds the page.
    """
    given = booking_filters(AllBookingFilters, filters)
    return listing("bookings.list", cal_api_version, given)


def get(
    booking_uid: str, *, cal_api_version: str | None = None
) -> Operation[Booking | tuple[Booking, ...]]:
    """Get a booking, or a whole series by its `recurring_booking_uid`.

    `GET /v2/bookings/{booking_uid}`, version 2024-08-13 or 2026-02-25.
    Without credentials the server may hide the attendees of seated bookings.

    Args:
        booking_uid: the uid of a booking or of a series, 1 to 512 characters.
        cal_api_version: pins the version for this call.

    Returns:
        One `Booking`, or a tuple of all occurrences of the series.

    Raises:
        InvalidInput: for a uid that is empty, reserved or not printable.
        NotFound: for a uid that does not exist.
    """
    return operation("bookings.get", cal_api_version, booking_uid=booking_uid)


def get_one(booking_uid: str, *, cal_api_version: str | None = None) -> Operation[Booking]:
    """Get one booking, or one occurrence of a series.

    As `get`; raises `SeriesReturned` for the uid of a series.
    """
    return operation("bookings.get_one", cal_api_version, booking_uid=booking_uid)


def get_series(
    booking_uid: str, *, cal_api_version: str | None = None
) -> Operation[tuple[Booking, ...]]:
    """Get all occurrences of a series by its `recurring_booking_uid`.

    As `get`; raises `DecodingError` for the uid of one booking.
    """
    return operation("bookings.get_series", cal_api_version, booking_uid=booking_uid)


def get_by_seat(seat_uid: str, *, cal_api_version: str | None = None) -> Operation[Booking]:
    """Get the booking of a seat, by the uid of the seat.

    `GET /v2/bookings/by-seat/{seat_uid}`, version 2024-08-13 or 2026-02-25.

    Args:
        seat_uid: the uid of a seat, as the attendees of a seated booking show it.
        cal_api_version: pins the version for this call.

    Returns:
        The seated `Booking`; it has at least the attendee of the seat, even if others are hidden.

    Raises:
        InvalidInput: for a uid that is empty or not printable.
        NotFound: for a seat that does not exist.
    """
    return operation("bookings.get_by_seat", cal_api_version, seat_uid=seat_uid)


def recordings(
    booking_uid: str, *, cal_api_version: str | None = None
) -> Operation[tuple[Recording, ...]]:
    """List the recordings of a booking's meetings in Cal Video.

    `GET /v2/bookings/{booking_uid}/recordings`, version 2024-08-13 or 2026-02-25.
    Credentials are needed.

    Args:
        booking_uid: the uid of a booking.
        cal_api_version: pins the version for this call.

    Returns:
        A tuple of `Recording`s, empty without any.

    Raises:
        InvalidInput: for a uid that is empty, reserved or not printable.
        NotFound: for a booking that is not in Cal Video.
        PermissionDenied: for a booking that you may not see, or that does not exist.
    """
    return operation("bookings.recordings", cal_api_version, booking_uid=booking_uid)


def transcripts(
    booking_uid: str, *, cal_api_version: str | None = None
) -> Operation[tuple[str, ...]]:
    """List links to the transcripts of a booking's meetings in Cal Video.

    `GET /v2/bookings/{booking_uid}/transcripts`, as `recordings`.
    Anyone with the link can read the transcript for about an hour: fetch it at once.
    """
    return operation("bookings.transcripts", cal_api_version, booking_uid=booking_uid)


def conferencing_sessions(
    booking_uid: str, *, cal_api_version: str | None = None
) -> Operation[tuple[ConferencingSession, ...]]:
    """List the meetings of a booking in Cal Video, with their times and participants.

    `GET /v2/bookings/{booking_uid}/conferencing-sessions`, as `recordings`.
    """
    return operation("bookings.conferencing_sessions", cal_api_version, booking_uid=booking_uid)


def calendar_links(
    booking_uid: str, *, cal_api_version: str | None = None
) -> Operation[tuple[CalendarLink, ...]]:
    """List links that add a booking to the attendee's calendar.

    `GET /v2/bookings/{booking_uid}/calendar-links`, version 2024-08-13 or 2026-02-25.
    Credentials are needed.

    Args:
        booking_uid: the uid of a booking.
        cal_api_version: pins the version for this call.

    Returns:
        A `CalendarLink` for Google, Office, Outlook and ICS, in this order.

    Raises:
        InvalidInput: for a uid that is empty, reserved or not printable.
        NotFound: for a uid that does not exist.
    """
    return operation("bookings.calendar_links", cal_api_version, booking_uid=booking_uid)


def references(
    booking_uid: str, *, type: ReferenceType | None = None, cal_api_version: str | None = None
) -> Operation[tuple[BookingReference, ...]]:
    """List the references of a booking in calendars and video apps; for its organiser only.

    `GET /v2/bookings/{booking_uid}/references`, version 2024-08-13 or 2026-02-25.
    Credentials are needed.

    Args:
        booking_uid: the uid of a booking.
        type: google_calendar, office365_calendar, daily_video, google_video, office365_video or
            zoom_video; without it, all.
        cal_api_version: pins the version for this call.

    Returns:
        A tuple of `BookingReference`s, empty without any.

    Raises:
        InvalidInput: for another type, and for a uid that is empty, reserved or not printable.
        PermissionDenied: for a booking of another organiser.
        NotFound: for a uid that does not exist.
    """
    return operation(
        "bookings.references",
        cal_api_version,
        booking_uid=booking_uid,
        query=to_query(ReferenceFilter(type=type)),
    )
