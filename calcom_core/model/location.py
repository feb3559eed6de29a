"""Locations as inputs: two tagged unions, one for new and one for existing bookings.

A new booking selects a location that its event type offers; an existing one accepts any location.
In responses the location is a string, `Booking.location`.
"""

from collections.abc import Callable, Mapping
from typing import Any, get_args

from attrs import field, fields, frozen

from calcom_core._lazy_methods import LazyMethods
from calcom_core.checks import (
    check_fields,
    checked_by,
    found_type,
    from_mapping,
    matching,
    non_empty_string,
    one_of,
    phone,
)
from calcom_core.errors import InvalidInput


@frozen(kw_only=True, field_transformer=check_fields)
class AddressLocation(LazyMethods):
    """At the address that the organiser configured."""

    type: str = field(default="address", init=False)


@frozen(kw_only=True, field_transformer=check_fields)
class LinkLocation(LazyMethods):
    """At the link that the organiser configured."""

    type: str = field(default="link", init=False)


@frozen(kw_only=True, field_transformer=check_fields)
class PhoneLocation(LazyMethods):
    """At the phone number that the organiser configured."""

    type: str = field(default="phone", init=False)


@frozen(kw_only=True, field_transformer=check_fields)
class OrganizersDefaultAppLocation(LazyMethods):
    """In the organiser's default video app; team event types only."""

    type: str = field(default="organizersDefaultApp", init=False)


@frozen(kw_only=True, field_transformer=check_fields)
class IntegrationLocation(LazyMethods):
    """In a video app of the event type, such as `cal-video`, `google-meet` or `zoom`."""

    type: str = field(default="integration", init=False)
    integration: str = field(metadata=checked_by(non_empty_string))


@frozen(kw_only=True, field_transformer=check_fields)
class AttendeeAddressLocation(LazyMethods):
    """At an address of the attendee's choice."""

    type: str = field(default="attendeeAddress", init=False)
    address: str = field(metadata=checked_by(non_empty_string))


@frozen(kw_only=True, field_transformer=check_fields)
class AttendeePhoneLocation(LazyMethods):
    """At a phone number of the attendee, in international form."""

    type: str = field(default="attendeePhone", init=False)
    phone: str = field(metadata=checked_by(phone))


@frozen(kw_only=True, field_transformer=check_fields)
class AttendeeDefinedLocation(LazyMethods):
    """At a place that the attendee describes in free text."""

    type: str = field(default="attendeeDefined", init=False)
    location: str = field(metadata=checked_by(non_empty_string))


@frozen(kw_only=True, field_transformer=check_fields)
class NewAddressLocation(LazyMethods):
    """Moved to this address."""

    type: str = field(default="address", init=False)
    address: str = field(metadata=checked_by(non_empty_string))


_link = matching(r"\S+", "contains white space; pass a link such as https://example.com/room")


@frozen(kw_only=True, field_transformer=check_fields)
class NewLinkLocation(LazyMethods):
    """Moved to this link."""

    type: str = field(default="link", init=False)
    link: str = field(metadata=checked_by(_link))


@frozen(kw_only=True, field_transformer=check_fields)
class NewPhoneLocation(LazyMethods):
    """Moved to this phone number, in international form."""

    type: str = field(default="phone", init=False)
    phone: str = field(metadata=checked_by(phone))


LocationInput = (
    AddressLocation
    | AttendeeAddressLocation
    | AttendeeDefinedLocation
    | AttendeePhoneLocation
    | IntegrationLocation
    | LinkLocation
    | OrganizersDefaultAppLocation
    | PhoneLocation
)

NewLocation = (
    AttendeeAddressLocation
    | AttendeeDefinedLocation
    | AttendeePhoneLocation
    | IntegrationLocation
    | NewAddressLocation
    | NewLinkLocation
    | NewPhoneLocation
)


def _by_type(union: Any) -> dict[str, type[Any]]:
    return {fields(cls).type.default: cls for cls in get_args(union)}


LOCATIONS = _by_type(LocationInput)
NEW_LOCATIONS = _by_type(NewLocation)


def _location_check(classes: dict[str, type[Any]]) -> Callable[[object, str], Any]:
    check_tag, instances = one_of(*sorted(classes)), tuple(classes.values())

    def check(value: object, field: str) -> Any:
        if isinstance(value, instances):
            return value
        if not isinstance(value, Mapping):
            raise InvalidInput(
                field,
                f"must be a mapping with a type, one of {', '.join(sorted(classes))}, "
                f"not {found_type(value)}",
            )
        try:
            tag = check_tag(value.get("type"), f"{field}.type")
        except InvalidInput as error:
            video = "for a video app pass {'type': 'integration', 'integration': 'zoom'}"
            raise InvalidInput(error.field, f"{error.problem}; {video}") from error
        rest = dict(value)
        rest.pop("type", None)
        return from_mapping(classes[tag], rest, field)

    return check


location = _location_check(LOCATIONS)
"""Checks the location of a new booking, an instance or a mapping with its `type`."""

new_location = _location_check(NEW_LOCATIONS)
"""Checks the new location of an existing booking, an instance or a mapping with its `type`."""
