"""The exceptions, as classes only: what each means, and what it carries.

One table maps responses to these classes: `calcom_core.error_mapping`.
No class here holds a request, so none can show a credential.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # each of these modules imports this one
    from calcom_core.http import Response
    from calcom_core.model.booking import Booking
    from calcom_core.operation import Operation, Page
    from calcom_core.rate_limits import RateLimit
    from calcom_core.webhooks import Event, UnknownEvent


def _restore(cls: "type[CalcomError]", message: str, state: dict[str, Any]) -> "CalcomError":
    error = cls.__new__(cls, message)
    error.args = (message,)
    error.__dict__.update(state)
    return error


class CalcomError(Exception):
    """The root of every exception this library raises on purpose.

    One that ends a call says in `attempts` how many were made, and in `stop_reason` why no more.
    """

    attempts = 0
    stop_reason = ""
    _acted = False

    @property
    def may_have_happened(self) -> bool:
        """Whether a write may have been executed in spite of the error."""
        return self._acted

    def __init__(self, message: str) -> None:
        super().__init__(message)

    def __str__(self) -> str:
        message = super().__str__()
        if not self.attempts:
            return message
        times = "1 attempt" if self.attempts == 1 else f"{self.attempts} attempts"
        return f"{message} (after {times}: {self.stop_reason})"

    # Exception's own way rebuilds from `args` alone, which a class with keyword-only fields cannot.
    def __reduce__(
        self,
    ) -> tuple[Callable[..., "CalcomError"], tuple[type["CalcomError"], str, dict[str, Any]]]:
        return _restore, (type(self), str(self.args[0]), dict(self.__dict__))


class InvalidInput(CalcomError, ValueError):
    """Refused here, before anything was sent.

    `field` is the name of the argument or key at fault, `problem` what is wrong and the way out.
    """

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


class ApiError(CalcomError):
    """The server responded with a status other than 2xx.

    `may_have_happened` is true where a write may have been executed in spite of the error:
    any 5xx on a write, and the responses that are known to follow the execution.
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
        super().__init__(message)
        self.operation = operation
        self.response = response
        self.code = code
        self.message = server_message
        self.details = details
        self._acted = may_have_happened

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

    `fields` maps the server's name of each refused field to what it said of it;
    the texts are empty where the server's sentence cannot be split.
    """

    fields: Mapping[str, tuple[str, ...]]


class BookingFieldError(ApiError):
    """A booking field of the event type is missing or wrong; `fields` holds their slugs."""

    fields: Mapping[str, tuple[str, ...]]


class SlotUnavailable(ApiError):
    """That time cannot be booked.

    `reason` is `taken`, `full`, `past`, `outside_window`, `reserved`, `limit` (the event type has
    as many bookings in that period as it allows), `booker_limit` (the attendee has as many active
    bookings as it allows) or `no_host`.
    Another slot helps, but not with the last two.
    """

    reason: str


class BookingConflict(ApiError):
    """Another booking, the state of this one, or a rule of its event type is in the way.

    "Cancelled already" is one of these: it may be true of another occurrence of the series alone,
    or of the old uid of a booking that was rescheduled.
    """


class AlreadyDone(ApiError):
    """The server says that this was done before; nothing was changed now."""


class Unauthenticated(ApiError):
    """The credentials are missing or not valid.

    `credentials` is the class name of those that were sent: `ApiKey`, `AccessToken`, `OAuthClient`
    or `Anonymous`; it is empty if `Operation.read` was called without it.
    """

    credentials: str = ""


class TokenExpired(Unauthenticated):
    """The access token expired (HTTP 498): refresh it, then retry."""


class PermissionDenied(ApiError):
    """The credentials are good, and do not allow this."""


class BlockedByEdge(ApiError):
    """A page of HTML with a 4xx: something in front of the API refused, not the API."""


class NotFound(ApiError):
    """There is no such booking, seat, user, team or event type, or none that you may see."""


class RateLimited(ApiError):
    """Too many requests.

    `reset` is the wait in seconds that the server states, or None if it states none.
    `limits` holds every limit that it states.
    """

    reset: float | None
    limits: "tuple[RateLimit, ...]"


class BadRequest(ApiError):
    """A 4xx of a kind that is not known here."""


class ServerError(ApiError):
    """A 5xx; on a write it may have happened all the same."""


class VersionMismatch(CalcomError):
    """The legacy API answered, or a route that this version of the API lacks.

    On a write `may_have_happened` says whether the legacy API may have executed it.
    """

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
        self._acted = may_have_happened


class DecodingError(CalcomError):
    """A 2xx that cannot be read: not JSON, an error in disguise, or of another type.

    `path` is the JSON path of what is odd, `found` the kind of value found there, never the value.
    The message also names the other required keys that are missing beside it.
    `may_have_happened` is true on a write: the server accepted it, or its outcome is open where the
    response is an error in disguise.
    `data` is the JSON of the whole response, without credentials, such as the uid of a booking that
    was created; None if it is not JSON.
    What lies in it below 50 arrays and objects is None.
    `page` holds the readable rest of a list, and `unreadable` its unreadable items as raw JSON.
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
        super().__init__(message)
        self.operation = operation
        self.response = response
        self.path = path
        self.found = found
        self._acted = may_have_happened
        self.data = data
        self.page = page
        self.unreadable = unreadable


