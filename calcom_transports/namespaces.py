"""The namespaces of both clients, such as `client.bookings` and `client.slots`.

Each operation of the core is listed once, as a descriptor. It gives a namespace of `Client` a
function, and one of `AsyncClient` a coroutine function, so the clients cannot differ.
Both have the parameters and the docstring of the core's function, and return its result.
"""

import inspect
import re
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from functools import update_wrapper
from types import MethodType
from typing import (
    TYPE_CHECKING,
    Any,
    Concatenate,
    Generic,
    NoReturn,
    ParamSpec,
    Self,
    TypeVar,
    get_args,
    overload,
)

from calcom_core import bookings, event_types, me, slots, teams
from calcom_core.api import Api
from calcom_core.bookings import attendees, guests
from calcom_core.create_once import create_once
from calcom_core.effects import Program
from calcom_core.model.booking import Booking
from calcom_core.operation import Operation, Page

if TYPE_CHECKING:
    from calcom_transports.client import AsyncClient, Client

P = ParamSpec("P")
T = TypeVar("T")
Result = TypeVar("Result", covariant=True)
AsyncResult = TypeVar("AsyncResult", covariant=True)
Space = TypeVar("Space")


class BlockingNamespace:
    """A namespace of `Client`."""

    def __init__(self, client: "Client") -> None:
        self.client = client


class AsyncNamespace:
    """A namespace of `AsyncClient`."""

    def __init__(self, client: "AsyncClient") -> None:
        self.client = client


class Namespace(Generic[Space]):
    """An attribute of a client, or of another namespace: a namespace of that client."""

    def __init__(self, kind: Callable[[Any], Space]) -> None:
        self._kind = kind
        self.__doc__ = kind.__doc__

    @overload
    def __get__(self, owner: None, kind: type) -> Self: ...
    @overload
    def __get__(self, owner: object, kind: type) -> Space: ...
    def __get__(self, owner: object, kind: type) -> Self | Space:
        return self if owner is None else self._kind(getattr(owner, "client", owner))

    def __set__(self, owner: object, value: object) -> NoReturn:
        raise AttributeError("a namespace of a client cannot be replaced")


class Method(Generic[P, Result, AsyncResult]):
    """A method with parameters P that returns `Result`, or in an `AsyncNamespace` `AsyncResult`."""

    def __init__(
        self,
        blocking: Callable[Concatenate[Any, P], Result],
        awaiting: Callable[Concatenate[Any, P], AsyncResult],
    ) -> None:
        self._blocking = blocking
        self._awaiting = awaiting

    @overload
    def __get__(self, namespace: BlockingNamespace, owner: type) -> Callable[P, Result]: ...
    @overload
    def __get__(self, namespace: AsyncNamespace, owner: type) -> Callable[P, AsyncResult]: ...
    @overload
    def __get__(self, namespace: None, owner: type) -> Callable[..., object]: ...
    def __get__(self, namespace: object, owner: type) -> Callable[..., object]:
        method = self._awaiting if issubclass(owner, AsyncNamespace) else self._blocking
        return method if namespace is None else MethodType(method, namespace)


