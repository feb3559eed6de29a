"""The events other than those of bookings: recordings, forms, absences, errors and pings.

A link that grants access is hidden in the `repr`.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from attrs import field, frozen

from calcom_core import bookings
from calcom_core._lazy_methods import LazyMethods
from calcom_core.model.booking import Booking
from calcom_core.operation import Operation
from calcom_core.serialization import json_key, unknown_keys
from calcom_core.webhooks.delivery import (
    EventBase,
    OptionalBookingEventBase,
    Person,
    free_form,
    hidden,
)


@frozen(kw_only=True)
class _VideoEventBase(OptionalBookingEventBase):
    booking_id: int | None = None
    type: str | None = None
    title: str | None = None
    start: datetime | None = field(default=None, metadata=json_key("startTime"))
    end: datetime | None = field(default=None, metadata=json_key("endTime"))
    organizer: Person | None = None
    attendees: tuple[Person, ...] | None = None
    custom_reply_to_email: str | None = None


@frozen(kw_only=True)
class RecordingReady(_VideoEventBase):
    """The recording of a meeting can be downloaded; *download_link* grants access to it."""

    download_link: str = field(repr=False)


@frozen(kw_only=True)
class Transcript(LazyMethods):
    """The *link* to a transcript, which grants access to it, and its *format*."""

    format: str | None = None
    link: str = field(repr=False)
    extra: Mapping[str, Any] = unknown_keys(repr=False)


@frozen(kw_only=True)
class DownloadLinks(LazyMethods):
    """The links to the transcripts and the recording of a meeting."""

    transcription: tuple[Transcript, ...] | None = None
    recording: str | None = hidden()
    extra: Mapping[str, Any] = unknown_keys(repr=False)


@frozen(kw_only=True)
class RecordingTranscriptionGenerated(_VideoEventBase):
    """The transcripts of a meeting can be downloaded."""

    download_links: DownloadLinks | None = None


@frozen(kw_only=True)
class OutOfOffice(LazyMethods):
    """A period in which a user is away; *to_user* is the substitute, if any."""

    start: datetime
    end: datetime
    id: int | None = None
    uuid: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    notes: str | None = None
    reason: Mapping[str, Any] | None = free_form()
    reason_id: int | None = None
    user: Person | None = None
    to_user: Person | None = None
    extra: Mapping[str, Any] = unknown_keys()


@frozen(kw_only=True)
class OutOfOfficeCreated(EventBase):
    """A user announced a period of absence."""

    out_of_office: OutOfOffice = field(metadata=json_key("oooEntry"))


@frozen(kw_only=True)
class _Form(EventBase):
    form_id: str | None = None
    form_name: str | None = None
    team_id: int | None = None
    responses: Mapping[str, Any] | None = free_form()


@frozen(kw_only=True)
class FormSubmitted(_Form):
    """A routing form was submitted.

    *responses* has the labels of the questions as keys; *extra* of the event or the delivery
    repeats the responses in a shorter format.
    """


@frozen(kw_only=True)
class FormSubmittedNoEvent(_Form):
    """A routing form was submitted, and no booking followed within 15 minutes.

    *responses* is as in `FormSubmitted`.
    """

    redirect: Mapping[str, Any] | None = free_form()
    response_id: int | str | None = None


@frozen(kw_only=True)
class InstantMeeting(OptionalBookingEventBase):
    """An attendee is waiting in an instant meeting.

    *connect_and_join_url* lets anyone join as the host.
    *responses* has the slugs of the booking fields as keys.
    """

    connect_and_join_url: str | None = hidden()
    event_type_id: int | None = None
    event_type_title: str | None = None
    responses: Mapping[str, Any] | None = free_form()


@frozen(kw_only=True)
class _NoShow(OptionalBookingEventBase):
    uid: str | None = field(default=None, metadata=json_key("bookingUid"))
    booking_id: int | None = None
    title: str | None = None
    start: datetime | None = field(default=None, metadata=json_key("startTime"))
    end: datetime | None = field(default=None, metadata=json_key("endTime"))
    message: str | None = None
    attendees: tuple[Person, ...] | None = None
    event_type: Mapping[str, Any] | None = free_form()
    webhook: Mapping[str, Any] | None = free_form(shown=False)


@frozen(kw_only=True)
class HostsNoShow(_NoShow):
    """The host did not join a video call in time."""

    host_email: str | None = None
    absent_host: bool | None = field(default=None, metadata=json_key("noShowHost"))


@frozen(kw_only=True)
class GuestsNoShow(_NoShow):
    """The guests did not join a video call in time; *extra* lists them under `guests`."""


@frozen(kw_only=True)
class DelegationCredentialError(EventBase):
    """The server could not use the delegated credentials of an organisation."""

    error: Mapping[str, Any] | None = free_form()
    credential: Mapping[str, Any] | None = free_form()
    user: Mapping[str, Any] | None = free_form()


@frozen(kw_only=True)
class ReportedBooking(LazyMethods):
    """The booking of a `WrongAssignmentReport`."""

    uid: str
    id: int | None = None
    title: str | None = None
    start: datetime | None = field(default=None, metadata=json_key("startTime"))
    end: datetime | None = field(default=None, metadata=json_key("endTime"))
    status: str | None = None
    event_type: Mapping[str, Any] | None = free_form()
    extra: Mapping[str, Any] = unknown_keys()


@frozen(kw_only=True)
class WrongAssignmentReport(EventBase):
    """A user reported that a booking was assigned to the wrong host."""

    reported: ReportedBooking = field(metadata=json_key("booking"))
    report: Mapping[str, Any] | None = free_form()

    def booking(self) -> Operation[Booking]:
        """Return the operation that gets the reported booking."""
        return bookings.get_one(self.reported.uid)


@frozen(kw_only=True)
class Ping(EventBase):
    """A test delivery, sent from the settings of a webhook; it has no booking."""

    type: str | None = None
    title: str | None = None
    description: str | None = None
    start: datetime | None = field(default=None, metadata=json_key("startTime"))
    end: datetime | None = field(default=None, metadata=json_key("endTime"))
    organizer: Person | None = None
    attendees: tuple[Person, ...] | None = None
