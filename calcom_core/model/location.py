"""The eight ways to say where a booking takes place: a tagged union of inputs.

What an answer says of the place is one flat string, `Booking.location`.
"""

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from calcom_core.errors import InvalidInput
from calcom_core.model.fields import build, by, checks, kind, one_of, phone, text


@frozen(kw_only=True, field_transformer=checks)
class AddressLocation:
    """At the address that the organiser configured."""

    type: str = field(default="address", init=False)


@frozen(kw_only=True, field_transformer=checks)
class LinkLocation:
    """At the link that the organiser configured."""

    type: str = field(default="link", init=False)


@frozen(kw_only=True, field_transformer=checks)
class PhoneLocation:
    """At the phone number that the organiser configured."""

    type: str = field(default="phone", init=False)


@frozen(kw_only=True, field_transformer=checks)
class OrganizersDefaultAppLocation:
    """In the organiser's default video app; team event types only."""

    type: str = field(default="organizersDefaultApp", init=False)


@frozen(kw_only=True, field_transformer=checks)
class IntegrationLocation:
    """In a video app of the event type, such as `cal-video`, `google-meet` or `zoom`."""

    type: str = field(default="integration", init=False)
    integration: str = field(metadata=by(text))


@frozen(kw_only=True, field_transformer=checks)
class AttendeeAddressLocation:
    """At an address that the attendee gives."""

    type: str = field(default="attendeeAddress", init=False)
    address: str = field(metadata=by(text))


@frozen(kw_only=True, field_transformer=checks)
class AttendeePhoneLocation:
    """At a phone number that the attendee gives, in international form."""

    type: str = field(default="attendeePhone", init=False)
    phone: str = field(metadata=by(phone))


@frozen(kw_only=True, field_transformer=checks)
class AttendeeDefinedLocation:
    """At a place that the attendee words freely."""

    type: str = field(default="attendeeDefined", init=False)
    location: str = field(metadata=by(text))


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

LOCATIONS: dict[str, type[Any]] = {
    "address": AddressLocation,
    "attendeeAddress": AttendeeAddressLocation,
    "attendeeDefined": AttendeeDefinedLocation,
    "attendeePhone": AttendeePhoneLocation,
    "integration": IntegrationLocation,
    "link": LinkLocation,
    "organizersDefaultApp": OrganizersDefaultAppLocation,
    "phone": PhoneLocation,
}


def location(value: object, field: str) -> Any:
    """Check a location, typed or as a mapping with its `type`."""
    if isinstance(value, LocationInput):
        return value
    if not isinstance(value, Mapping):
        raise InvalidInput(
            field, f"must be a mapping with a type, such as {{'type': 'link'}}, not {kind(value)}"
        )
    tag = one_of(*LOCATIONS)(value.get("type"), f"{field}.type")
    return build(LOCATIONS[tag], {k: v for k, v in value.items() if k != "type"}, field)
