"""Verify webhook deliveries and read them as typed events, without I/O.

`receive` verifies and reads a delivery; `verify` and `parse` do one of the two, and `sign` signs a
delivery for a test.

Every kind of event is a class, and `Event` is their union, so that type checkers find a `match`
that misses one; unknown kinds are an `UnknownEvent`.
Uids and times have the names of `Booking`: `start` is the delivery's `startTime`.
Keys that a delivery omits are None; unknown keys, and keys of varying type, are in `extra`.
`event.delivery` holds the creation time and the identity of the delivery.
`event.booking()` is the operation that gets the current booking.
"""

from calcom_core.webhooks.booking_events import (
    BookingCancelled,
    BookingCreated,
    BookingEvent,
    BookingNoShowUpdated,
    BookingPaid,
    BookingPaymentInitiated,
    BookingRejected,
    BookingRequested,
    BookingRescheduled,
    MeetingEnded,
    MeetingStarted,
)
from calcom_core.webhooks.delivery import Delivery, Language, Person, Team
from calcom_core.webhooks.events import EVENTS, Event, UnknownEvent
from calcom_core.webhooks.other_events import (
    DelegationCredentialError,
    DownloadLinks,
    FormSubmitted,
    FormSubmittedNoEvent,
    GuestsNoShow,
    HostsNoShow,
    InstantMeeting,
    OutOfOffice,
    OutOfOfficeCreated,
    Ping,
    RecordingReady,
    RecordingTranscriptionGenerated,
    ReportedBooking,
    Transcript,
    WrongAssignmentReport,
)
from calcom_core.webhooks.parsing import (
    CLOCK_TOLERANCE,
    MAX_DEPTH,
    VERSION_HEADER,
    parse,
    receive,
)
from calcom_core.webhooks.signature import MAX_BODY, SIGNATURE_HEADER, sign, verify

__all__ = [
    "CLOCK_TOLERANCE",
    "EVENTS",
    "MAX_BODY",
    "MAX_DEPTH",
    "SIGNATURE_HEADER",
    "VERSION_HEADER",
    "BookingCancelled",
    "BookingCreated",
    "BookingEvent",
    "BookingNoShowUpdated",
    "BookingPaid",
    "BookingPaymentInitiated",
    "BookingRejected",
    "BookingRequested",
    "BookingRescheduled",
    "DelegationCredentialError",
    "Delivery",
    "DownloadLinks",
    "Event",
    "FormSubmitted",
    "FormSubmittedNoEvent",
    "GuestsNoShow",
    "HostsNoShow",
    "InstantMeeting",
    "Language",
    "MeetingEnded",
    "MeetingStarted",
    "OutOfOffice",
    "OutOfOfficeCreated",
    "Person",
    "Ping",
    "RecordingReady",
    "RecordingTranscriptionGenerated",
    "ReportedBooking",
    "Team",
    "Transcript",
    "UnknownEvent",
    "WrongAssignmentReport",
    "parse",
    "receive",
    "sign",
    "verify",
]
