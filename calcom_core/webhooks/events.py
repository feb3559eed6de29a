"""What a delivery may say: the closed set of events, and one that is open."""

from collections.abc import Mapping
from types import MappingProxyType

from attrs import frozen

from calcom_core import bookings
from calcom_core.model.booking import Booking
from calcom_core.operation import Operation
from calcom_core.webhooks.booking_events import (
    BookingCancelled,
    BookingCreated,
    BookingNoShowUpdated,
    BookingPaid,
    BookingPaymentInitiated,
    BookingRejected,
    BookingRequested,
    BookingRescheduled,
    MeetingEnded,
    MeetingStarted,
)
from calcom_core.webhooks.delivery import EventBase
from calcom_core.webhooks.other_events import (
    DelegationCredentialError,
    FormSubmitted,
    FormSubmittedNoEvent,
    GuestsNoShow,
    HostsNoShow,
    InstantMeeting,
    OutOfOfficeCreated,
    Ping,
    RecordingReady,
    RecordingTranscriptionGenerated,
    WrongAssignmentReport,
)


@frozen(kw_only=True)
class UnknownEvent(EventBase):
    """A delivery of a kind that is not known here, or that has other types than are known.

    *extra* has all of its payload.
    """

    def booking(self) -> Operation[Booking] | None:
        """Return the operation that gets the booking, or None where none is named.

        Raises `InvalidInput` for a uid that the API cannot be asked for, as no real one is.
        """
        if "FORM" in self.delivery.trigger:
            return None  # a form may have a field of that name
        for uid in (self.extra.get("uid"), self.extra.get("bookingUid")):
            if isinstance(uid, str):
                return bookings.get_one(uid)
        return None


Event = (
    BookingCancelled
    | BookingCreated
    | BookingNoShowUpdated
    | BookingPaid
    | BookingPaymentInitiated
    | BookingRejected
    | BookingRequested
    | BookingRescheduled
    | DelegationCredentialError
    | FormSubmitted
    | FormSubmittedNoEvent
    | GuestsNoShow
    | HostsNoShow
    | InstantMeeting
    | MeetingEnded
    | MeetingStarted
    | OutOfOfficeCreated
    | Ping
    | RecordingReady
    | RecordingTranscriptionGenerated
    | UnknownEvent
    | WrongAssignmentReport
)
"""What a delivery may say."""

# ROUTING_FORM_FALLBACK_HIT is documented nowhere.
EVENTS: Mapping[str, type[Event]] = MappingProxyType(
    {
        "BOOKING_CREATED": BookingCreated,
        "BOOKING_REQUESTED": BookingRequested,
        "BOOKING_REJECTED": BookingRejected,
        "BOOKING_CANCELLED": BookingCancelled,
        "BOOKING_RESCHEDULED": BookingRescheduled,
        "BOOKING_PAID": BookingPaid,
        "BOOKING_PAYMENT_INITIATED": BookingPaymentInitiated,
        "BOOKING_NO_SHOW_UPDATED": BookingNoShowUpdated,
        "MEETING_STARTED": MeetingStarted,
        "MEETING_ENDED": MeetingEnded,
        "RECORDING_READY": RecordingReady,
        "RECORDING_TRANSCRIPTION_GENERATED": RecordingTranscriptionGenerated,
        "AFTER_HOSTS_CAL_VIDEO_NO_SHOW": HostsNoShow,
        "AFTER_GUESTS_CAL_VIDEO_NO_SHOW": GuestsNoShow,
        "INSTANT_MEETING": InstantMeeting,
        "OOO_CREATED": OutOfOfficeCreated,
        "FORM_SUBMITTED": FormSubmitted,
        "FORM_SUBMITTED_NO_EVENT": FormSubmittedNoEvent,
        "DELEGATION_CREDENTIAL_ERROR": DelegationCredentialError,
        "WRONG_ASSIGNMENT_REPORT": WrongAssignmentReport,
        "PING": Ping,
    }
)
"""The class of each kind of event, by its trigger."""
