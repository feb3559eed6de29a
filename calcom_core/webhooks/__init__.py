"""Deliveries of webhooks: whether they are from Cal.com, and what they say.

`receive` does both, `verify` and `parse` one each, and `sign` makes deliveries for tests;
none does any I/O.
Each kind of event is a class of its own, and `Event` is all of them, so that a type checker sees
whether a `match` forgets one; `UnknownEvent` is what is not known here.
Uids and times bear the names that they have in `Booking`: `start` is the delivery's `startTime`.
Whatever a delivery may leave out is None then; keys that are not known, or that come in several
types, are in `extra`.
`event.delivery` has what is known beside that: when it was created, and what identifies it.
`event.booking()` is the operation that gets the booking as it is now.
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
