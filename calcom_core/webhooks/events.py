"""The union of all events, the event for unknown deliveries, and the table of triggers.

The union is closed, so that a type checker finds a `match` that misses an event.
"""

from collections.abc import Mapping
from types import MappingProxyType

from attrs import frozen

from calcom_core import bookings
from calcom_core.model.booking import Booking
from calcom_core.operation import Operation
from calcom_core.webhooks import booking_events, other_events
from calcom_core.webhooks.delivery import EventBase


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
    booking_events.BookingCancelled
    | booking_events.BookingCreated
    | booking_events.BookingNoShowUpdated
    | booking_events.BookingPaid
    | booking_events.BookingPaymentInitiated
    | booking_events.BookingRejected
    | booking_events.BookingRequested
    | booking_events.BookingRescheduled
    | other_events.DelegationCredentialError
    | other_events.FormSubmitted
    | other_events.FormSubmittedNoEvent
    | other_events.GuestsNoShow
    | other_events.HostsNoShow
    | other_events.InstantMeeting
    | booking_events.MeetingEnded
    | booking_events.MeetingStarted
    | other_events.OutOfOfficeCreated
    | other_events.Ping
    | other_events.RecordingReady
    | other_events.RecordingTranscriptionGenerated
    | UnknownEvent
    | other_events.WrongAssignmentReport
)
"""Any event."""

# Without ROUTING_FORM_FALLBACK_HIT, whose payload is not documented.
EVENTS: Mapping[str, type[Event]] = MappingProxyType(
    {
        "BOOKING_CREATED": booking_events.BookingCreated,
        "BOOKING_REQUESTED": booking_events.BookingRequested,
        "BOOKING_REJECTED": booking_events.BookingRejected,
        "BOOKING_CANCELLED": booking_events.BookingCancelled,
        "BOOKING_RESCHEDULED": booking_events.BookingRescheduled,
        "BOOKING_PAID": booking_events.BookingPaid,
        "BOOKING_PAYMENT_INITIATED": booking_events.BookingPaymentInitiated,
        "BOOKING_NO_SHOW_UPDATED": booking_events.BookingNoShowUpdated,
        "MEETING_STARTED": booking_events.MeetingStarted,
        "MEETING_ENDED": booking_events.MeetingEnded,
        "RECORDING_READY": other_events.RecordingReady,
        "RECORDING_TRANSCRIPTION_GENERATED": other_events.RecordingTranscriptionGenerated,
        "AFTER_HOSTS_CAL_VIDEO_NO_SHOW": other_events.HostsNoShow,
        "AFTER_GUESTS_CAL_VIDEO_NO_SHOW": other_events.GuestsNoShow,
        "INSTANT_MEETING": other_events.InstantMeeting,
        "OOO_CREATED": other_events.OutOfOfficeCreated,
        "FORM_SUBMITTED": other_events.FormSubmitted,
        "FORM_SUBMITTED_NO_EVENT": other_events.FormSubmittedNoEvent,
        "DELEGATION_CREDENTIAL_ERROR": other_events.DelegationCredentialError,
        "WRONG_ASSIGNMENT_REPORT": other_events.WrongAssignmentReport,
        "PING": other_events.Ping,
    }
)
"""The class of each event, by the trigger of its delivery."""
