"""The exceptions: the meaning and the attributes of each class.

`calcom_core.error_rules` maps responses to these classes.
No exception holds a request, because a request holds credentials.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # these modules import this one
    from calcom_core.http import Response
    from calcom_core.model.booking import Booking
    from calcom_core.operation import Operation, Page
    from calcom_core.rate_limits import RateLimit
    from calcom_core.webhooks import Event, UnknownEvent


class CalcomError(Exception):
    """The base of every exception that this library raises on purpose.

    On an error that ends a call, `attempts` counts the attempts, and `stop_reason` explains why no
    other followed.
    """

    attempts = 0
    stop_reason = ""
    _executed = False

    @property
    def may_have_happened(self) -> bool:
        """Whether a write may have been executed despite the error."""
        return self._executed

    def __str__(self) -> str:
        times = "1 attempt" if self.attempts == 1 else f"{self.attempts} attempts"
        note = f" (after {times}: {self.stop_reason})" if self.attempts else ""
        return super().__str__() + note

    # Exception.__reduce__ passes `args` alone, which lacks the keyword-only arguments.
    def __reduce__(self) -> tuple[Any, ...]:
        return type(self).__new__, (type(self), str(self.args[0])), dict(self.__dict__)


class InvalidInput(CalcomError, ValueError):
    """An argument is invalid; nothing was sent.

    `field` names the argument or key at fault; `problem` describes the fault and its remedy.
    """

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


class ResponseError(CalcomError):
    """An error about a response; `response` is without credentials."""

    def __init__(
        self,
        message: str,
        *,
        operation: "Operation[Any]",
        response: "Response",
        may_have_happened: bool,
    ) -> None:
        super().__init__(message)
        self.operation = operation
        self.response = response
        self._executed = may_have_happened


class ApiError(ResponseError):
    """The server responded with a status other than 2xx.

    `code`, `message` and `details` are those of the server; `response` holds the rest.
    `may_have_happened` is true for a 5xx on a write, and for the 4xx that the server is known to
    send after it executed a write.
    """

    def __init__(
        self,
        message: str,
        *,
        operation: "Operation[Any]",
        response: "Response",
        code: str | None,
        server_message: str,
        details: Any,
        may_have_happened: bool,
    ) -> None:
        super().__init__(
            message, operation=operation, response=response, may_have_happened=may_have_happened
        )
        self.code = code
        self.message = server_message
        self.details = details

    @property
    def status(self) -> int:
        """The HTTP status of the response."""
        return self.response.status

    @property
    def request_id(self) -> str | None:
        """The server's `X-Request-Id`, which its operators can look up."""
        return self.response.headers.get("x-request-id")


class ValidationFailed(ApiError):
    """The server refused the input.

    `fields` maps the server's name of each refused field to the server's texts about it.
    A field has no texts if only the message as a whole describes it.
    """

    fields: Mapping[str, tuple[str, ...]]


class BookingFieldError(ApiError):
    """A booking field of the event type is missing or wrong; `fields` holds their slugs."""

    fields: Mapping[str, tuple[str, ...]]


class SlotUnavailable(ApiError):
    """The time cannot be booked.

    `reason` is `taken`, `full`, `past`, `outside_window`, `reserved`, `limit` (of bookings in that
    period), `booker_limit` (of active bookings of this attendee) or `no_host`.
    Choose another slot, except after the last two reasons.
    """

    reason: str


class BookingConflict(ApiError):
    """Another booking, the state of this one, or a rule of its event type prevents the call.

    "Cancelled already" may refer to another occurrence of the series, or to the old uid of a
    booking that was rescheduled.
    """


class AlreadyDone(ApiError):
    """The server reports that this was done before; the call changed nothing."""


class Unauthenticated(ApiError):
    """The credentials are missing or invalid.

    `credentials` is the class name of the credentials sent: `ApiKey`, `AccessToken`, `OAuthClient`
    or `Anonymous`; empty if `Operation.read` did not receive it.
    """

    credentials: str = ""


class TokenExpired(Unauthenticated):
    """The access token expired (HTTP 498): refresh it, then retry."""


class PermissionDenied(ApiError):
    """The credentials are valid, and do not allow this."""


class BlockedByEdge(ApiError):
    """A 4xx with a page of HTML: a proxy or firewall in front of the API refused the request."""


class NotFound(ApiError):
    """The booking, seat, user, team or event type does not exist, or is hidden from you."""


class RateLimited(ApiError):
    """Too many requests.

    `reset` is the wait that the server states, in seconds, or None without one.
    `limits` holds the limits that the headers state.
    """

    reset: float | None
    limits: "tuple[RateLimit, ...]"


class BadRequest(ApiError):
    """Any other 4xx."""


class ServerError(ApiError):
    """Any 5xx; a write may have happened all the same."""


class VersionMismatch(ResponseError):
    """The legacy API responded, or the server's version of the API lacks the route.

    `may_have_happened` is true if the legacy API may have executed a write.
    """


