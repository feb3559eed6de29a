"""Values that neither `repr`, a traceback with locals nor a pretty printer shows.

`Secret` holds a credential, and `Hidden` any other value that may contain one.
A traceback can show the locals of every frame; `hides_arguments` removes those frames.
"""

from collections.abc import Callable
from functools import wraps
from typing import Generic, NoReturn, ParamSpec, Self, TypeVar

from calcom_core.errors import InvalidInput

P = ParamSpec("P")
T = TypeVar("T")


def hides_arguments(function: Callable[P, T]) -> Callable[P, T]:
    """Remove the arguments of a function from the tracebacks of its errors.

    Decorate each function that takes the text of a credential.
    """

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return function(*args, **kwargs)
        except Exception as error:
            del args, kwargs
            error.__context__ = None  # its frames may hold an argument
            raise error.with_traceback(None) from None

    return call


class Hidden(Generic[T]):
    """An immutable value that only `reveal()` shows.

    It is neither a container nor an attrs class, because rich and `attrs.asdict` read the items
    and fields of those and ignore their `__repr__`.
    """

    __slots__ = ("__value",)

    def __init__(self, value: T) -> None:
        self.__value = value

    def reveal(self) -> T:
        """Return the value."""
        return self.__value

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Hidden):
            return NotImplemented
        # Not in constant time: both values are the caller's own, and hmac would load OpenSSL.
        return bool(self.__value == other.__value)

    def __hash__(self) -> int:
        return hash((Hidden, self.__value))

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.__value,)


class Secret(Hidden[str]):
    """A credential; only `reveal()` returns its text.

    `repr`, `str` and `format` do not show it, and pickling it raises `TypeError`.
    """

    __slots__ = ()

    @hides_arguments
    def __init__(self, text: str, *, field: str = "secret") -> None:
        if not isinstance(text, str):
            way_out = "; pass other credentials as auth=" if field == "api_key" else ""
            raise InvalidInput(field, f"must be a string, not {type(text).__name__}{way_out}")
        if not text:
            raise InvalidInput(field, "is empty")
        # It becomes a header value. A newline read from a file is the usual mistake.
        if not all("!" <= character <= "~" for character in text):
            raise InvalidInput(
                field,
                "contains a space, a line break or a character outside ASCII; "
                "strip it, and omit 'Bearer '",
            )
        super().__init__(str.__str__(text))  # `str()` of an Enum member may be its name

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret cannot be pickled; create it again in the other process")


@hides_arguments
def to_secret(text: str | Secret, field: str) -> Secret:
    """Return the secret; raises `InvalidInput` with the name *field* for an invalid text."""
    return text if isinstance(text, Secret) else Secret(text, field=field)
