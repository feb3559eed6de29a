"""`FakeCalcom`: a Cal.com in memory, in place of the network under both clients.

Its time is the virtual time of the programs that run on it: their sleeps move it, and so do
`advance` and the delays of faults. Nothing waits, no thread starts, and nothing is random but by
the seed.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any

from attrs import define

from calcom_core import responses
from calcom_core.checks import (
    instance_of,
    list_of,
    non_empty_string,
    non_negative_int,
    utc_datetime,
)
from calcom_core.effects import Send
from calcom_core.errors import InvalidInput, NoAnswer, NotSent
from calcom_core.execution import Branch
from calcom_core.http import HeadersInput, Request, Response, Timeout
from calcom_transports.fake import checks
from calcom_transports.fake.deliveries import request_of
from calcom_transports.fake.faults import Fault, Faults
from calcom_transports.fake.limits import RateLimit
from calcom_transports.fake.server import Server
from calcom_transports.fake.state import EventType, State, Team, User
from calcom_transports.pacing import Registry
from calcom_transports.playback import ReplayedExecution

DEFAULT_NOW = datetime(2027, 3, 1, 8, tzinfo=UTC)
"""The time at which a fake begins by default: a Monday, nine o'clock in Berlin."""

DEFAULT_HOST = User(1, "Hanna Host", "hanna", "hanna@example.com", key="cal_test_hanna")
"""The host of a fake that is given no others."""

DEFAULT_EVENT_TYPES = (
    EventType(1, "consultation", "Consultation"),
    EventType(2, "approval", "Approval", requires_confirmation=True),
    EventType(3, "weekly", "Weekly", occurrences=4),
    EventType(4, "workshop", "Workshop", seats=3),
)
"""The event types of a fake that is given no others."""

_users, _teams = list_of(instance_of(User)), list_of(instance_of(Team))
_event_types, _limits = list_of(instance_of(EventType)), list_of(instance_of(RateLimit))


class FakeCalcom:
    """A Cal.com in memory, for `Client`, `AsyncClient` and `run`.

    It responds as the recordings of a real server show, and with 501 to everything else.
    `state` has the bookings and all else; tests may read and change it.

    Arguments:
        now: the time at which it begins; aware.
        event_types: the event types, `DEFAULT_EVENT_TYPES` by default; the ids of its hosts
            are those of *hosts*.
        hosts: the users, `DEFAULT_HOST` by default; a user who calls the API needs a key.
        teams: the teams of event types.
        seed: decides every uid; two fakes with one seed are equal.
        limits: rate limits for each key; none by default.
        webhook_secret: signs the deliveries.
    """

    base_url: str | None = None
    """Any client may use it, whatever its base URL."""

    def __init__(
        self,
        *,
        now: datetime = DEFAULT_NOW,
        event_types: Iterable[EventType] | None = None,
        hosts: Iterable[User] | None = None,
        teams: Iterable[Team] = (),
        seed: int = 0,
        limits: Iterable[RateLimit] = (),
        webhook_secret: str = "whsec_fake",  # noqa: S107 - no secret of anybody's
    ) -> None:
        if event_types is None:
            event_types = DEFAULT_EVENT_TYPES
        state = State(
            utc_datetime(now, "now"),
            _by_id(_users([DEFAULT_HOST] if hosts is None else hosts, "hosts"), "hosts"),
            _by_id(_event_types(event_types, "event_types"), "event_types"),
            _by_id(_teams(teams, "teams"), "teams"),
            non_negative_int(seed, "seed"),
        )
        _check_event_types(state)
        self.state = state
        self.server = Server(state, _limits(limits, "limits"))
        self.faults = Faults()
        self.requests: list[Request] = []
        """The requests that reached the server, in order."""
        self.registry = Registry(offset=0.0)
        """The rate limits that its clients know, in its time."""
        self._secret = non_empty_string(webhook_secret, "webhook_secret")
        self._advanced = timedelta()
        self._lock = Lock()

    @property
    def key(self) -> str:
        """The API key of the first user who has one.

        Raises `InvalidInput` if none has.
        """
        for user in self.state.users.values():
            if user.key is not None:
                return user.key
        raise InvalidInput("hosts", "have no key; give one of them key='cal_…'")

    @property
    def now(self) -> datetime:
        """The time of the server."""
        return self.state.now

    def advance(self, seconds: float) -> None:
        """Move the time of the server by *seconds*."""
        moved = timedelta(seconds=checks.seconds(seconds, "seconds"))
        self._advanced += moved
        self.state.now += moved

    @property
    def deliveries(self) -> list[Request]:
        """The deliveries of the webhooks so far, each as the signed request of the server.

        `webhooks.receive(delivery.headers, delivery.body, secret)` verifies and reads one.
        """
        return [request_of(self.state, item, self._secret) for item in self.state.transitions]

    def lose_response(self, *, on: str | None = None, at: int = 1, times: int = 1) -> None:
        """Execute the *at*-th request of an operation, and lose its response: `NoAnswer`."""
        self.faults.all.append(Fault("lose_response", on, at, times))

    def refuse_connections(self, *, on: str | None = None, at: int = 1, times: int = 1) -> None:
        """Refuse the connection of the *at*-th request: `NotSent`."""
        self.faults.all.append(Fault("refuse_connections", on, at, times))

    def delay(self, seconds: float, *, on: str | None = None, at: int = 1, times: int = 1) -> None:
        """Take *seconds* for the response; beyond the timeout the client gets `NoAnswer`."""
        self.faults.all.append(Fault("delay", on, at, times, seconds))

    def fail(
        self,
        status: int,
        message: str = "Internal server error",
        *,
        on: str | None = None,
        at: int = 1,
        times: int = 1,
        headers: HeadersInput = (),
        executes: bool = False,
    ) -> None:
        """Respond with an error, as a gateway does; with *executes* the request is executed.

        *status* is one from 400 to 599.
        """
        response = responses.error(checks.error_status(status, "status"), message, headers=headers)
        self.faults.all.append(Fault("fail", on, at, times, 0, response, executes))

    def respond(self, request: Request) -> Response:
        """Return the response to one request, without a client and without faults."""
        with self._lock:
            self.requests.append(request)
            return self.server.respond(request)

    def begin(self) -> "_Run":
        """Open the run of a program; `run` and the clients call it."""
        return _Run(self, self.state.now - self._advanced)

    def close(self) -> None:
        """Do nothing: leaving the context of a client ends nothing here."""

    def __repr__(self) -> str:
        return f"<FakeCalcom at {self.now:%Y-%m-%d %H:%M:%S}: {len(self.state.bookings)} bookings>"


