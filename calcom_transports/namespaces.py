"""The namespaces of both clients: `client.bookings`, `client.slots` and so on.

Each operation of the core is listed once, as a descriptor: a namespace of `Client` gets a function
from it, one of `AsyncClient` a coroutine function.
Both show the parameters and the docstring of the core's function, and return its result.
"""

import inspect
import re
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from functools import update_wrapper
from types import MethodType
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, TypeVar, get_args, overload

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
Blocks = TypeVar("Blocks", covariant=True)
Awaits = TypeVar("Awaits", covariant=True)


class Blocking:
    """A namespace of `Client`."""

    def __init__(self, client: "Client") -> None:
        self.client = client


class Awaiting:
    """A namespace of `AsyncClient`."""

    def __init__(self, client: "AsyncClient") -> None:
        self.client = client


class Method(Generic[P, Blocks, Awaits]):
    """A method with parameters P, which returns *Blocks* in a `Blocking` namespace, or *Awaits*."""

    def __init__(
        self,
        blocking: Callable[Concatenate[Any, P], Blocks],
        awaiting: Callable[Concatenate[Any, P], Awaits],
    ) -> None:
        self._blocking = blocking
        self._awaiting = awaiting

    @overload
    def __get__(self, namespace: Blocking, owner: type) -> Callable[P, Blocks]: ...
    @overload
    def __get__(self, namespace: Awaiting, owner: type) -> Callable[P, Awaits]: ...
    @overload
    def __get__(self, namespace: None, owner: type) -> Callable[..., object]: ...
    def __get__(self, namespace: object, owner: type) -> Callable[..., object]:
        method = self._awaiting if issubclass(owner, Awaiting) else self._blocking
        return method if namespace is None else MethodType(method, namespace)


def operation(function: Callable[P, Operation[T]]) -> Method[P, T, Coroutine[Any, Any, T]]:
    """Bind a function that returns an operation: the method calls that operation."""

    def blocking(self: Blocking, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self.client.call(function(*args, **kwargs))

    async def awaiting(self: Awaiting, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.client.call(function(*args, **kwargs))

    return Method(_like(function, blocking), _like(function, awaiting))


def program(
    function: Callable[Concatenate[Api, P], Program[T]],
) -> Method[P, T, Coroutine[Any, Any, T]]:
    """Bind a program: the method runs it with the client's API, and its policy if none is given."""

    def start(client: "Client | AsyncClient", *args: P.args, **kwargs: P.kwargs) -> Program[T]:
        if kwargs.get("policy") is None:
            kwargs["policy"] = client.retry
        return function(client.api, *args, **kwargs)

    def blocking(self: Blocking, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self.client.run(start(self.client, *args, **kwargs))

    async def awaiting(self: Awaiting, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.client.run(start(self.client, *args, **kwargs))

    return Method(_like(function, blocking), _like(function, awaiting))


def iterator(
    function: Callable[P, Operation[Page[Booking]]],
) -> Method[P, Iterator[Booking], AsyncIterator[Booking]]:
    """Bind a function that lists bookings: the method iterates over those of all pages."""

    def blocking(self: Blocking, /, *args: P.args, **kwargs: P.kwargs) -> Iterator[Booking]:
        return self.client.items(function(*args, **kwargs))

    def awaiting(self: Awaiting, /, *args: P.args, **kwargs: P.kwargs) -> AsyncIterator[Booking]:
        return self.client.items(function(*args, **kwargs))

    shown = {"name": "iterate", "doc": _ITERATE}
    return Method(
        _like(function, blocking, Iterator[Booking], **shown),
        _like(function, awaiting, AsyncIterator[Booking], **shown),
    )


_ITERATE = """Iterate over the bookings that `list` lists, page by page, and each uid once.

The arguments are those of `list`; *take* or *limit* is the size of a page.
Each booking comes when its page was read; the client's *concurrency* is how many pages are
requested at once.
Raises the errors of `calcom_core.paging.items`.
"""


def _like(
    function: Callable[..., object],
    method: Callable[P, T],
    result: object = None,
    *,
    name: str = "",
    doc: str = "",
) -> Callable[P, T]:
    """Let a method show the parameters of *function*, without those that the client gives.

    *result* is what it returns; by default what the operation or the program does.
    """
    signature = inspect.signature(function)
    self = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
    parameters = [each for each in signature.parameters.values() if each.annotation is not Api]
    result = result or get_args(signature.return_annotation)[-1]
    shown: Any = update_wrapper(method, function)
    shown.__signature__ = signature.replace(
        parameters=[self, *parameters], return_annotation=result
    )
    shown.__name__ = name or shown.__name__
    shown.__doc__ = doc or re.sub(r"\n +api: .*", "", shown.__doc__ or "")
    return method


class _Attendees:
    list = operation(attendees.list)
    get = operation(attendees.get)
    add = operation(attendees.add)
    remove = operation(attendees.remove)


class Attendees(_Attendees, Blocking):
    """`client.bookings.attendees` of `Client`."""


class AsyncAttendees(_Attendees, Awaiting):
    """`client.bookings.attendees` of `AsyncClient`."""


class _Guests:
    add = operation(guests.add)


class Guests(_Guests, Blocking):
    """`client.bookings.guests` of `Client`."""


class AsyncGuests(_Guests, Awaiting):
    """`client.bookings.guests` of `AsyncClient`."""


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


class Bookings(_Bookings, Blocking):
    """`client.bookings` of `Client`."""

    @property
    def attendees(self) -> Attendees:
        """The operations on the attendees of a booking."""
        return Attendees(self.client)

    @property
    def guests(self) -> Guests:
        """The operations on the guests of a booking."""
        return Guests(self.client)


class AsyncBookings(_Bookings, Awaiting):
    """`client.bookings` of `AsyncClient`."""

    @property
    def attendees(self) -> AsyncAttendees:
        """The operations on the attendees of a booking."""
        return AsyncAttendees(self.client)

    @property
    def guests(self) -> AsyncGuests:
        """The operations on the guests of a booking."""
        return AsyncGuests(self.client)


class _Slots:
    list = operation(slots.list)
    reserve = operation(slots.reserve)
    get_reservation = operation(slots.get_reservation)
    update_reservation = operation(slots.update_reservation)
    delete_reservation = operation(slots.delete_reservation)


class Slots(_Slots, Blocking):
    """`client.slots` of `Client`."""


class AsyncSlots(_Slots, Awaiting):
    """`client.slots` of `AsyncClient`."""


class _Teams:
    bookings = operation(teams.bookings)
    organization_bookings = operation(teams.organization_bookings)
    organization_team_bookings = operation(teams.organization_team_bookings)
    organization_user_bookings = operation(teams.organization_user_bookings)
    references = operation(teams.references)


class Teams(_Teams, Blocking):
    """`client.teams` of `Client`."""


class AsyncTeams(_Teams, Awaiting):
    """`client.teams` of `AsyncClient`."""


class _EventTypes:
    list = operation(event_types.list)
    get = operation(event_types.get)


class EventTypes(_EventTypes, Blocking):
    """`client.event_types` of `Client`."""


class AsyncEventTypes(_EventTypes, Awaiting):
    """`client.event_types` of `AsyncClient`."""


class _Me:
    get = operation(me.get)


class Me(_Me, Blocking):
    """`client.me` of `Client`."""


class AsyncMe(_Me, Awaiting):
    """`client.me` of `AsyncClient`."""
