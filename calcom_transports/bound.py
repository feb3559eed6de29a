"""The functions of the core, bound to the clients: one namespace for each module of operations."""

import inspect
import re
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar, cast, get_args, get_type_hints

from calcom_core import bookings, event_types, me, slots, teams
from calcom_core.api import Api
from calcom_core.bookings import attendees, guests
from calcom_core.effects import Program
from calcom_core.model.booking import Booking
from calcom_core.once import create_once
from calcom_core.operation import Operation, Page
from calcom_core.retry import RetryPolicy

P = ParamSpec("P")
T = TypeVar("T")


class _Configured(Protocol):
    api: Api
    retry: RetryPolicy


class Caller(_Configured, Protocol):
    """What the blocking namespaces need of a client."""

    def call(self, op: Operation[T]) -> T:
        """Carry out one operation and return what it reads."""
        ...

    def items(self, op: Operation[Page[Booking]]) -> Iterator[Booking]:
        """Walk the bookings of a list."""
        ...

    def run(self, program: Program[T]) -> T:
        """Carry out a program and return its result."""
        ...


class AsyncCaller(_Configured, Protocol):
    """What the awaited namespaces need of a client."""

    async def call(self, op: Operation[T]) -> T:
        """Carry out one operation and return what it reads."""
        ...

    def items(self, op: Operation[Page[Booking]]) -> AsyncIterator[Booking]:
        """Walk the bookings of a list."""
        ...

    async def run(self, program: Program[T]) -> T:
        """Carry out a program and return its result."""
        ...


def _mended(method: Any, function: Callable[..., Any], result: Any = None, drop: int = 0) -> Any:
    """Give a bound method the signature of the function, with the result in place of the operation.

    `functools.wraps` alone would show the function's own, without `self`.
    *drop* is how many of its first parameters the client gives; the text loses them, too.
    """
    signature = inspect.signature(function)
    if result is None:
        result = get_args(get_type_hints(function)["return"])[-1]
    self = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
    parameters = list(signature.parameters.values())
    for given in parameters[:drop]:
        method.__doc__ = re.sub(rf"\n +{given.name}: .*(?:\n {{12}}.*)*", "", method.__doc__)
    method.__signature__ = signature.replace(
        parameters=[self, *parameters[drop:]], return_annotation=result
    )
    return method


class Bound:
    """A namespace of functions of the core, bound to a blocking client."""

    def __init__(self, client: Caller) -> None:
        self.client = client


class AsyncBound:
    """A namespace of functions of the core, bound to a client for trio."""

    def __init__(self, client: AsyncCaller) -> None:
        self.client = client


