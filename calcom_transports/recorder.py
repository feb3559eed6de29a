"""Recording the exchanges of a client into a cassette that `Replay` plays.

A `Recorder` replaces the transport of either client, and sends over a real one.
It writes the file once, at its end, and only if no exception ended it: a failed test leaves the
old cassette unchanged. `use_cassette` opens a `Recorder` or a `Replay`, depending on a mode.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from inspect import iscoroutinefunction
from os import PathLike
from threading import Lock
from typing import Any, Literal, NoReturn, Self, get_args

from attrs import define, field, frozen

from calcom_core.errors import InvalidInput, NoAnswer, NotSent, TransportError
from calcom_core.execution import Branch
from calcom_core.http import Request, Response, Timeout
from calcom_core.redaction import SHORTEST, collect_credentials
from calcom_transports.cassette import (
    Cancelled,
    Cassette,
    Failure,
    Outcome,
    RecordedExchange,
    Run,
    dumps,
)
from calcom_transports.cassette_file import ReservedFile, check_path
from calcom_transports.instrumentation import SENDING
from calcom_transports.interpreter import AsyncTransport, Transport, check_response
from calcom_transports.matching import STRICT, Match, check_match
from calcom_transports.redaction import (
    BeforeRecord,
    Redaction,
    check_before_record,
    check_redaction,
)
from calcom_transports.replay import Replay
from calcom_transports.replay_errors import CassetteError
from calcom_transports.unpicklable import refuse_pickling

Mode = Literal["none", "once", "rewrite"]
"""`none` only replays; `once` records if the cassette is missing; `rewrite` always records."""


def use_cassette(
    path: str | PathLike[str],
    mode: Mode = "none",
    *,
    transport: Transport | AsyncTransport | None = None,
    match: Match = STRICT,
    redaction: Redaction | None = None,
    before_record: BeforeRecord | None = None,
) -> "Replay | Recorder":
    """Open a cassette to replay or to record it.

    Args:
        path: the file; a recording creates its directories.
        mode: `none` replays. `once` replays, or records if there is no file. `rewrite` records,
            and replaces the file at the end.
        transport: sends the requests of a recording; by default urllib3's in `Client`, and
            asyncio's or trio's in `AsyncClient`.
        match: the parts in which a request must equal a recorded one.
        redaction: the data that a recording leaves out, besides credentials.
        before_record: changes or leaves out exchanges of a recording, see `Recorder`;
            a replay does not call it.

    Returns:
        The `transport=` of a client.

    Raises:
        CassetteError: `missing` if there is no file to replay, `unreadable` for an invalid one,
            and the reasons of `Recorder` if it would record.
        InvalidInput: an argument of another type, or an unknown mode.
    """
    if mode not in get_args(Mode):
        raise InvalidInput("mode", "must be one of " + ", ".join(get_args(Mode)))
    path, transport, match = check_path(path), _check_transport(transport), check_match(match)
    check_before_record(before_record)
    if mode == "none" or (mode == "once" and os.path.lexists(path)):
        return Replay(path, match=match, redaction=redaction)
    recorder = Recorder(path, transport, redaction=redaction, before_record=before_record)
    if mode == "once" and recorder.replaces_cassette:  # another process has just recorded it
        recorder.discard()
        return Replay(path, match=match, redaction=redaction)
    return recorder


def _check_transport(transport: Any) -> Any:
    is_instance = not isinstance(transport, type) and callable(getattr(transport, "send", None))
    if transport is not None and not is_instance:
        raise InvalidInput("transport", "must have send(request, timeout)")
    return transport


class Recorder:
    """Sends over a transport, and writes each exchange to a cassette.

    Leaving its context, or the client's, writes the file and closes the transport. If an exception
    leaves the context, it writes nothing, and an existing file stays unchanged.
    A recorded program runs in real time; in a replay, only its sleeps pass time.

    Args:
        path: the file; an existing one must be a cassette, and is replaced.
        transport: sends the requests; by default urllib3's in `Client`, and asyncio's or
            trio's in `AsyncClient`, a new one for each exchange.
        redaction: the data to leave out, besides credentials.
        before_record: a function that gets each exchange as it would be written, already redacted,
            when the recording ends. It returns the exchange to write, for example changed by
            `attrs.evolve`, or None to leave it out. The replay then has no response to that
            request, which fails with `NoMatch`. If the function raises, nothing is written.

    Raises:
        InvalidInput: an argument of another type.
        CassetteError: when it is created, `recording-forbidden` if the environment variable `CI` is
            set, `unreadable` if the file is not a cassette, `unwritable`, or `in-use` while another
            recording of the file is running. At its end, `credential-left`, `unwritable` or
            `in-use`. A request with a credential of fewer than 8 characters is not sent, and
            raises `credential-left`.
    """

    def __init__(
        self,
        path: str | PathLike[str],
        transport: Transport | AsyncTransport | None = None,
        *,
        redaction: Redaction | None = None,
        before_record: BeforeRecord | None = None,
    ) -> None:
        path = check_path(path)
        check_before_record(before_record)
        self._before_record = before_record
        self._redaction = check_redaction(redaction)
        self._transport: Transport | AsyncTransport | None = _check_transport(transport)
        if os.environ.get("CI"):
            raise CassetteError(
                f"{path} is not recorded, since the environment variable CI is set; "
                "record it on your own machine, or unset CI",
                reason="recording-forbidden",
            )
        self._file = ReservedFile(path)
        self._log = _Log()

    @property
    def replaces_cassette(self) -> bool:
        """Whether the file exists already, so the recording replaces it."""
        return self._file.previous is not None

    def sync_transport(self) -> Transport:
        """Return the transport that records for `Client`."""
        transport = self._transport or _DefaultTransport()
        if iscoroutinefunction(transport.send):
            raise InvalidInput("transport", "of the recorder is for AsyncClient")
        return _RecordingTransport(transport, self._log)

    def async_transport(self) -> AsyncTransport:
        """Return the transport that records for `AsyncClient`."""
        transport = self._transport or _DefaultAsyncTransport()
        if not iscoroutinefunction(transport.send):
            raise InvalidInput("transport", "of the recorder is for Client")
        return _AsyncRecordingTransport(transport, self._log)

    def close(self) -> None:
        """Write the cassette and close the transport; later exchanges are not recorded."""
        self.__exit__(None, None, None)

    def discard(self) -> None:
        """Write nothing, and release the file; an existing cassette stays unchanged."""
        self._file.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: Any) -> None:
        exit_transport = getattr(self._transport, "__exit__", None)
        try:
            self._finish(error[1])
        finally:
            if exit_transport is not None:
                exit_transport(*error)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: Any) -> None:
        exit_transport = getattr(self._transport, "__aexit__", None)
        try:
            self._finish(error[1])
        finally:
            if exit_transport is not None:
                await exit_transport(*error)

    def _finish(self, error: BaseException | None) -> None:
        try:
            if error is None and self._file.is_reserved:
                cassette = Cassette(self._log.runs(), str(self._file.path))
                self._file.write(dumps(cassette, self._redaction, self._before_record))
        finally:
            self.discard()

    def __reduce__(self) -> NoReturn:
        refuse_pickling(self, "reserves the file that it writes")

    def __repr__(self) -> str:
        return f"<Recorder of {self._file.path}>"


class _DefaultTransport:
    """Sends each request over a urllib3 transport of its own, since nothing would close it."""

    def send(self, request: Request, timeout: Timeout | None) -> Response:
        from calcom_transports.urllib3 import Urllib3Transport

        with Urllib3Transport() as transport:
            return transport.send(request, timeout)


class _DefaultAsyncTransport:
    """Sends each request over a transport of its own, since a recorder outlives event loops."""

    async def send(self, request: Request, timeout: Timeout | None) -> Response:
        from calcom_transports.async_runtime import NativeTransport

        async with NativeTransport() as transport:
            return await transport.send(request, timeout)


@define
class _LoggedExchange:
    """An exchange that is running or over; it counts as cancelled until it has an outcome."""

    branch: Branch
    request: Request
    outcome: Outcome = field(factory=Cancelled)


class _Log:
    """The exchanges of each run, in the order in which the runs began to send."""

    def __init__(self) -> None:
        self._runs: dict[object, list[_LoggedExchange]] = {}
        self._lock = Lock()

    @contextmanager
    def exchange(self, request: Request) -> Iterator[_LoggedExchange]:
        """Log an exchange; the body sets its outcome or raises."""
        if not all(credential.is_certain for credential in collect_credentials(request)):
            raise CassetteError(
                f"nothing was sent: a credential of fewer than {SHORTEST} characters looks like "
                "other text in a recording; record with a longer one",
                reason="credential-left",
            )
        sending = SENDING.get()
        # A request that no interpreter sends is a run of its own.
        run_id, branch = (sending.run_id, sending.branch) if sending else (object(), ())
        exchange = _LoggedExchange(branch, request)
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
            runs = [sorted(run, key=lambda item: item.branch) for run in self._runs.values()]
        return tuple(
            Run(tuple(RecordedExchange(item.branch, item.request, item.outcome) for item in run))
            for run in runs
        )


@frozen
class _Recording:
    """Sends over a transport, and logs the exchange."""

    inner: Any
    log: _Log

    @property
    def timeout(self) -> Timeout | None:
        found: Timeout | None = getattr(self.inner, "timeout", None)
        return found


class _RecordingTransport(_Recording):
    def send(self, request: Request, timeout: Timeout | None) -> Response:
        with self.log.exchange(request) as exchange:
            exchange.outcome = response = check_response(self.inner.send(request, timeout))
        return response


class _AsyncRecordingTransport(_Recording):
    async def send(self, request: Request, timeout: Timeout | None) -> Response:
        with self.log.exchange(request) as exchange:
            exchange.outcome = response = check_response(await self.inner.send(request, timeout))
        return response