def operation(function: Callable[P, Operation[T]]) -> Method[P, T, Coroutine[Any, Any, T]]:
    """Bind a function that returns an operation: the method calls that operation."""

    def blocking(self: BlockingNamespace, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self.client.call(function(*args, **kwargs))

    async def awaiting(self: AsyncNamespace, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.client.call(function(*args, **kwargs))

    return Method(_with_signature(function, blocking), _with_signature(function, awaiting))


def program(
    function: Callable[Concatenate[Api, P], Program[T]],
) -> Method[P, T, Coroutine[Any, Any, T]]:
    """Bind a program: the method runs it with the client's API, and by default its retry policy."""

    def start(client: "Client | AsyncClient", *args: P.args, **kwargs: P.kwargs) -> Program[T]:
        if kwargs.get("policy") is None:
            kwargs["policy"] = client.retry
        return function(client.api, *args, **kwargs)

    def blocking(self: BlockingNamespace, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self.client.run(start(self.client, *args, **kwargs))

    async def awaiting(self: AsyncNamespace, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.client.run(start(self.client, *args, **kwargs))

    return Method(_with_signature(function, blocking), _with_signature(function, awaiting))


def iterator(
    function: Callable[P, Operation[Page[Booking]]],
) -> Method[P, Iterator[Booking], AsyncIterator[Booking]]:
    """Bind a function that lists bookings: the method iterates over all pages."""

    def blocking(
        self: BlockingNamespace, /, *args: P.args, **kwargs: P.kwargs
    ) -> Iterator[Booking]:
        return self.client.items(function(*args, **kwargs))

    def awaiting(
        self: AsyncNamespace, /, *args: P.args, **kwargs: P.kwargs
    ) -> AsyncIterator[Booking]:
        return self.client.items(function(*args, **kwargs))

    overrides = {"name": "iterate", "doc": _ITERATE_DOC}
    return Method(
        _with_signature(function, blocking, Iterator[Booking], **overrides),
        _with_signature(function, awaiting, AsyncIterator[Booking], **overrides),
    )


_ITERATE_DOC = """Iterate over the bookings that `list` lists, page by page; each uid occurs once.

The arguments are those of `list`; *take* or *limit* is the size of a page.
The client's *concurrency* is the number of pages that are requested at once.
Raises the errors of `calcom_core.paging.items`.
"""


def _with_signature(
    function: Callable[..., object],
    method: Callable[P, T],
    result: object = None,
    *,
    name: str = "",
    doc: str = "",
) -> Callable[P, T]:
    """Give a method the name, parameters and docstring of *function*, without the API.

    *result* is the return annotation; by default that of the operation or the program.
    """
    signature = inspect.signature(function)
    self = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
    parameters = [item for item in signature.parameters.values() if item.annotation is not Api]
    result = result or get_args(signature.return_annotation)[-1]
    wrapper: Any = update_wrapper(method, function)
    wrapper.__signature__ = signature.replace(
        parameters=[self, *parameters], return_annotation=result
    )
    wrapper.__name__ = name or wrapper.__name__
    wrapper.__doc__ = doc or re.sub(r"\n +api: .*", "", wrapper.__doc__ or "")
    return method


class _Attendees:
    list = operation(attendees.list)
    get = operation(attendees.get)
    add = operation(attendees.add)
    remove = operation(attendees.remove)


class Attendees(_Attendees, BlockingNamespace):
    """The attendees of a booking: `client.bookings.attendees` of `Client`."""


class AsyncAttendees(_Attendees, AsyncNamespace):
    """The attendees of a booking: `client.bookings.attendees` of `AsyncClient`."""


class _Guests:
    add = operation(guests.add)


class Guests(_Guests, BlockingNamespace):
    """The guests of a booking: `client.bookings.guests` of `Client`."""


class AsyncGuests(_Guests, AsyncNamespace):
    """The guests of a booking: `client.bookings.guests` of `AsyncClient`."""


class _Bookings:
    list = operation(bookings.list)
    iterate = iterator(bookings.list)
    get = operation(bookings.get)
    get_one = operation(bookings.get_one)
    get_series = operation(bookings.get_series)
    get_by_seat = operation(bookings.get_by_seat)
    create = operation(bookings.create)
    create_one = operation(bookings.create_one)
    create_once = program(create_once)
    create_recurring = operation(bookings.create_recurring)
    create_instant = operation(bookings.create_instant)
    reschedule = operation(bookings.reschedule)
    reschedule_seat = operation(bookings.reschedule_seat)
    request_reschedule = operation(bookings.request_reschedule)
    cancel = operation(bookings.cancel)
    cancel_one = operation(bookings.cancel_one)
    cancel_seat = operation(bookings.cancel_seat)
    confirm = operation(bookings.confirm)
    confirm_seats = operation(bookings.confirm_seats)
    decline = operation(bookings.decline)
    decline_seats = operation(bookings.decline_seats)
    mark_absent = operation(bookings.mark_absent)
    reassign = operation(bookings.reassign)
    reassign_to_user = operation(bookings.reassign_to_user)
    update_location = operation(bookings.update_location)
    recordings = operation(bookings.recordings)
    transcripts = operation(bookings.transcripts)
    calendar_links = operation(bookings.calendar_links)
    references = operation(bookings.references)
    conferencing_sessions = operation(bookings.conferencing_sessions)


class Bookings(_Bookings, BlockingNamespace):
    """The operations on bookings: `client.bookings` of `Client`."""

    attendees = Namespace(Attendees)
    guests = Namespace(Guests)


class AsyncBookings(_Bookings, AsyncNamespace):
    """The operations on bookings: `client.bookings` of `AsyncClient`."""

    attendees = Namespace(AsyncAttendees)
    guests = Namespace(AsyncGuests)


class _Slots:
    list = operation(slots.list)
    reserve = operation(slots.reserve)
    get_reservation = operation(slots.get_reservation)
    update_reservation = operation(slots.update_reservation)
    delete_reservation = operation(slots.delete_reservation)


class Slots(_Slots, BlockingNamespace):
    """The operations on free slots and their reservations: `client.slots` of `Client`."""


class AsyncSlots(_Slots, AsyncNamespace):
    """The operations on free slots and their reservations: `client.slots` of `AsyncClient`."""


class _Teams:
    bookings = operation(teams.bookings)
    organization_bookings = operation(teams.organization_bookings)
    organization_team_bookings = operation(teams.organization_team_bookings)
    organization_user_bookings = operation(teams.organization_user_bookings)
    references = operation(teams.references)


class Teams(_Teams, BlockingNamespace):
    """The lists of the bookings of teams and organisations: `client.teams` of `Client`."""


class AsyncTeams(_Teams, AsyncNamespace):
    """The lists of the bookings of teams and organisations: `client.teams` of `AsyncClient`."""


class _EventTypes:
    list = operation(event_types.list)
    get = operation(event_types.get)


class EventTypes(_EventTypes, BlockingNamespace):
    """The operations that find an event type to book: `client.event_types` of `Client`."""


class AsyncEventTypes(_EventTypes, AsyncNamespace):
    """The operations that find an event type to book: `client.event_types` of `AsyncClient`."""


class _Me:
    get = operation(me.get)


class Me(_Me, BlockingNamespace):
    """The operation that gets the user of the credentials: `client.me` of `Client`."""


class AsyncMe(_Me, AsyncNamespace):
    """The operation that gets the user of the credentials: `client.me` of `AsyncClient`."""
