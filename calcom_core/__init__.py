"""The Cal.com v2 bookings API as values: operations, requests, responses and programs; no I/O.

`bookings`, `slots`, `teams`, `event_types` and `me` create operations.
`Api` turns an operation into a `Request`; your own I/O sends it, and `Operation.read` reads the
response.
A program takes several exchanges: `retrying`, `create_once`, and those of `paging`.
For tests, `run_script` plays a program without a network, and `responses` builds responses.
`webhooks` verifies and reads deliveries; import it where you use it, since it loads OpenSSL.
"""

from calcom_core import bookings as bookings
from calcom_core import event_types as event_types
from calcom_core import me as me
from calcom_core import slots as slots
from calcom_core import teams as teams
from calcom_core.api import HOSTED_URL as HOSTED_URL
from calcom_core.api import VERSION
from calcom_core.api import AccessToken as AccessToken
from calcom_core.api import Anonymous as Anonymous
from calcom_core.api import Api as Api
from calcom_core.api import ApiKey as ApiKey
from calcom_core.api import Auth as Auth
from calcom_core.api import OAuthClient as OAuthClient
from calcom_core.create_once import create_once as create_once
from calcom_core.effects import Program as Program
from calcom_core.effects import Stream as Stream
from calcom_core.errors import AlreadyDone as AlreadyDone
from calcom_core.errors import ApiError as ApiError
from calcom_core.errors import BadRequest as BadRequest
from calcom_core.errors import BlockedByEdge as BlockedByEdge
from calcom_core.errors import BookingConflict as BookingConflict
from calcom_core.errors import BookingFieldError as BookingFieldError
from calcom_core.errors import CalcomError as CalcomError
from calcom_core.errors import DecodingError as DecodingError
from calcom_core.errors import DeliveryTooLarge as DeliveryTooLarge
from calcom_core.errors import DeliveryTooOld as DeliveryTooOld
from calcom_core.errors import DeliveryUnreadable as DeliveryUnreadable
from calcom_core.errors import ExistingBookingReturned as ExistingBookingReturned
from calcom_core.errors import InvalidInput as InvalidInput
from calcom_core.errors import NoAnswer as NoAnswer
from calcom_core.errors import NotFound as NotFound
from calcom_core.errors import NotSent as NotSent
from calcom_core.errors import OutcomeUnknown as OutcomeUnknown
from calcom_core.errors import PagingError as PagingError
from calcom_core.errors import PermissionDenied as PermissionDenied
from calcom_core.errors import RateLimited as RateLimited
from calcom_core.errors import ReplayError as ReplayError
from calcom_core.errors import SeriesReturned as SeriesReturned
from calcom_core.errors import ServerError as ServerError
from calcom_core.errors import SignatureError as SignatureError
from calcom_core.errors import SignatureMalformed as SignatureMalformed
from calcom_core.errors import SignatureMismatch as SignatureMismatch
from calcom_core.errors import SignatureMissing as SignatureMissing
from calcom_core.errors import SlotUnavailable as SlotUnavailable
from calcom_core.errors import TokenExpired as TokenExpired
from calcom_core.errors import TransportError as TransportError
from calcom_core.errors import Unauthenticated as Unauthenticated
from calcom_core.errors import ValidationFailed as ValidationFailed
from calcom_core.errors import VersionMismatch as VersionMismatch
from calcom_core.errors import WebhookError as WebhookError
from calcom_core.errors import WebhookWithoutSecret as WebhookWithoutSecret
from calcom_core.http import Headers as Headers
from calcom_core.http import Request as Request
from calcom_core.http import Response as Response
from calcom_core.http import Timeout as Timeout
from calcom_core.model.booking import Attendee as Attendee
from calcom_core.model.booking import Booking as Booking
from calcom_core.model.booking import BookingAttendee as BookingAttendee
from calcom_core.model.booking import BookingReference as BookingReference
from calcom_core.model.booking import BookingShape as BookingShape
from calcom_core.model.booking import CalendarLink as CalendarLink
from calcom_core.model.booking import ConfirmedSeats as ConfirmedSeats
from calcom_core.model.booking import DeclinedSeats as DeclinedSeats
from calcom_core.model.booking import EventTypeRef as EventTypeRef
from calcom_core.model.booking import Host as Host
from calcom_core.model.booking import NewHost as NewHost
from calcom_core.model.booking import Reassignment as Reassignment
from calcom_core.model.booking import RemovedAttendee as RemovedAttendee
from calcom_core.model.conferencing import ConferencingSession as ConferencingSession
from calcom_core.model.conferencing import Participant as Participant
from calcom_core.model.conferencing import Recording as Recording
from calcom_core.model.event_type import EventType as EventType
from calcom_core.model.event_type import EventTypeConfirmation as EventTypeConfirmation
from calcom_core.model.event_type import EventTypeField as EventTypeField
from calcom_core.model.event_type import EventTypeLocation as EventTypeLocation
from calcom_core.model.event_type import EventTypeRecurrence as EventTypeRecurrence
from calcom_core.model.event_type import EventTypeSeats as EventTypeSeats
from calcom_core.model.event_type import Me as Me
from calcom_core.model.inputs import Absence as Absence
from calcom_core.model.inputs import Cancellation as Cancellation
from calcom_core.model.inputs import NewAttendee as NewAttendee
from calcom_core.model.inputs import NewBooking as NewBooking
from calcom_core.model.inputs import NewGuest as NewGuest
from calcom_core.model.inputs import Reschedule as Reschedule
from calcom_core.model.inputs import Routing as Routing
from calcom_core.model.inputs import SeatCancellation as SeatCancellation
from calcom_core.model.inputs import SeatReschedule as SeatReschedule
from calcom_core.model.location import AddressLocation as AddressLocation
from calcom_core.model.location import AttendeeAddressLocation as AttendeeAddressLocation
from calcom_core.model.location import AttendeeDefinedLocation as AttendeeDefinedLocation
from calcom_core.model.location import AttendeePhoneLocation as AttendeePhoneLocation
from calcom_core.model.location import IntegrationLocation as IntegrationLocation
from calcom_core.model.location import LinkLocation as LinkLocation
from calcom_core.model.location import NewAddressLocation as NewAddressLocation
from calcom_core.model.location import NewLinkLocation as NewLinkLocation
from calcom_core.model.location import NewPhoneLocation as NewPhoneLocation
from calcom_core.model.location import (
    OrganizersDefaultAppLocation as OrganizersDefaultAppLocation,
)
from calcom_core.model.location import PhoneLocation as PhoneLocation
from calcom_core.model.page import CursorPagination as CursorPagination
from calcom_core.model.page import OffsetPagination as OffsetPagination
from calcom_core.model.slot import Reservation as Reservation
from calcom_core.model.slot import Slot as Slot
from calcom_core.model.slot import Slots as Slots
from calcom_core.operation import Operation as Operation
from calcom_core.operation import Page as Page
from calcom_core.pacing import NO_PACE as NO_PACE
from calcom_core.pacing import Pace as Pace
from calcom_core.retry import DEFAULT_RETRY as DEFAULT_RETRY
from calcom_core.retry import NO_RETRY as NO_RETRY
from calcom_core.retry import Exchange as Exchange
from calcom_core.retry import RetryPolicy as RetryPolicy
from calcom_core.retry import retrying as retrying
from calcom_core.secret import Secret as Secret
from calcom_core.testing import ScriptError as ScriptError
from calcom_core.testing import iterate_script as iterate_script
from calcom_core.testing import run_script as run_script
from calcom_core.versions import EVERYWHERE as EVERYWHERE
from calcom_core.versions import HOSTED as HOSTED
from calcom_core.versions import Versions as Versions

