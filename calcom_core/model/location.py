"""Where a booking takes place, as inputs: two tagged unions.

A new booking takes one of the ways that its event type offers, a booking that is made any place.
What an answer says of the place is one flat string, `Booking.location`.
"""

from collections.abc import Callable, Mapping
from typing import Any

from attrs import field, frozen

from calcom_core.errors import InvalidInput
from calcom_core.model.fields import build, by, check_fields, kind, one_of, phone, text
from calcom_core.value import Value


@frozen(kw_only=True, field_transformer=check_fields)
class AddressLocation(Value):
    """At the address that the organiser configured."""

    type: str = field(default="address", init=False)


@frozen(kw_only=True, field_transformer=check_fields)
class LinkLocation(Value):
    """At the link that the organiser configured."""

    type: str = field(default="link", init=False)


@frozen(kw_only=True, field_transformer=check_fields)
class PhoneLocation(Value):
    """At the phone number that the organiser configured."""

    type: str = field(default="phone", init=False)


@frozen(kw_only=True, field_transformer=check_fields)
class OrganizersDefaultAppLocation(Value):
    """In the organiser's default video app; team event types only."""

    type: str = field(default="organizersDefaultApp", init=False)


@frozen(kw_only=True, field_transformer=check_fields)
class IntegrationLocation(Value):
    """In a video app of the event type, such as `cal-video`, `google-meet` or `zoom`."""

    type: str = field(default="integration", init=False)
    integration: str = field(metadata=by(text))


@frozen(kw_only=True, field_transformer=check_fields)
class AttendeeAddressLocation(Value):
    """At an address that the attendee gives."""

    type: str = field(default="attendeeAddress", init=False)
    address: str = field(metadata=by(text))


@frozen(kw_only=True, field_transformer=check_fields)
class AttendeePhoneLocation(Value):
    """At a phone number that the attendee gives, in international form."""

    type: str = field(default="attendeePhone", init=False)
    phone: str = field(metadata=by(phone))


@frozen(kw_only=True, field_transformer=check_fields)
class AttendeeDefinedLocation(Value):
    """At a place that the attendee words freely."""

    type: str = field(default="attendeeDefined", init=False)
    location: str = field(metadata=by(text))


@frozen(kw_only=True, field_transformer=check_fields)
class NewAddressLocation(Value):
    """Moved to this address."""

    type: str = field(default="address", init=False)
    address: str = field(metadata=by(text))


def _link(value: object, name: str) -> str:
    link = text(value, name)
    if any(character.isspace() for character in link):
        raise InvalidInput(name, "holds white space; give a link such as https://example.com/room")
    return link


@frozen(kw_only=True, field_transformer=check_fields)
class NewLinkLocation(Value):
    """Moved to this link."""

    type: str = field(default="link", init=False)
    link: str = field(metadata=by(_link))


@frozen(kw_only=True, field_transformer=check_fields)
class NewPhoneLocation(Value):
    """Moved to this phone number, in international form."""

    type: str = field(default="phone", init=False)
    phone: str = field(metadata=by(phone))


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

_GIVEN: dict[str, type[Any]] = {
    "attendeeAddress": AttendeeAddressLocation,
    "attendeeDefined": AttendeeDefinedLocation,
    "attendeePhone": AttendeePhoneLocation,
    "integration": IntegrationLocation,
}
LOCATIONS: dict[str, type[Any]] = {
    "address": AddressLocation,
    "link": LinkLocation,
    "organizersDefaultApp": OrganizersDefaultAppLocation,
    "phone": PhoneLocation,
    **_GIVEN,
}
NEW_LOCATIONS: dict[str, type[Any]] = {
    "address": NewAddressLocation,
    "link": NewLinkLocation,
    "phone": NewPhoneLocation,
    **_GIVEN,
}


def _one_of(classes: dict[str, type[Any]]) -> Callable[[object, str], Any]:
    tag_of, made = one_of(*sorted(classes)), tuple(classes.values())

    def check(value: object, field: str) -> Any:
        if isinstance(value, made):
            return value
        if not isinstance(value, Mapping):
            raise InvalidInput(
                field,
                f"must be a mapping with a type, one of {', '.join(sorted(classes))}, "
                f"not {kind(value)}",
            )
        try:
            tag = tag_of(value.get("type"), f"{field}.type")
        except InvalidInput as error:
            video = "a video app is {'type': 'integration', 'integration': 'zoom'}"
            raise InvalidInput(error.field, f"{error.problem}; {video}") from error
        rest = dict(value)
        rest.pop("type", None)
        return build(classes[tag], rest, field)

    return check


location = _one_of(LOCATIONS)
"""Checks the location of a booking to make, typed or as a mapping with its `type`."""

new_location = _one_of(NEW_LOCATIONS)
"""Checks the location of a booking that is made, typed or as a mapping with its `type`."""
