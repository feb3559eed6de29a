"""The operations that find an event type to book.

They read event types; creating and changing them is outside the bookings API.
"""

from collections.abc import Iterable

from attrs import frozen

from calcom_core._lazy_methods import LazyMethods
from calcom_core.checks import (
    check_fields,
    list_of,
    listed_username,
    non_empty_string,
    optional,
    positive_int,
)
from calcom_core.errors import InvalidInput
from calcom_core.model.event_type import EventType
from calcom_core.operation import Operation, operation
from calcom_core.serialization import to_query


@frozen(kw_only=True, field_transformer=check_fields)
class _Filters(LazyMethods):
    """The query parameters of `event_types.list`."""

    username: str | None = optional(non_empty_string)
    event_slug: str | None = optional(non_empty_string)
    usernames: Iterable[str] | None = optional(list_of(listed_username, least=1))
    org_slug: str | None = optional(non_empty_string)
    org_id: int | None = optional(positive_int)

    def __attrs_post_init__(self) -> None:
        if self.username is not None and self.usernames is not None:
            raise InvalidInput("usernames", "cannot be combined with username")
        if self.event_slug is not None and self.username is None:
            raise InvalidInput("event_slug", "needs the username of its owner")


def list(  # named as in the API
    *,
    username: str | None = None,
    event_slug: str | None = None,
    usernames: Iterable[str] | None = None,
    org_slug: str | None = None,
    org_id: int | None = None,
    cal_api_version: str | None = None,
) -> Operation[tuple[EventType, ...]]:
    """List your own event types, or the public ones of a user.

    `GET /v2/event-types`, version 2024-06-14 or 2026-06-12.
    Credentials are needed for your own event types; those of a user are public.

    Args:
        username: the user whose event types to list.
        event_slug: the slug of one event type of *username*.
        usernames: several users, for an event type that they share.
        org_slug: the slug of the organisation of these users.
        org_id: the id of that organisation, at least 1.
        cal_api_version: pins the version for this call.

    Returns:
        A tuple of `EventType`s; the *id* of each is the `event_type_id` of a new booking.

    Raises:
        InvalidInput: for invalid values, for *usernames* together with *username*, and for an
            *event_slug* without *username*.
        Unauthenticated: without credentials and without a username.
    """
    filters = _Filters(
        username=username,
        event_slug=event_slug,
        usernames=usernames,
        org_slug=org_slug,
        org_id=org_id,
    )
    return operation("event_types.list", cal_api_version, query=to_query(filters))


def get(event_type_id: int, *, cal_api_version: str | None = None) -> Operation[EventType]:
    """Get one of your event types.

    `GET /v2/event-types/{event_type_id}`, version 2024-06-14 or 2026-06-12.
    Credentials are needed.

    Args:
        event_type_id: the id of an event type, at least 1.
        cal_api_version: pins the version for this call.

    Returns:
        The `EventType`; its *booking_fields* are those that a new booking must or may fill in.

    Raises:
        InvalidInput: for an invalid id.
        NotFound, PermissionDenied: for an event type that does not exist, or is not yours.
    """
    return operation("event_types.get", cal_api_version, event_type_id=event_type_id)
