"""Recording what a transport brings, into a cassette that `Replay` plays.

A `Recorder` stands in for a transport of either client, and hands everything on to a real one.
Nothing is written before it is left without an exception, and then all at once.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from inspect import iscoroutinefunction
from os import PathLike
from pathlib import Path
from shutil import copymode
from threading import Lock
from types import TracebackType
from typing import Any, Literal, NoReturn, Self, cast, get_args
from weakref import finalize

from attrs import define, field

from calcom_core.errors import (
    InvalidInput,
    NoAnswer,
    NotSent,
    TransportError,
)
from calcom_core.execution import Branch
from calcom_core.http import Request, Response, Timeout
from calcom_core.redaction import SHORTEST, credentials_of
from calcom_transports.cassette import (
    Cancelled,
    Cassette,
    Failure,
    Outcome,
    Recorded,
    Run,
    dumps,
    load,
)
from calcom_transports.instrumentation import SENDING
from calcom_transports.interpreter import AsyncTransport, Transport, answered
from calcom_transports.matching import STRICT, Match, match_of
from calcom_transports.redaction import (
    BeforeRecord,
    Redaction,
    check_before_record,
    redaction_of,
)
from calcom_transports.replay import Replay
from calcom_transports.replay_errors import CassetteError
from calcom_transports.unpicklable import refuse_pickling

Mode = Literal["none", "once", "rewrite"]
"""`none` only replays; `once` records where there is no cassette; `rewrite` records in any case."""


def use_cassette(
    path: str | PathLike[str],
    mode: Mode = "none",
    *,
    transport: Transport | AsyncTransport | None = None,
    match: Match = STRICT,
    redaction: Redaction | None = None,
    before_record: BeforeRecord | None = None,
) -> "Replay | Recorder":
    """Open a cassette, to play it or to record it, as the mode and the file say.

    Arguments:
        path: the file; its directories are made when it is recorded.
        mode: `none` replays; `once` replays, and records where there is no file;
            `rewrite` records, and replaces the file at the end.
        transport: what sends while recording; by default urllib3's in `Client`, and that of
            asyncio or trio in `AsyncClient`.
        match: what a request must have in common with a recorded one.
        redaction: what is taken out of a recording besides credentials.
        before_record: changes or leaves out exchanges of a recording, as `Recorder` says;
            a replay does not call it.

    Returns what is given to a client as `transport=`.
    Raises `CassetteError`: `missing` where there is nothing to play, `unreadable` where the file
    cannot be read, and the reasons of `Recorder` where it would record, so `recording-forbidden`
    wherever the environment variable `CI` is set.
    """
    if mode not in get_args(Mode):
        raise InvalidInput("mode", "must be one of " + ", ".join(get_args(Mode)))
    path, transport, match = _path_of(path), _transport_of(transport), match_of(match)
    check_before_record(before_record)
    if mode == "none" or (mode == "once" and os.path.lexists(path)):
        return Replay(path, match=match, redaction=redaction)
    recorder = Recorder(path, transport, redaction=redaction, before_record=before_record)
    if mode == "once" and recorder.replaces:  # somebody else has recorded it just now
        recorder.discard()
        return Replay(path, match=match, redaction=redaction)
    return recorder


def _path_of(path: object) -> Path:
    try:
        # It raises for any other type.
        return Path(path)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    except TypeError as error:
        raise InvalidInput("path", f"must be a path, not {type(path).__name__}") from error


def _transport_of(transport: Any) -> Any:
    is_instance = not isinstance(transport, type) and callable(getattr(transport, "send", None))
    if transport is not None and not is_instance:
        raise InvalidInput("transport", "must have send(request, timeout)")
    return transport


class Recorder:
    """Stands in for a transport, and writes what it brings into a cassette.

    Leaving its context, or the client's, writes the file and closes the transport;
    when an exception is on its way, nothing is written, and what was there stays as it was.
    A recorded program sees real time; a replayed one sees a time that only its sleeps move.

    Arguments:
        path: the file; one that is there must be a cassette, and is replaced.
        transport: what sends; by default urllib3's in `Client`, and that of asyncio or trio in
            `AsyncClient`, a new one for each exchange.
        redaction: what is taken out besides credentials.
        before_record: a function that is called with each exchange as it would be written, when
            the recording ends: a `calcom_transports.cassette.Recorded`, already redacted.
            It returns the exchange to write, perhaps changed by `attrs.evolve`, or None to leave
            it out; then it is not there in the replay, and its request fails with `NoMatch`.
            An exception in it reaches the caller, and nothing is written.

    Raises, when it is made, `InvalidInput` for an argument of another type, and `CassetteError`:
    `recording-forbidden` where the environment variable `CI` is set, `unreadable` where the file is
    no cassette, `unwritable` where nothing can be written, and `in-use` while another recording of
    the same file is running.
    When it is left, it raises `CassetteError` with `credential-left`, `unwritable` or `in-use`.
    It raises `credential-left` before it sends anything with a credential of fewer than 8
    characters.
    """

    def __init__(
        self,
        path: str | PathLike[str],
        transport: Transport | AsyncTransport | None = None,
        *,
        redaction: Redaction | None = None,
        before_record: BeforeRecord | None = None,
    ) -> None:
        path = _path_of(path)
        check_before_record(before_record)
        self._before_record = before_record
        self._redaction = redaction_of(redaction)
        self._transport: Transport | AsyncTransport | None = _transport_of(transport)
        if os.environ.get("CI"):
            raise CassetteError(
                f"{path} is not recorded, since the environment variable CI is set; "
                "record it on your own machine, or unset CI",
                reason="recording-forbidden",
            )
        self._file = _Reserved(path)
        self._log = _Log()

    @property
    def replaces(self) -> bool:
        """Whether there is a cassette already, which it would replace."""
        return self._file.before is not None

    def sync_transport(self) -> Transport:
        """Return the transport that records for `Client`."""
        transport = self._transport or _EachTime()
        if iscoroutinefunction(transport.send):
            raise InvalidInput("transport", "of the recorder is for AsyncClient")
        return _RecordingTransport(cast(Transport, transport), self._log)

    def async_transport(self) -> AsyncTransport:
        """Return the transport that records for `AsyncClient`."""
        transport = self._transport or _AsyncEachTime()
        if not iscoroutinefunction(transport.send):
            raise InvalidInput("transport", "of the recorder is for Client")
        return _AsyncRecordingTransport(cast(AsyncTransport, transport), self._log)

    def close(self) -> None:
        """Write the cassette and close the transport; what comes later is not recorded."""
        self.__exit__(None, None, None)

    def discard(self) -> None:
        """Write nothing; what was there stays as it was."""
        self._file.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        leave = getattr(self._transport, "__exit__", None)
        try:
            self._finish(error)
        finally:
            if leave is not None:
                leave(kind, error, traceback)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        leave = getattr(self._transport, "__aexit__", None)
        try:
            self._finish(error)
        finally:
            if leave is not None:
                await leave(kind, error, traceback)

    def _finish(self, error: BaseException | None) -> None:
        try:
            if error is None and self._file.is_held:
                cassette = Cassette(self._log.runs(), str(self._file.path))
                self._file.write(dumps(cassette, self._redaction, self._before_record))
        finally:
            self.discard()

    def __reduce__(self) -> NoReturn:
        refuse_pickling(self, "reserves the file that it writes")

    def __repr__(self) -> str:
        return f"<Recorder of {self._file.path}>"


class _EachTime:
    """Sends by a transport of its own each time, so nothing stays open."""

    def send(self, request: Request, timeout: Timeout | None) -> Response:
        from calcom_transports.urllib3 import Urllib3Transport

        with Urllib3Transport() as transport:
            return transport.send(request, timeout)


class _AsyncEachTime:
    """The same under asyncio and trio, in as many event loops as there are."""

    async def send(self, request: Request, timeout: Timeout | None) -> Response:
        from calcom_transports.async_runtime import NativeTransport

        async with NativeTransport() as transport:
            return await transport.send(request, timeout)


@define
class _Exchange:
    """An exchange under way, or over."""

    branch: Branch
    request: Request
    outcome: Outcome = field(factory=Cancelled)


class _Log:
    """The exchanges of each run, in the order in which the runs began to send."""

    def __init__(self) -> None:
        self._runs: dict[object, list[_Exchange]] = {}
        self._lock = Lock()

    @contextmanager
    def exchange(self, request: Request) -> Iterator[_Exchange]:
        """Record an exchange; the body sets its outcome, or fails."""
        if not all(credential.is_certain for credential in credentials_of(request)):
            raise CassetteError(
                f"nothing was sent: a credential of fewer than {SHORTEST} characters cannot be "
                "told from other text in a recording; record with a longer one",
                reason="credential-left",
            )
        sending = SENDING.get()
        # A request that no interpreter sends is a run of its own.
        run_id, branch = (sending.run_id, sending.branch) if sending else (object(), ())
        exchange = _Exchange(branch, request)
        with self._lock:
            self._runs.setdefault(run_id, []).append(exchange)
        try:
            yield exchange
        except TransportError as error:
            kind = NotSent if isinstance(error, NotSent) else NoAnswer
            exchange.outcome = Failure(kind, str(error.args[0]), error.reason)
            raise

    def runs(self) -> tuple[Run, ...]:
        """Return all runs, each sorted by branch; a branch sends one request at a time."""
        with self._lock:
            runs = [sorted(run, key=lambda each: each.branch) for run in self._runs.values()]
        return tuple(
            Run(tuple(Recorded(each.branch, each.request, each.outcome) for each in run))
            for run in runs
        )


class _RecordingTransport:
    """Sends over a transport, and records the exchange."""

    def __init__(self, inner: Transport, log: _Log) -> None:
        self._inner = inner
        self._log = log
        self.timeout = getattr(inner, "timeout", None)

    def send(self, request: Request, timeout: Timeout | None) -> Response:
        with self._log.exchange(request) as exchange:
            exchange.outcome = response = answered(self._inner.send(request, timeout))
        return response


class _AsyncRecordingTransport:
    """The same, awaited."""

    def __init__(self, inner: AsyncTransport, log: _Log) -> None:
        self._inner = inner
        self._log = log
        self.timeout = getattr(inner, "timeout", None)

    async def send(self, request: Request, timeout: Timeout | None) -> Response:
        with self._log.exchange(request) as exchange:
            exchange.outcome = response = answered(await self._inner.send(request, timeout))
        return response


class _Reserved:
    """A file that nobody else records meanwhile, and that is written at once or not at all.

    The file it is first written to marks it as reserved, from the beginning: to learn only at the
    end that nothing can be written would be to have booked for nothing.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            # Wherever the program goes meanwhile, and also where it is a link.
            self._target = path.resolve()
            self._temporary = self._target.with_name(f".{self._target.name}.recording")
            self._target.parent.mkdir(parents=True, exist_ok=True)
        # ValueError: a NUL in the path, or no name; RuntimeError: links that lead nowhere.
        except (OSError, ValueError, RuntimeError) as error:
            raise _unwritable(path, error) from error
        try:
            self._temporary.open("xb").close()
        except FileExistsError as error:
            raise CassetteError(
                f"another recording of {path} is under way, or was interrupted; if it was, delete "
                f"{self._temporary}",
                reason="in-use",
            ) from error
        except (OSError, ValueError) as error:
            raise _unwritable(path, error) from error
        # Also where nobody closes the recorder, as far as the interpreter goes.
        self._release = finalize(self, _delete, self._temporary, os.getpid())
        try:
            self.before = self._content()
        except BaseException:
            self.release()
            raise

    @property
    def is_held(self) -> bool:
        """Whether it is still reserved."""
        return self._release.alive

    def release(self) -> None:
        """Let others record it."""
        self._release()

    def write(self, content: bytes) -> None:
        """Replace the file, unless it was changed meanwhile."""
        if self._content() != self.before:
            raise CassetteError(
                f"{self.path} was changed by something else while it was recorded; it was left as "
                "it is, record again",
                reason="in-use",
            )
        try:
            with self._temporary.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            if self.before is not None:
                copymode(self._target, self._temporary)
            self._temporary.replace(self._target)
            self._release.detach()  # what is there from now on is another one's
        except OSError as error:
            raise _unwritable(self.path, error) from error

    def _content(self) -> bytes | None:
        try:
            load(self._target)  # what is no cassette is not overwritten
        except CassetteError as error:
            if error.reason != "missing":
                raise
            return None
        return self._target.read_bytes()


def _delete(path: Path, owner: int) -> None:
    if os.getpid() == owner:  # and not a child, which has a copy of everything
        with suppress(OSError):  # its directory is gone
            path.unlink()


def _unwritable(path: Path, error: Exception) -> CassetteError:
    said = getattr(error, "strerror", None) or str(error)
    return CassetteError(
        f"{path} cannot be recorded: {said}; choose a place that is writable", reason="unwritable"
    )


def save(
    cassette: Cassette, path: str | PathLike[str], *, redaction: Redaction | None = None
) -> None:
    """Write a cassette, such as an imported one, in place of the one that is there.

    Raises what `Recorder` raises, but for `recording-forbidden`: nothing is recorded.
    """
    path, content = _path_of(path), dumps(cassette, redaction)
    file = _Reserved(path)
    try:
        file.write(content)
    finally:
        file.release()
