"""Objects that cannot be pickled or copied, since they hold a resource of their process."""

from typing import NoReturn


def refuse_pickling(value: object, reason: str) -> NoReturn:
    """Raise the `TypeError` of an object that belongs to one process; `__reduce__` calls this."""
    raise TypeError(
        f"a {type(value).__name__} cannot be pickled or copied, since it {reason}; "
        "create one in each process"
    )
