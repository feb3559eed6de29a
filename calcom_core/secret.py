"""A string that never shows itself."""

import hmac
from typing import NoReturn

from calcom_core.errors import InvalidInput


class Secret:
    """A credential; `reveal()` is the only way to its text.

    `repr`, `str`, `format` and comparison do not show it, and it refuses to be pickled.
    """

    __slots__ = ("__text",)

    def __init__(self, text: str, *, field: str = "secret") -> None:
        if not isinstance(text, str):
            kind = type(text).__name__
            raise InvalidInput(field, f"must be a string, not {kind}; give other kinds as auth=")
        if not text:
            raise InvalidInput(field, "is empty")
        # It becomes a header value; a stray newline from a file is the usual accident.
        if not all("!" <= character <= "~" for character in text):
            raise InvalidInput(
                field,
                "holds a space, a line break or a character outside ASCII; "
                "strip it, and give it without 'Bearer '",
            )
        self.__text = text

    def reveal(self) -> str:
        """Return the text."""
        return self.__text

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self.__text, other.__text)

    def __hash__(self) -> int:
        return hash((Secret, self.__text))

    # Immutable, so a copy is itself; without this, copying would go through `__reduce__`.
    def __copy__(self) -> "Secret":
        return self

    def __deepcopy__(self, memo: object) -> "Secret":
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is not pickled; pickle what names it, and build it there again")
