"""Deliveries of webhooks: whether they are from Cal.com, and what they say.

`receive` does both, `verify` and `parse` one each, and `sign` makes deliveries for tests;
none does any I/O.
Each kind of event is a class of its own, and `Event` is all of them, so that a type checker sees
whether a `match` forgets one; `UnknownEvent` is what is not known here.
What a booking has too bears the name that it has in `Booking`: `start` is the delivery's
`startTime`.
Whatever a delivery may leave out is None then; keys that are not known, or that come in several
types, are in `extra`.
`event.delivery` has what is known beside that: when it was created, and what identifies it.
`event.booking()` is the operation that gets the booking as it is now.
"""

from calcom_core.webhooks.delivery import Delivery as Delivery
from calcom_core.webhooks.delivery import Language as Language
from calcom_core.webhooks.delivery import Person as Person
from calcom_core.webhooks.delivery import Team as Team
from calcom_core.webhooks.events import EVENTS as EVENTS
from calcom_core.webhooks.events import Event as Event
from calcom_core.webhooks.events import UnknownEvent as UnknownEvent
from calcom_core.webhooks.of_bookings import BookingCancelled as BookingCancelled
from calcom_core.webhooks.of_bookings import BookingCreated as BookingCreated
from calcom_core.webhooks.of_bookings import BookingEvent as BookingEvent
from calcom_core.webhooks.of_bookings import BookingNoShowUpdated as BookingNoShowUpdated
from calcom_core.webhooks.of_bookings import BookingPaid as BookingPaid
from calcom_core.webhooks.of_bookings import BookingPaymentInitiated as BookingPaymentInitiated
from calcom_core.webhooks.of_bookings import BookingRejected as BookingRejected
from calcom_core.webhooks.of_bookings import BookingRequested as BookingRequested
from calcom_core.webhooks.of_bookings import BookingRescheduled as BookingRescheduled
from calcom_core.webhooks.of_bookings import MeetingEnded as MeetingEnded
from calcom_core.webhooks.of_bookings import MeetingStarted as MeetingStarted
from calcom_core.webhooks.of_others import DelegationCredentialError as DelegationCredentialError
from calcom_core.webhooks.of_others import DownloadLinks as DownloadLinks
from calcom_core.webhooks.of_others import FormSubmitted as FormSubmitted
from calcom_core.webhooks.of_others import FormSubmittedNoEvent as FormSubmittedNoEvent
from calcom_core.webhooks.of_others import GuestsNoShow as GuestsNoShow
from calcom_core.webhooks.of_others import HostsNoShow as HostsNoShow
from calcom_core.webhooks.of_others import InstantMeeting as InstantMeeting
from calcom_core.webhooks.of_others import OutOfOffice as OutOfOffice
from calcom_core.webhooks.of_others import OutOfOfficeCreated as OutOfOfficeCreated
from calcom_core.webhooks.of_others import Ping as Ping
from calcom_core.webhooks.of_others import RecordingReady as RecordingReady
from calcom_core.webhooks.of_others import (
    RecordingTranscriptionGenerated as RecordingTranscriptionGenerated,
)
from calcom_core.webhooks.of_others import ReportedBooking as ReportedBooking
from calcom_core.webhooks.of_others import Transcript as Transcript
from calcom_core.webhooks.of_others import WrongAssignmentReport as WrongAssignmentReport
from calcom_core.webhooks.reading import MAX_DEPTH as MAX_DEPTH
from calcom_core.webhooks.reading import VERSION_HEADER as VERSION_HEADER
from calcom_core.webhooks.reading import parse as parse
from calcom_core.webhooks.reading import receive as receive
from calcom_core.webhooks.signature import MAX_BODY as MAX_BODY
from calcom_core.webhooks.signature import SIGNATURE_HEADER as SIGNATURE_HEADER
from calcom_core.webhooks.signature import sign as sign
from calcom_core.webhooks.signature import verify as verify