class PagingError(DecodingError):
    """A page that does not say how to go on.

    Its cursor was walked, is missing or odd; or its `pagination` is missing, or cannot be read.
    `page` holds its items, and its `next` is None though this may not be the end of the list.
    A pagination that cannot be read is there an `OffsetPagination` that says nothing.
    """


class SeriesReturned(DecodingError):
    """A call for one booking got a series; `bookings` holds all of it.

    After a write the bookings exist, or are cancelled, all the same.
    """

    bookings: "tuple[Booking, ...]" = ()


class OutcomeUnknown(CalcomError):
    """A write that may have happened; `verify` is the read operation that tells.

    `cause` is the error that left it open: a `NoAnswer`, a `ServerError`, or a `RateLimited` that
    does not say that nothing was done; of `create_once` also a look-up before the create, which
    found a booking of an earlier run that may be incomplete.
    `found` holds the bookings that a look-up found and that do not settle it.
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

    _acted = True

    @property
    def verify(self) -> "Operation[Any] | None":
        """The read operation that tells whether the write happened."""
        return self.operation.verify


class ExistingBookingReturned(CalcomError):
    """The server returned an existing booking of another call, and created none.

    It does so for the same attendee, event type and start, where the event type needs confirmation
    or is a round robin.
    `booking` is what it returned: a booking, or a tuple of them.
    """

    def __init__(
        self, message: str, *, operation: "Operation[Any]", booking: "Booking | tuple[Booking, ...]"
    ) -> None:
        super().__init__(message)
        self.operation = operation
        self.booking = booking


class TransportError(CalcomError):
    """No complete response arrived.

    `reason` is one of these.
    Another try may help after `pool` (no connection became free), `connect` (no connection, or the
    proxy failed), `refused`, `timeout` and `closed` (the connection ended, also in a handshake).
    It does not help after `host` (the name has no address), `tls` (no trust, or no common TLS),
    `proxy` (the proxy refused the request and forwarded nothing) and `transport-closed`.
    `protocol` (no HTTP/1.1) and `too-large` come only with `NoAnswer`.
    `operation` is the call it belongs to, where a program sent it.
    """

    def __init__(
        self, message: str, *, reason: str, operation: "Operation[Any] | None" = None
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.operation = operation

    @property
    def may_have_happened(self) -> bool:
        """Whether this may have done something: a write, or a request of unknown kind."""
        return self.operation is None or not self.operation.idempotent

    @property
    def timed_out(self) -> bool:
        """Whether it was a timeout."""
        return self.reason == "timeout"


class NotSent(TransportError):
    """Certainly not executed: no byte of the request can have left."""

    @property
    def may_have_happened(self) -> bool:
        """Never."""
        return False


class NoAnswer(TransportError):
    """Sent, or partly sent, without a complete response: it may have been executed."""


class WebhookError(CalcomError):
    """A webhook delivery that should not be acted upon, or that cannot be read."""


class SignatureError(WebhookError):
    """Nothing shows that the delivery is from Cal.com: do not act upon it."""


class SignatureMissing(SignatureError):
    """The delivery has no signature at all."""


class WebhookWithoutSecret(SignatureError):
    """The webhook has no secret in Cal.com, so that its deliveries are not signed."""


class SignatureMalformed(SignatureError):
    """The signature header does not hold a signature."""


class SignatureMismatch(SignatureError):
    """The signature is of another body, or made with another secret."""


class DeliveryTooLarge(WebhookError):
    """A delivery of more bytes than are read; whether it was signed was not looked at."""


class DeliveryTooOld(WebhookError):
    """A signed delivery that was made too long ago: somebody may have sent it again.

    `event` is the delivery, and `age` how many seconds ago the server made it.
    A negative `age` means a delivery from the future; None means that it does not say when.
    """

    def __init__(self, message: str, *, event: "Event", age: float | None) -> None:
        super().__init__(message)
        self.event = event
        self.age = age


class DeliveryUnreadable(WebhookError):
    """A delivery that is not JSON, nested too deeply, or of other types.

    `path` is the JSON path of what is odd, `found` the kind of value found there, never the value.
    `event` is the delivery as a `calcom_core.webhooks.UnknownEvent`, with everything as it came;
    None where not even that can be made.
    """

    def __init__(
        self, message: str, *, path: str, found: str, event: "UnknownEvent | None" = None
    ) -> None:
        super().__init__(message)
        self.path = path
        self.found = found
        self.event = event


class ReplayError(CalcomError):
    """A replay or a cassette failed; no retry policy catches it.

    `calcom_transports.replay_errors` has its subclasses.
    """
