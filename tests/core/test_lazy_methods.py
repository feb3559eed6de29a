"""Equality, hash and repr are those of attrs, generated at first use."""

import copy
import pickle
from collections.abc import Mapping
from typing import Any, Generic, TypeVar

import pytest
from attrs import evolve, field, frozen

from calcom_core._lazy_methods import LazyMethods

T = TypeVar("T")


class Plain:
    __slots__ = ()


def classes_over(above: type[Any]) -> dict[str, type[Any]]:
    """Return classes with every kind of field and *above* as their base."""

    @frozen
    class Empty(above):
        pass

    @frozen
    class Single(above):
        only: Any

    @frozen(kw_only=True)
    class Several(above):
        kind: str = field(default="several", init=False)
        first: Any
        uncompared: Any = field(default=0, eq=False)
        unhashed: Mapping[str, Any] = field(factory=dict, hash=False)
        hidden: str = field(default="hidden", repr=False)
        sized: bytes = field(default=b"", repr=lambda value: f"<{len(value)} bytes>")
        folded: str = field(default="", eq=str.casefold)
        _private: int = 1

    @frozen
    class More(Several):
        more: int = 0

    @frozen(repr=False)
    class OwnRepr(above):
        only: Any

        def __repr__(self) -> str:
            return "its own"

    return {cls.__name__: cls for cls in (Empty, Single, Several, More, OwnRepr)}


INSTANCES: list[tuple[str, dict[str, Any]]] = [
    ("Empty", {}),
    ("Single", {"only": 1}),
    ("Single", {"only": 1.0}),
    ("Single", {"only": "text"}),
    ("Single", {"only": float("nan")}),
    ("OwnRepr", {"only": 1}),
    ("Several", {"first": 1}),
    ("Several", {"first": 1, "uncompared": 2}),
    ("Several", {"first": 1, "unhashed": {"a": 1}}),
    ("Several", {"first": 1, "hidden": "x"}),
    ("Several", {"first": 1, "sized": b"abc"}),
    ("Several", {"first": 1, "folded": "A"}),
    ("Several", {"first": 1, "folded": "a"}),
    ("Several", {"first": 1, "private": 2}),
    ("Several", {"first": []}),
    ("More", {"first": 1}),
    ("More", {"first": 1, "more": 2}),
]


def test_values_have_the_eq_hash_and_repr_of_attrs() -> None:
    values, others = classes_over(LazyMethods), classes_over(Plain)
    ours = [values[name](**given) for name, given in INSTANCES]
    theirs = [others[name](**given) for name, given in INSTANCES]

    def table(items: list[Any]) -> list[list[tuple[bool, bool]]]:
        return [[(one == other, one != other) for other in items] for one in items]

    assert table(ours) == table(theirs)
    # Again with copies, after all methods are generated.
    assert [one == evolve(one) for one in ours] == [one == evolve(one) for one in theirs]
    assert [repr(one) for one in ours] == [repr(one) for one in theirs]
    for one, other in zip(ours, theirs, strict=True):
        assert one != other
        assert one.__eq__(other) is NotImplemented


def test_only_equal_values_have_equal_hashes() -> None:
    values = classes_over(LazyMethods)
    assert hash(values["Empty"]()) == hash(values["Empty"]())
    assert hash(values["Single"](only=(1, 2))) == hash(values["Single"](only=(1, 2)))
    assert hash(values["Several"](first=1)) == hash(
        values["Several"](first=1, unhashed={"a": 1}, uncompared=3)
    )
    assert hash(values["Single"](only=1)) != hash(values["Single"](only=2))
    assert hash(values["Single"](only=1)) != hash(1)
    with pytest.raises(TypeError, match="unhashable"):
        hash(values["Several"](first=[]))


@pytest.mark.parametrize("use", [repr, hash, lambda value: value == value])
def test_lazy_methods_are_generated_at_first_use(use: Any) -> None:
    for cls in classes_over(LazyMethods).values():
        assert vars(cls)["__eq__"] is vars(LazyMethods)["__eq__"]
        value = cls(**next(given for name, given in INSTANCES if name == cls.__name__))
        use(value)
        if cls.__name__ != "OwnRepr":
            assert "attrs" in vars(cls)["__eq__"].__doc__
            assert "attrs" in vars(cls)["__hash__"].__doc__
            assert "attrs" in vars(cls)["__repr__"].__doc__


def test_a_subclass_of_a_used_class_compares_its_own_fields() -> None:
    values = classes_over(LazyMethods)
    assert values["Several"](first=1) == values["Several"](first=1)
    assert values["More"](first=1, more=1) != values["More"](first=1, more=2)
    assert repr(values["More"](first=1, more=1)).endswith("more=1)")


def test_a_subclass_without_fields_compares_inherited_ones() -> None:
    class Below(classes_over(LazyMethods)["Single"]):  # type: ignore[misc]  # created at run time
        pass

    assert Below(1) == Below(1)
    assert Below(1) != Below(2)
    assert Below(1) != classes_over(LazyMethods)["Single"](1)
    assert repr(Below(1)) == "Below(only=1)"


def test_a_recursive_value_has_a_repr() -> None:
    held: list[Any] = []
    value = classes_over(LazyMethods)["Single"](held)
    held.append(value)
    assert repr(value) == "Single(only=[...])"


@frozen
class Boxed(LazyMethods, Generic[T]):
    inner: T


def test_a_generic_value_is_a_value() -> None:
    assert Boxed[int](1) == Boxed(1)
    assert repr(Boxed([Boxed(1)])) == "Boxed(inner=[Boxed(inner=1)])"


def test_a_value_can_be_copied_and_pickled() -> None:
    value = Boxed(("a", 1))
    assert pickle.loads(pickle.dumps(value)) == value
    assert copy.copy(value) == value
    assert copy.deepcopy(value) == value
    assert not hasattr(value, "__dict__")
