"""The union of all events, the event for unknown deliveries, and the table of triggers.

The union is closed, so that a type checker finds a `match` that misses an event.
"""

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
    """A delivery with an unknown trigger, or with values of unexpected types.

    *extra* holds the whole payload.
    """

    def booking(self) -> Operation[Booking] | None:
        """Return the operation that gets the booking, or None without a uid in the payload.

        Raises `InvalidInput` for an invalid uid, such as an empty one.
        """
        if "FORM" in self.delivery.trigger:
            return None  # a form may have a field called `uid`
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
"""Any event."""

# Without ROUTING_FORM_FALLBACK_HIT, whose payload is not documented.
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
"""The class of each event, by the trigger of its delivery."""
