"""The operations that list the bookings of a team or an organisation.

The filters are those of `bookings.list` that the API supports for each list.
Any other filter is refused, because the server would ignore it and return all bookings.
"""

from typing import Unpack

from calcom_core.model.booking import Booking, BookingReference
from calcom_core.model.filters import (
    OrganizationBookingFilters,
    ReferenceFilter,
    ReferenceType,
    TeamBookingFilters,
    UserBookingFilters,
    booking_filters,
)
from calcom_core.operation import Operation, Page, listing, operation
from calcom_core.serialization import to_query


def bookings(
    team_id: int, *, cal_api_version: str | None = None, **filters: Unpack[TeamBookingFilters]
) -> Operation[Page[Booking]]:
    """List the bookings of a team, one page at a time; for its admins and owners.

    `GET /v2/teams/{team_id}/bookings`, version 2024-08-13.
    Credentials are needed.

    Args:
        team_id: the id of a team, at least 1.
        cal_api_version: pins the version for this call.
        filters: `status`, `attendee_email`, `attendee_name`, `booking_uid`, `event_type_ids`,
            `event_type_id`, `after_start`, `before_end`, `sort_start`, `sort_end`,
            `sort_created`, `take` (1 to 250) and `skip`.

    Returns:
        A `Page`; its `next` is the operation for the following page.

    Raises:
        InvalidInput: for an invalid id, an unsupported filter or an invalid value.
        PermissionDenied: without the required role.
    """
    given = booking_filters(TeamBookingFilters, filters)
    return listing("teams.bookings", cal_api_version, given, team_id=team_id)


def organization_bookings(
    org_id: int,
    *,
    cal_api_version: str | None = None,
    **filters: Unpack[OrganizationBookingFilters],
) -> Operation[Page[Booking]]:
    """List the bookings of an organisation, one page at a time; for its admins and owners.

    `GET /v2/organizations/{org_id}/bookings`.
    Credentials are needed.
    The version is 2024-08-13 or 2026-05-01, as in `bookings.list`.

    Args:
        org_id: the id of an organisation, at least 1.
        cal_api_version: pins the version for this call.
        filters: those of `bookings.list`, and `user_ids`, one or more.

    Returns:
        A `Page`; its `next` is the operation for the following page.

    Raises:
        InvalidInput: for an invalid id, an unsupported filter or an invalid value.
        PermissionDenied: without the required role.
    """
    given = booking_filters(OrganizationBookingFilters, filters)
    return listing("teams.organization_bookings", cal_api_version, given, org_id=org_id)


def organization_team_bookings(
    org_id: int,
    team_id: int,
    *,
    cal_api_version: str | None = None,
    **filters: Unpack[TeamBookingFilters],
) -> Operation[Page[Booking]]:
    """List the bookings of a team of an organisation, one page at a time.

    `GET /v2/organizations/{org_id}/teams/{team_id}/bookings`, otherwise as `teams.bookings`.
    """
    given = booking_filters(TeamBookingFilters, filters)
    return listing(
        "teams.organization_team_bookings", cal_api_version, given, org_id=org_id, team_id=team_id
    )


def organization_user_bookings(
    org_id: int,
    user_id: int,
    *,
    cal_api_version: str | None = None,
    **filters: Unpack[UserBookingFilters],
) -> Operation[Page[Booking]]:
    """List the bookings of a member of an organisation, one page at a time; for its admins.

    `GET /v2/organizations/{org_id}/users/{user_id}/bookings`, version 2024-08-13.
    Credentials are needed.

    Args:
        org_id: the id of an organisation, at least 1.
        user_id: the id of a user, at least 1.
        cal_api_version: pins the version for this call.
        filters: those of `bookings.list` except `limit` and `cursor`.

    Returns:
        A `Page`; its `next` is the operation for the following page.

    Raises:
        InvalidInput: for an invalid id, an unsupported filter or an invalid value.
        PermissionDenied: without the required role.
    """
    given = booking_filters(UserBookingFilters, filters)
    return listing(
        "teams.organization_user_bookings", cal_api_version, given, org_id=org_id, user_id=user_id
    )


def references(
    org_id: int,
    team_id: int,
    booking_uid: str,
    *,
    type: ReferenceType | None = None,
    cal_api_version: str | None = None,
) -> Operation[tuple[BookingReference, ...]]:
    """List the references of a team's booking in calendars and video apps; for the team's admins.

    `GET /v2/organizations/{org_id}/teams/{team_id}/bookings/{booking_uid}/references`, version
    2024-08-13.
    Credentials are needed.

    Args:
        org_id: the id of an organisation, at least 1.
        team_id: the id of a team, at least 1.
        booking_uid: the uid of a booking.
        type: as in `bookings.references`; without it, all.
        cal_api_version: pins the version for this call.

    Returns:
        A tuple of `BookingReference`s, empty without any.

    Raises:
        InvalidInput: for an invalid id, uid or type.
        PermissionDenied, NotFound: for a booking that you may not see, or that does not exist.
    """
    return operation(
        "teams.references",
        cal_api_version,
        org_id=org_id,
        team_id=team_id,
        booking_uid=booking_uid,
        query=to_query(ReferenceFilter(type=type)),
    )