class DecodingError(ResponseError):
    """A 2xx that cannot be read: not JSON, an error in disguise, or a value of another type.

    `path` is the JSON path of the unexpected value, and `found` its type, never the value itself.
    The message also names other required keys that the same object lacks.
    `may_have_happened` is true for every write.
    `data` is the JSON of the response without credentials, or None if the body is not JSON; find
    the uid of a created booking there.
    Arrays and objects nested more than 50 deep are None in it.
    `page` holds the readable items of a list, and `unreadable` the others as raw JSON.
    """

    def __init__(
        self,
        message: str,
        *,
        operation: "Operation[Any]",
        response: "Response",
        path: str,
        found: str,
        may_have_happened: bool,
        data: Any = None,
        page: "Page[Any] | None" = None,
        unreadable: tuple[Any, ...] = (),
    ) -> None:
        super().__init__(
            message, operation=operation, response=response, may_have_happened=may_have_happened
        )
        self.path = path
        self.found = found
        self.data = data
        self.page = page
        self.unreadable = unreadable


class PagingError(DecodingError):
    """A page that does not lead to the next one, although the list may continue.

    Its cursor is missing, invalid or repeated, or its `pagination` is missing or unreadable.
    `page` holds its items, with `next` None; an unreadable `pagination` is an `OffsetPagination`
    without values.
    """


class SeriesReturned(DecodingError):
    """A call for one booking returned a series; `bookings` holds all its bookings.

    A write was executed all the same: it created or cancelled them.
    """

    bookings: "tuple[Booking, ...]" = ()


class OutcomeUnknown(CalcomError):
    """A write may have happened; run the read operation in `verify` to find out.

    `cause` is a `NoAnswer`, a `ServerError`, or a `RateLimited` from inside the application.
    From `create_once` it is also the error of a look-up, or an incomplete booking of an earlier
    run.
    `found` holds bookings that a look-up found without settling the outcome.
    """

    def __init__(
        self,
        message: str,
        *,
        operation: "Operation[Any]",
        cause: CalcomError,
        found: "tuple[Booking, ...]" = (),
    ) -> None:
        super().__init__(message)
        self.operation = operation
        self.cause = cause
        self.found = found

    _executed = True

    @property
    def verify(self) -> "Operation[Any] | None":
        """The read operation that shows whether the write happened."""
        return self.operation.verify


class ExistingBookingReturned(CalcomError):
    """The server returned an existing booking of another call, and created none.

    It does this for the same attendee, event type and start, if the event type requires
    confirmation or is a round robin.
    `booking` is the returned booking, or a tuple of them.
    """

    def __init__(
        self, message: str, *, operation: "Operation[Any]", booking: "Booking | tuple[Booking, ...]"
    ) -> None:
        super().__init__(message)
        self.operation = operation
        self.booking = booking


class TransportError(CalcomError):
    """No complete response arrived.

    `reason` names the failure.
    A retry may succeed after `pool` (no connection became free), `connect` (no connection, or the
    proxy failed), `refused`, `timeout` and `closed` (the connection ended, also in a handshake).
    It cannot after `host` (the name has no address), `tls` (no trust, or no common version),
    `proxy` (the proxy refused to forward the request) and `transport-closed`.
    `protocol` (a response that is not HTTP/1.1) and `too-large` occur only in a `NoAnswer`.
    `operation` is the operation of a request that a program sent, else None.
    """

    _executed = True

    def __init__(
        self, message: str, *, reason: str, operation: "Operation[Any] | None" = None
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.operation = operation

    @property
    def may_have_happened(self) -> bool:
        """Whether the request may have changed something; true without an operation."""
        return self._executed and (self.operation is None or not self.operation.idempotent)


class NotSent(TransportError):
    """Certainly not executed: no byte of the request reached the server."""

    _executed = False


class NoAnswer(TransportError):
    """No complete response arrived; the server may have executed the request."""


class WebhookError(CalcomError):
    """A webhook delivery that must not be processed, or that cannot be read."""


class SignatureError(WebhookError):
    """The delivery is not proven to come from Cal.com; do not process it."""


class SignatureMissing(SignatureError):
    """The delivery has no signature."""


class WebhookWithoutSecret(SignatureError):
    """The webhook has no secret in Cal.com, so its deliveries are not signed."""


class SignatureMalformed(SignatureError):
    """The signature header does not hold a signature."""


class SignatureMismatch(SignatureError):
    """The signature belongs to another body or another secret."""


class DeliveryTooLarge(WebhookError):
    """The delivery exceeds the size limit; its signature was not checked."""


class DeliveryTooOld(WebhookError):
    """A signed delivery that is too old, and may be a replay.

    `event` is the delivery, and `age` its age in seconds.
    A negative `age` means a time in the future, and None that the delivery states no time.
    """

    def __init__(self, message: str, *, event: "Event", age: float | None) -> None:
        super().__init__(message)
        self.event = event
        self.age = age


class DeliveryUnreadable(WebhookError):
    """A delivery that is not JSON, is nested too deeply, or has a value of another type.

    `path` is the JSON path of the unexpected value, and `found` its type, never the value itself.
    `event` is the delivery as a `calcom_core.webhooks.UnknownEvent` with its unchanged JSON, or
    None if even its trigger cannot be read.
    """

    def __init__(
        self, message: str, *, path: str, found: str, event: "UnknownEvent | None" = None
    ) -> None:
        super().__init__(message)
        self.path = path
        self.found = found
        self.event = event


class ReplayError(CalcomError):
    """A replay or a cassette failed; it is never retried.

    `calcom_transports.replay_errors` defines the subclasses.
    """
