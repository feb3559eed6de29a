"""Values that neither `repr`, a traceback with locals nor a pretty printer shows.

`Secret` holds a credential, and `Hidden` any other value that may contain one.
A traceback can show the locals of every frame, so constructors delete the text before they raise.
"""

from typing import Generic, NoReturn, Self, TypeVar

from calcom_core.errors import InvalidInput

T = TypeVar("T")


def _find_problem(text: object, field: str) -> str:
    if not isinstance(text, str):
        way_out = "; pass other credentials as auth=" if field == "api_key" else ""
        return f"must be a string, not {type(text).__name__}{way_out}"
    if not text:
        return "is empty"
    # It becomes a header value. A newline read from a file is the usual mistake.
    if not all("!" <= character <= "~" for character in text):
        return (
            "contains a space, a line break or a character outside ASCII; "
            "strip it, and omit 'Bearer '"
        )
    return ""


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

    def __init__(self, text: str, *, field: str = "secret") -> None:
        problem = _find_problem(text, field)
        if problem:
            del text  # a traceback with locals, as pytest prints it, would show it
            raise InvalidInput(field, problem)
        super().__init__(str.__str__(text))  # `str()` of an Enum member may be its name

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret cannot be pickled; create it again in the other process")


def parse_secret(text: "str | Secret", field: str) -> Secret | InvalidInput:
    """Return the secret, or the error for an invalid text.

    It returns the error because the caller must delete the text before raising it.
    """
    if isinstance(text, Secret):
        return text
    problem = _find_problem(text, field)
    return InvalidInput(field, problem) if problem else Secret(text)


def to_secret(secret: Secret | InvalidInput) -> Secret:
    """Return the secret, or raise the error that `parse_secret` returned instead."""
    if isinstance(secret, InvalidInput):
        raise secret
    return secret
