"""Which `cal-api-version` each operation speaks.

A missing or unknown version is no error to the server: it silently answers with its legacy API,
in another shape, and a legacy cancel really cancels.
So the version belongs to the operation, and none is sent that no reader here was written for.
"""

from collections.abc import Mapping

from attrs import field, frozen

from calcom_core.errors import InvalidInput

READABLE: Mapping[str, frozenset[str]] = {"bookings": frozenset({"2024-08-13"})}
"""By family of operations, the versions that a reader here was written for."""

_DANGER = (
    "for a version that the server does not know, it answers in another shape, or really cancels "
    "by its legacy API"
)


def _is_readable(versions: "Versions", attribute: object, table: Mapping[str, str]) -> None:
    if not isinstance(table, Mapping):
        raise InvalidInput("versions", "must be a mapping of families of operations to versions")
    for family, readable in READABLE.items():
        if table.get(family) not in readable:
            raise InvalidInput(
                f"versions[{family!r}]", f"must be one of {', '.join(sorted(readable))}; {_DANGER}"
            )


@frozen
class Versions:
    """A table of versions by family of operations, the part of their names before the dot.

    Raises `InvalidInput` for a version that no reader here was written for.
    """

    name: str
    table: Mapping[str, str] = field(hash=False, validator=_is_readable)

    def of(self, operation: str) -> str:
        """Return the version that the operation of this name speaks."""
        return self.table[operation.partition(".")[0]]


EVERYWHERE = Versions("EVERYWHERE", {"bookings": "2024-08-13"})
"""Answered by the hosted service and by self-hosted servers."""


def pinned(operation: str, version: object) -> str | None:
    """Check a version pinned for one call; None leaves it to the table.

    Raises `InvalidInput` for a version that no reader here was written for.
    """
    if version is None:
        return None
    readable = READABLE[operation.partition(".")[0]]
    if not isinstance(version, str) or version not in readable:
        raise InvalidInput(
            "cal_api_version",
            f"{operation} reads {', '.join(sorted(readable))} and no other here; {_DANGER}",
        )
    return version
