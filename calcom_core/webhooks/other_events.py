"""Events around bookings: recordings, forms, absences, and the test of a webhook."""

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
    """The recording of a meeting can be downloaded.

    *download_link* grants access to anyone who has it, and is not shown.
    """

    download_link: str = field(repr=False)


@frozen(kw_only=True)
class Transcript(LazyMethods):
    """Where a transcript is, and its *format*; the *link* grants access, and is not shown."""

    format: str | None = None
    link: str = field(repr=False)
    extra: Mapping[str, Any] = unknown_keys(repr=False)


@frozen(kw_only=True)
class DownloadLinks(LazyMethods):
    """Where transcripts and the recording are; the links grant access, and are not shown."""

    transcription: tuple[Transcript, ...] | None = None
    recording: str | None = hidden()
    extra: Mapping[str, Any] = unknown_keys(repr=False)


@frozen(kw_only=True)
class RecordingTranscriptionGenerated(_VideoEventBase):
    """The transcripts of a meeting can be downloaded."""

    download_links: DownloadLinks | None = None


@frozen(kw_only=True)
class OutOfOffice(LazyMethods):
    """A time in which a user is away, and *to_user*, who stands in, if anybody does."""

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
    """A user will be away."""

    out_of_office: OutOfOffice = field(metadata=json_key("oooEntry"))


@frozen(kw_only=True)
class _Form(EventBase):
    form_id: str | None = None
    form_name: str | None = None
    team_id: int | None = None
    responses: Mapping[str, Any] | None = free_form()


@frozen(kw_only=True)
class FormSubmitted(_Form):
    """A routing form was sent.

    *responses* is by the labels of the questions; *extra*, or that of the delivery, has the answers
    again, in a shorter form.
    """


@frozen(kw_only=True)
class FormSubmittedNoEvent(_Form):
    """A routing form was sent a quarter of an hour ago, and nothing was booked since.

    *responses* is as that of `FormSubmitted`.
    """

    redirect: Mapping[str, Any] | None = free_form()
    response_id: int | str | None = None


@frozen(kw_only=True)
class InstantMeeting(OptionalBookingEventBase):
    """Somebody waits in a meeting now.

    *connect_and_join_url* lets anyone who has it join as the host, and is not shown.
    *responses* is by the slugs of the booking fields.
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
    """The host did not come to a video call in time."""

    host_email: str | None = None
    absent_host: bool | None = field(default=None, metadata=json_key("noShowHost"))


@frozen(kw_only=True)
class GuestsNoShow(_NoShow):
    """The guests did not come to a video call in time; *extra* has them under `guests`."""


@frozen(kw_only=True)
class DelegationCredentialError(EventBase):
    """The server could not use the credentials that an organisation has delegated to it."""

    error: Mapping[str, Any] | None = free_form()
    credential: Mapping[str, Any] | None = free_form()
    user: Mapping[str, Any] | None = free_form()


@frozen(kw_only=True)
class ReportedBooking(LazyMethods):
    """A booking as it is reported."""

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
    """Somebody says that a booking was given to the wrong host."""

    reported: ReportedBooking = field(metadata=json_key("booking"))
    report: Mapping[str, Any] | None = free_form()

    def booking(self) -> Operation[Booking]:
        """Return the operation that gets the reported booking as it is now."""
        return bookings.get_one(self.reported.uid)


@frozen(kw_only=True)
class Ping(EventBase):
    """The test of a webhook, which somebody has asked for in Cal.com; it is about no booking."""

    type: str | None = None
    title: str | None = None
    description: str | None = None
    start: datetime | None = field(default=None, metadata=json_key("startTime"))
    end: datetime | None = field(default=None, metadata=json_key("endTime"))
    organizer: Person | None = None
    attendees: tuple[Person, ...] | None = None