def _by_id(items: Iterable[Any], field: str) -> dict[int, Any]:
    by_id: dict[int, Any] = {}
    for item in items:
        if item.id in by_id:
            raise InvalidInput(field, f"has the id {item.id} twice")
        by_id[item.id] = item
    return by_id


def _check_event_types(state: State) -> None:
    for event_type in state.event_types.values():
        unknown = [host for host in event_type.host_ids if host not in state.users]
        where = f"event_types[{event_type.slug!r}]"
        if unknown:
            raise InvalidInput(f"{where}.host_ids", f"must be ids of hosts, not {unknown}")
        if event_type.team_id is not None and event_type.team_id not in state.teams:
            raise InvalidInput(f"{where}.team_id", f"{event_type.team_id} is no team")


@define(eq=False)
class _Run:
    """The run of one program, whose elapsed time counts from when it began."""

    fake: FakeCalcom
    began: datetime

    def send(self, effect: Send, play: ReplayedExecution[Any]) -> Response:
        """Return the response to a request, unless a fault keeps it back."""
        fake = self.fake
        with fake._lock:
            self._arrive(play)
            if not fake.faults.all:
                return self._respond(effect.request)
            return self._respond_with(self._faults(effect), effect, play)

    def now(self, play: ReplayedExecution[Any]) -> float:
        """Return the time of the server in seconds; `Client(pace=…)` needs it."""
        with self.fake._lock:
            self._arrive(play)
            return self.fake.state.now.timestamp()

    def pause(self, play: ReplayedExecution[Any], seconds: float) -> None:
        """Let the time of the server pass while a request waits for its turn."""
        with self.fake._lock:
            play.elapsed += seconds
            self.fake.state.now += timedelta(seconds=seconds)

    def _arrive(self, play: ReplayedExecution[Any]) -> None:
        moment = self.began + self.fake._advanced + timedelta(seconds=play.elapsed)
        self.fake.state.now = max(self.fake.state.now, moment)

    def _respond_with(
        self, faults: list[Fault], effect: Send, play: ReplayedExecution[Any]
    ) -> Response:
        response = None
        total = (effect.timeout_or(play.timeout) or Timeout()).total
        for fault in faults:
            if fault.kind == "refuse_connections":
                raise NotSent("the fake refuses this connection", reason="refused")
            waited = min(fault.seconds, total)
            play.elapsed += waited
            self.fake.state.now += timedelta(seconds=waited)
            if fault.executes or fault.kind in {"lose_response", "delay"}:
                response = response or self._respond(effect.request)
            if fault.kind == "lose_response":
                raise NoAnswer("the fake loses this response", reason="closed")
            if fault.seconds > total:
                raise NoAnswer("the fake takes longer than the timeout", reason="timeout")
            response = fault.response or response
        return response or self._respond(effect.request)

    def _faults(self, effect: Send) -> list[Fault]:
        own = None if effect.operation is None else effect.operation.name
        return self.fake.faults.of({self.fake.server.operation(effect.request), own})

    def _respond(self, request: Request) -> Response:
        self.fake.requests.append(request)
        return self.fake.server.respond(request)

    def skip(self, branch: Branch, until: int) -> None:
        """Do nothing: nothing was recorded that a branch must play."""