def blocking(
    function: Callable[P, Operation[T]],
) -> Callable[Concatenate["Bound", P], T]:
    """Bind a function of the core: make the operation and call it."""

    @wraps(function)
    def method(self: "Bound", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self.client.call(function(*args, **kwargs))

    return cast("Callable[Concatenate[Bound, P], T]", _mended(method, function))


def awaiting(
    function: Callable[P, Operation[T]],
) -> Callable[Concatenate["AsyncBound", P], Coroutine[Any, Any, T]]:
    """Bind a function of the core: make the operation and await its call."""

    @wraps(function)
    async def method(self: "AsyncBound", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.client.call(function(*args, **kwargs))

    return cast(
        "Callable[Concatenate[AsyncBound, P], Coroutine[Any, Any, T]]", _mended(method, function)
    )


_ITERATE = """Walk the bookings that `list` lists, page by page, and each uid once.

    The arguments are those of `list`, and *take* or *limit* says how many come with each page.
    The bookings come as they are read; how many pages are asked for at once is the client's
    *concurrency*.
    Raises as `calcom_core.paging.items` does.
    """


def walking(
    function: Callable[P, Operation[Page[Booking]]],
) -> Callable[Concatenate["Bound", P], Iterator[Booking]]:
    """Bind a function of the core that lists bookings: walk all of them."""

    @wraps(function)
    def iterate(self: "Bound", /, *args: P.args, **kwargs: P.kwargs) -> Iterator[Booking]:
        return self.client.items(function(*args, **kwargs))

    iterate.__doc__ = _ITERATE
    return cast(
        "Callable[Concatenate[Bound, P], Iterator[Booking]]",
        _mended(iterate, function, Iterator[Booking]),
    )


def walking_async(
    function: Callable[P, Operation[Page[Booking]]],
) -> Callable[Concatenate["AsyncBound", P], AsyncIterator[Booking]]:
    """Bind a function of the core that lists bookings: walk all of them, under trio."""

    @wraps(function)
    def iterate(self: "AsyncBound", /, *args: P.args, **kwargs: P.kwargs) -> AsyncIterator[Booking]:
        return self.client.items(function(*args, **kwargs))

    iterate.__doc__ = _ITERATE
    return cast(
        "Callable[Concatenate[AsyncBound, P], AsyncIterator[Booking]]",
        _mended(iterate, function, AsyncIterator[Booking]),
    )


def running(
    function: Callable[Concatenate[Api, P], Program[T]],
) -> Callable[Concatenate["Bound", P], T]:
    """Bind a program of the core: run it with the client's policy, where none is given."""

    @wraps(function)
    def method(self: "Bound", /, *args: P.args, **kwargs: P.kwargs) -> T:
        if kwargs.get("policy") is None:
            kwargs["policy"] = self.client.retry
        return self.client.run(function(self.client.api, *args, **kwargs))

    return cast("Callable[Concatenate[Bound, P], T]", _mended(method, function, drop=1))


def running_async(
    function: Callable[Concatenate[Api, P], Program[T]],
) -> Callable[Concatenate["AsyncBound", P], Coroutine[Any, Any, T]]:
    """Bind a program of the core: await it with the client's policy, where none is given."""

    @wraps(function)
    async def method(self: "AsyncBound", /, *args: P.args, **kwargs: P.kwargs) -> T:
        if kwargs.get("policy") is None:
            kwargs["policy"] = self.client.retry
        return await self.client.run(function(self.client.api, *args, **kwargs))

    return cast(
        "Callable[Concatenate[AsyncBound, P], Coroutine[Any, Any, T]]",
        _mended(method, function, drop=1),
    )


class Attendees(Bound):
    """`client.bookings.attendees`: the operations of that name in the core, carried out."""

    list = blocking(attendees.list)
    get = blocking(attendees.get)
    add = blocking(attendees.add)
    remove = blocking(attendees.remove)


class Guests(Bound):
    """`client.bookings.guests`: the operations of that name in the core, carried out."""

    add = blocking(guests.add)


class Bookings(Bound):
    """`client.bookings`: the operations of that name in the core, carried out."""

    list = blocking(bookings.list)
    iterate = walking(bookings.list)
    get = blocking(bookings.get)
    get_one = blocking(bookings.get_one)
    get_series = blocking(bookings.get_series)
    get_by_seat = blocking(bookings.get_by_seat)
    create = blocking(bookings.create)
    create_one = blocking(bookings.create_one)
    create_once = running(create_once)
    create_recurring = blocking(bookings.create_recurring)
    create_instant = blocking(bookings.create_instant)
    reschedule = blocking(bookings.reschedule)
    reschedule_seat = blocking(bookings.reschedule_seat)
    request_reschedule = blocking(bookings.request_reschedule)
    cancel = blocking(bookings.cancel)
    cancel_one = blocking(bookings.cancel_one)
    cancel_seat = blocking(bookings.cancel_seat)
    confirm = blocking(bookings.confirm)
    confirm_seats = blocking(bookings.confirm_seats)
    decline = blocking(bookings.decline)
    decline_seats = blocking(bookings.decline_seats)
    mark_absent = blocking(bookings.mark_absent)
    reassign = blocking(bookings.reassign)
    reassign_to_user = blocking(bookings.reassign_to_user)
    update_location = blocking(bookings.update_location)
    recordings = blocking(bookings.recordings)
    transcripts = blocking(bookings.transcripts)
    calendar_links = blocking(bookings.calendar_links)
    references = blocking(bookings.references)
    conferencing_sessions = blocking(bookings.conferencing_sessions)

    @property
    def attendees(self) -> Attendees:
        """The operations on the attendees of a booking."""
        return Attendees(self.client)

    @property
    def guests(self) -> Guests:
        """The operations on the guests of a booking."""
        return Guests(self.client)


class Slots(Bound):
    """`client.slots`: the operations of that name in the core, carried out."""

    list = blocking(slots.list)
    reserve = blocking(slots.reserve)
    get_reservation = blocking(slots.get_reservation)
    update_reservation = blocking(slots.update_reservation)
    delete_reservation = blocking(slots.delete_reservation)


class Teams(Bound):
    """`client.teams`: the operations of that name in the core, carried out."""

    bookings = blocking(teams.bookings)
    organization_bookings = blocking(teams.organization_bookings)
    organization_team_bookings = blocking(teams.organization_team_bookings)
    organization_user_bookings = blocking(teams.organization_user_bookings)
    references = blocking(teams.references)


class EventTypes(Bound):
    """`client.event_types`: the operations of that name in the core, run."""

    list = blocking(event_types.list)
    get = blocking(event_types.get)


class Me(Bound):
    """`client.me`: the operation of that name in the core, run."""

    get = blocking(me.get)


class AsyncAttendees(AsyncBound):
    """`client.bookings.attendees`: the operations of that name in the core, under trio."""

    list = awaiting(attendees.list)
    get = awaiting(attendees.get)
    add = awaiting(attendees.add)
    remove = awaiting(attendees.remove)


class AsyncGuests(AsyncBound):
    """`client.bookings.guests`: the operations of that name in the core, carried out under trio."""

    add = awaiting(guests.add)


class AsyncBookings(AsyncBound):
    """`client.bookings`: the operations of that name in the core, carried out under trio."""

    list = awaiting(bookings.list)
    iterate = walking_async(bookings.list)
    get = awaiting(bookings.get)
    get_one = awaiting(bookings.get_one)
    get_series = awaiting(bookings.get_series)
    get_by_seat = awaiting(bookings.get_by_seat)
    create = awaiting(bookings.create)
    create_one = awaiting(bookings.create_one)
    create_once = running_async(create_once)
    create_recurring = awaiting(bookings.create_recurring)
    create_instant = awaiting(bookings.create_instant)
    reschedule = awaiting(bookings.reschedule)
    reschedule_seat = awaiting(bookings.reschedule_seat)
    request_reschedule = awaiting(bookings.request_reschedule)
    cancel = awaiting(bookings.cancel)
    cancel_one = awaiting(bookings.cancel_one)
    cancel_seat = awaiting(bookings.cancel_seat)
    confirm = awaiting(bookings.confirm)
    confirm_seats = awaiting(bookings.confirm_seats)
    decline = awaiting(bookings.decline)
    decline_seats = awaiting(bookings.decline_seats)
    mark_absent = awaiting(bookings.mark_absent)
    reassign = awaiting(bookings.reassign)
    reassign_to_user = awaiting(bookings.reassign_to_user)
    update_location = awaiting(bookings.update_location)
    recordings = awaiting(bookings.recordings)
    transcripts = awaiting(bookings.transcripts)
    calendar_links = awaiting(bookings.calendar_links)
    references = awaiting(bookings.references)
    conferencing_sessions = awaiting(bookings.conferencing_sessions)

    @property
    def attendees(self) -> AsyncAttendees:
        """The operations on the attendees of a booking."""
        return AsyncAttendees(self.client)

    @property
    def guests(self) -> AsyncGuests:
        """The operations on the guests of a booking."""
        return AsyncGuests(self.client)


class AsyncSlots(AsyncBound):
    """`client.slots`: the operations of that name in the core, carried out under trio."""

    list = awaiting(slots.list)
    reserve = awaiting(slots.reserve)
    get_reservation = awaiting(slots.get_reservation)
    update_reservation = awaiting(slots.update_reservation)
    delete_reservation = awaiting(slots.delete_reservation)


class AsyncTeams(AsyncBound):
    """`client.teams`: the operations of that name in the core, carried out under trio."""

    bookings = awaiting(teams.bookings)
    organization_bookings = awaiting(teams.organization_bookings)
    organization_team_bookings = awaiting(teams.organization_team_bookings)
    organization_user_bookings = awaiting(teams.organization_user_bookings)
    references = awaiting(teams.references)


class AsyncEventTypes(AsyncBound):
    """`client.event_types`: the operations of that name in the core, run under trio."""

    list = awaiting(event_types.list)
    get = awaiting(event_types.get)


class AsyncMe(AsyncBound):
    """`client.me`: the operation of that name in the core, run under trio."""

    get = awaiting(me.get)
