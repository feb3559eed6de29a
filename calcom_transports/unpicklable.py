"""Why some objects can be neither pickled nor copied."""

from typing import NoReturn


def refuse_pickling(value: object, reason: str) -> NoReturn:
    """Raise the `TypeError` of an object that belongs to one process; called by `__reduce__`."""
    raise TypeError(
        f"a {type(value).__name__} cannot be pickled or copied, since it {reason}; "
        "create one in each process"
    )
