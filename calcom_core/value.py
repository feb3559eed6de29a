"""Equality, hash and repr that are written at their first use.

attrs writes and compiles them where a class is made, which takes longer than all the rest of making
it, and would be paid for by everybody who imports the core, though hardly anybody compares a
`Reassignment` with another one.
"""

from typing import Any

from attrs import field, fields, make_class


class Value:
    """An attrs class whose `__eq__`, `__hash__` and `__repr__` attrs writes when one is called."""

    __slots__ = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        # In each class, since attrs leaves alone what it finds there, and what a class inherits
        # knows only the fields of the other.
        super().__init_subclass__(**kwargs)
        for name, waiting in _WAITING.items():
            if name not in vars(cls):
                setattr(cls, name, waiting)

    def __eq__(self, other: object) -> bool:
        _write(type(self))
        return type(self).__eq__(self, other)

    def __hash__(self) -> int:
        _write(type(self))
        return type(self).__hash__(self)

    def __repr__(self) -> str:
        _write(type(self))
        return type(self).__repr__(self)


_WAITING = {name: vars(Value)[name] for name in ("__eq__", "__hash__", "__repr__")}


def _write(cls: Any) -> None:
    """Give a class what attrs writes for its fields, except what it has of its own."""
    alike = {
        each.name: field(init=each.init, eq=each.eq_key or each.eq, hash=each.hash, repr=each.repr)
        for each in fields(cls)
    }
    twin = vars(make_class(cls.__name__, alike, frozen=True, order=False))
    for name, waiting in _WAITING.items():
        if vars(cls)[name] is waiting:
            setattr(cls, name, twin[name])
