"""The file of a cassette while it is recorded: one writer at a time, and all or nothing.

A `ReservedFile` creates a hidden file beside the cassette when it is opened. That file reserves
the cassette for one recording, and shows early that the directory is writable: a recording that
failed at its end would have executed writes for nothing.
`write` fills the hidden file and renames it, so a crash never leaves half a cassette.
"""

import os
from contextlib import suppress
from os import PathLike
from pathlib import Path
from shutil import copymode
from weakref import finalize

from calcom_core.errors import InvalidInput
from calcom_transports.cassette import Cassette, dumps, load
from calcom_transports.redaction import Redaction
from calcom_transports.replay_errors import CassetteError


def save(
    cassette: Cassette, path: str | PathLike[str], *, redaction: Redaction | None = None
) -> None:
    """Write a cassette to a file, for example an imported one; replace a cassette that is there.

    Raises the errors of `Recorder`, except `recording-forbidden`: it records nothing.
    """
    path, content = check_path(path), dumps(cassette, redaction)
    file = ReservedFile(path)
    try:
        file.write(content)
    finally:
        file.release()


def check_path(path: object) -> Path:
    """Return *path* as a `Path`; raise `InvalidInput` for a value of another type."""
    try:
        return Path(path)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    except TypeError as error:
        raise InvalidInput("path", f"must be a path, not {type(path).__name__}") from error


class ReservedFile:
    """A cassette file that no other recorder can write, until it is released.

    *previous* is the content of the cassette that it would replace, or None without one.
    Raises `CassetteError`: `unwritable`, `in-use`, or `unreadable` if the file is not a cassette.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            # Resolved now: the program may change its directory, and the path may be a link.
            self._target = path.resolve()
            self._temporary = self._target.with_name(f".{self._target.name}.recording")
            self._target.parent.mkdir(parents=True, exist_ok=True)
        # ValueError: a NUL in the path, or no file name; RuntimeError: a loop of links.
        except (OSError, ValueError, RuntimeError) as error:
            raise _unwritable(path, error) from error
        try:
            self._temporary.open("xb").close()
        except FileExistsError as error:
            raise CassetteError(
                f"another recording of {path} is running, or was interrupted; if it was, delete "
                f"{self._temporary}",
                reason="in-use",
            ) from error
        except (OSError, ValueError) as error:
            raise _unwritable(path, error) from error
        # Also releases a recorder that the caller never closes.
        self._release = finalize(self, _delete, self._temporary, os.getpid())
        try:
            self.previous = self._read()
        except BaseException:
            self.release()
            raise

    @property
    def is_reserved(self) -> bool:
        """Whether the file is still reserved."""
        return self._release.alive

    def release(self) -> None:
        """End the reservation."""
        self._release()

    def write(self, content: bytes) -> None:
        """Replace the file, and end the reservation.

        Raises `CassetteError`: `in-use` if another program changed the file, or `unwritable`.
        """
        if self._read() != self.previous:
            raise CassetteError(
                f"another program changed {self.path} while it was recorded; the file was left "
                "unchanged, record again",
                reason="in-use",
            )
        try:
            with self._temporary.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            if self.previous is not None:
                copymode(self._target, self._temporary)
            self._temporary.replace(self._target)
            self._release.detach()  # the next hidden file belongs to another recorder
        except OSError as error:
            raise _unwritable(self.path, error) from error

    def _read(self) -> bytes | None:
        try:
            load(self._target)  # raises for a file that is not a cassette
        except CassetteError as error:
            if error.reason != "missing":
                raise
            return None
        return self._target.read_bytes()


def _delete(path: Path, owner: int) -> None:
    if os.getpid() == owner:  # a forked child has a copy of the finalizer
        with suppress(OSError):  # its directory may be gone
            path.unlink()


def _unwritable(path: Path, error: Exception) -> CassetteError:
    problem = getattr(error, "strerror", None) or str(error)
    return CassetteError(
        f"{path} cannot be recorded: {problem}; choose a writable place", reason="unwritable"
    )