__version__ = VERSION
__all__ = [
    "DEFAULT_RETRY",
    "EVERYWHERE",
    "HOSTED",
    "HOSTED_URL",
    "NO_PACE",
    "NO_RETRY",
    "Absence",
    "AccessToken",
    "AddressLocation",
    "AlreadyDone",
    "Anonymous",
    "Api",
    "ApiError",
    "ApiKey",
    "Attendee",
    "AttendeeAddressLocation",
    "AttendeeDefinedLocation",
    "AttendeePhoneLocation",
    "Auth",
    "BadRequest",
    "BlockedByEdge",
    "Booking",
    "BookingAttendee",
    "BookingConflict",
    "BookingFieldError",
    "BookingReference",
    "BookingShape",
    "CalcomError",
    "CalendarLink",
    "Cancellation",
    "ConferencingSession",
    "ConfirmedSeats",
    "CursorPagination",
    "DeclinedSeats",
    "DecodingError",
    "DeliveryTooLarge",
    "DeliveryTooOld",
    "DeliveryUnreadable",
    "EventType",
    "EventTypeConfirmation",
    "EventTypeField",
    "EventTypeLocation",
    "EventTypeRecurrence",
    "EventTypeRef",
    "EventTypeSeats",
    "Exchange",
    "ExistingBookingReturned",
    "Headers",
    "Host",
    "IntegrationLocation",
    "InvalidInput",
    "LinkLocation",
    "Me",
    "NewAddressLocation",
    "NewAttendee",
    "NewBooking",
    "NewGuest",
    "NewHost",
    "NewLinkLocation",
    "NewPhoneLocation",
    "NoAnswer",
    "NotFound",
    "NotSent",
    "OAuthClient",
    "OffsetPagination",
    "Operation",
    "OrganizersDefaultAppLocation",
    "OutcomeUnknown",
    "Pace",
    "Page",
    "PagingError",
    "Participant",
    "PermissionDenied",
    "PhoneLocation",
    "Program",
    "RateLimited",
    "Reassignment",
    "Recording",
    "RemovedAttendee",
    "ReplayError",
    "Request",
    "Reschedule",
    "Reservation",
    "Response",
    "RetryPolicy",
    "Routing",
    "ScriptError",
    "SeatCancellation",
    "SeatReschedule",
    "Secret",
    "SeriesReturned",
    "ServerError",
    "SignatureError",
    "SignatureMalformed",
    "SignatureMismatch",
    "SignatureMissing",
    "Slot",
    "SlotUnavailable",
    "Slots",
    "Stream",
    "Timeout",
    "TokenExpired",
    "TransportError",
    "Unauthenticated",
    "ValidationFailed",
    "VersionMismatch",
    "Versions",
    "WebhookError",
    "WebhookWithoutSecret",
    "bookings",
    "create_once",
    "event_types",
    "iterate_script",
    "me",
    "retrying",
    "run_script",
    "slots",
    "teams",
]
