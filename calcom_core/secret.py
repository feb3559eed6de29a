"""Values that no tool shows: no `repr`, no traceback with locals, no pretty printer."""

from typing import Generic, NoReturn, Self, TypeVar

from calcom_core.errors import InvalidInput

T = TypeVar("T")


def _problem(text: object, field: str) -> str:
    if not isinstance(text, str):
        way_out = "; give other kinds as auth=" if field == "api_key" else ""
        return f"must be a string, not {type(text).__name__}{way_out}"
    if not text:
        return "is empty"
    # It becomes a header value; a stray newline from a file is the usual accident.
    if not all("!" <= character <= "~" for character in text):
        return (
            "holds a space, a line break or a character outside ASCII; "
            "strip it, and give it without 'Bearer '"
        )
    return ""


class Hidden(Generic[T]):
    """An immutable value that only `reveal()` shows.

    It is neither a container nor a class of attrs: tools such as rich and `attrs.asdict` walk the
    items and fields of those, and ignore their `__repr__`.
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
        # Both are the caller's own, so that nobody learns from how long it takes; to hide that,
        # hmac would load OpenSSL into every program.
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
    """A credential; `reveal()` is the only way to its text.

    `repr`, `str`, `format` and comparison do not show it, and it refuses to be pickled.
    """

    __slots__ = ()

    def __init__(self, text: str, *, field: str = "secret") -> None:
        problem = _problem(text, field)
        if problem:
            del text  # what shows the locals of a failing frame, as pytest can, would show it
            raise InvalidInput(field, problem)
        super().__init__(str.__str__(text))  # exactly a `str`, also of a member of an Enum

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is not pickled; pickle what names it, and build it there again")


def parse_secret(text: "str | Secret", field: str) -> Secret | InvalidInput:
    """Return the secret, or the error for an invalid text.

    It does not raise, so that its caller can forget the text before anything is raised.
    """
    if isinstance(text, Secret):
        return text
    problem = _problem(text, field)
    return InvalidInput(field, problem) if problem else Secret(text)


def to_secret(secret: Secret | InvalidInput) -> Secret:
    """Return the secret, or raise the error that stands in its place."""
    if isinstance(secret, InvalidInput):
        raise secret
    return secret
