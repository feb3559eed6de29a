"""The typed dicts have the keys and the types of their input classes."""

from typing import Any, get_args, get_type_hints, is_typeddict

import attrs
import pytest

from calcom_core.model import input_dicts, inputs, location
from calcom_core.model.input_dicts import (
    ConfiguredLocationDict,
    LocationDict,
    NewAttendeeDict,
    NewLocationDict,
    RoutingDict,
)
from calcom_core.model.inputs import NewAttendee, Routing
from calcom_core.model.location import LOCATIONS, NEW_LOCATIONS, LocationInput

DICTS: dict[str, Any] = {
    name: value for name, value in vars(input_dicts).items() if is_typeddict(value)
}

# The nested inputs, which may also be dicts.
NESTED: dict[tuple[str, str], Any] = {
    ("NewBookingDict", "attendee"): NewAttendeeDict | NewAttendee,
    ("NewBookingDict", "location"): LocationDict | LocationInput | None,
    ("NewBookingDict", "routing"): RoutingDict | Routing | None,
}


def class_of(name: str) -> Any:
    own = name.removesuffix("Dict")
    return vars(inputs).get(own) or vars(location)[own]


def test_every_input_of_a_call_has_its_typed_dict() -> None:
    assert sorted(DICTS) == [
        "AbsenceDict",
        "AttendeeAddressLocationDict",
        "AttendeeDefinedLocationDict",
        "AttendeePhoneLocationDict",
        "CancellationDict",
        "ConfiguredLocationDict",
        "IntegrationLocationDict",
        "NewAddressLocationDict",
        "NewAttendeeDict",
        "NewBookingDict",
        "NewGuestDict",
        "NewLinkLocationDict",
        "NewPhoneLocationDict",
        "RescheduleDict",
        "RoutingDict",
        "SeatCancellationDict",
        "SeatRescheduleDict",
    ]


@pytest.mark.parametrize("name", sorted(DICTS.keys() - {"ConfiguredLocationDict"}))
def test_a_typed_dict_has_the_keys_and_the_types_of_its_class(name: str) -> None:
    fields = attrs.fields(class_of(name))
    given = [field for field in fields if field.init]
    tag = {field.name for field in fields} & {"type"}
    required = {field.name for field in given if field.default is attrs.NOTHING}

    assert DICTS[name].__required_keys__ == required | tag
    assert DICTS[name].__optional_keys__ == {field.name for field in given} - required
    types, own = get_type_hints(DICTS[name]), get_type_hints(class_of(name))
    for field in given:
        assert types[field.name] == NESTED.get((name, field.name), own[field.name]), field.name


def types_of(union: Any) -> dict[str, Any]:
    """Return each `type` of a union of typed dicts, with its dict."""
    return {tag: each for each in get_args(union) for tag in get_args(get_type_hints(each)["type"])}


def test_the_typed_dicts_of_a_location_have_the_types_of_the_api() -> None:
    assert types_of(LocationDict).keys() == LOCATIONS.keys()
    assert types_of(NewLocationDict).keys() == NEW_LOCATIONS.keys()
    for tag, each in (types_of(LocationDict) | types_of(NewLocationDict)).items():
        if each is not ConfiguredLocationDict:
            assert attrs.fields_dict(class_of(each.__name__))["type"].default == tag


def test_a_configured_location_has_no_other_key() -> None:
    configured = [LOCATIONS[tag] for tag in ("address", "link", "phone", "organizersDefaultApp")]
    assert ConfiguredLocationDict.__required_keys__ == {"type"}
    assert ConfiguredLocationDict.__optional_keys__ == set()
    assert [field.name for cls in configured for field in attrs.fields(cls)] == ["type"] * 4
