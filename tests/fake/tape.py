"""Plays recorded exchanges against a fake, and says how its responses differ.

Equal means equal up to one bijection of uids and ids over the whole tape, and up to the times at
which the server acted.
"""

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from fake.gaps import GAPS, Gap
from fake.worlds import KEYS

from calcom_core import Request, Response
from calcom_transports.fake import FakeCalcom

FOLDER = Path(__file__).parent.parent / "recorded"
TOKEN = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\b[1-9A-HJ-NP-Za-km-z]{20,26}\b"
)
BOOKING_IDS = {"bookingId", "rescheduleId"}
SERVER_TIMES = {"createdAt", "updatedAt", "timestamp", "reservationUntil"}
BRAND = "CoachOS Booking"  # how the community server calls itself in the later recordings
STRANGERS = ("other-user", "stranger", "unrelated", "empty-user")
DATABASE_DOWN = {"481-database-down-create", "482-database-down-get-noauth"}
LIMIT_HEADER = re.compile("x-ratelimit-", re.IGNORECASE)


def load(name: str) -> dict[str, Any]:
    exchange: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return exchange


class Bijection:
    """Which uid or id of the fake stands for a recorded one, and back."""

    def __init__(self) -> None:
        self.own: dict[str, str] = {}
        self.recorded: dict[str, str] = {}

    def bind(self, recorded: str, own: str) -> bool:
        forward = self.own.setdefault(recorded, own)
        return forward == own and self.recorded.setdefault(own, recorded) == recorded

    def translate(self, text: str) -> str:
        """Return a recorded text with the uids and ids of the fake."""
        text = TOKEN.sub(lambda match: self.own.get(match[0], match[0]), text)
        return re.sub(
            r"(?<=/attendees/)\d+",
            lambda match: self.own.get(f"attendee {match[0]}", match[0]).removeprefix("attendee "),
            text,
        )

    def uid(self, start: str) -> str:
        """Return the uid of the fake by the start of the recorded one."""
        [found] = [own for recorded, own in self.own.items() if recorded.startswith(start)]
        return found


def same(given: Any, own: Any, bijection: Bijection, where: str = "$") -> Iterator[str]:
    """Yield the differences between a recorded value and that of the fake."""
    if isinstance(given, dict) and isinstance(own, dict):
        kind = "booking" if "uid" in given else "attendee" if "email" in given else None
        kind = None if "username" in given or "reassignedTo" in where else kind
        for key in sorted(given.keys() | own.keys()):
            if key not in own:
                yield f"{where}.{key} is missing"
            elif key not in given:
                yield f"{where}.{key} is not recorded"
            elif key in SERVER_TIMES:
                continue
            elif (key == "id" and kind) or key in BOOKING_IDS:
                name = "booking" if key in BOOKING_IDS else kind
                if not bijection.bind(f"{name} {given[key]}", f"{name} {own[key]}"):
                    yield f"{where}.{key}: another id"
                bijection.own[f"{name} {given[key]}"] = f"{name} {own[key]}"
            else:
                yield from same(given[key], own[key], bijection, f"{where}.{key}")
    elif isinstance(given, list) and isinstance(own, list):
        if len(given) != len(own):
            yield f"{where} has {len(own)} items, recorded {len(given)}"
        for number, (one, other) in enumerate(zip(given, own, strict=False)):
            yield from same(one, other, bijection, f"{where}[{number}]")
    elif isinstance(given, str) and isinstance(own, str):
        given = given.replace(BRAND, "Cal.com")
        there, here = TOKEN.findall(given), TOKEN.findall(own)
        if len(there) != len(here) or TOKEN.sub("", given) != TOKEN.sub("", own):
            yield f"{where}: {own[:150]!r}, recorded {given[:150]!r}"
        elif not all(bijection.bind(*pair) for pair in zip(there, here, strict=True)):
            yield f"{where}: another uid"
    elif given != own or type(given) is not type(own):
        yield f"{where}: {own!r}, recorded {given!r}"


class Tape:
    """A fake and the bijection with the server that was recorded."""

    def __init__(self, fake: FakeCalcom) -> None:
        self.fake = fake
        self.bijection = Bijection()

    def play(self, name: str) -> list[str]:
        """Play one recording after the gaps before it, and return the differences."""
        if name in DATABASE_DOWN:
            return ["the fake has no database that could be down"]
        exchange = load(name)
        number = re.match(r"(?:story-|live-|zz-)?\d*", name)
        assert number is not None
        for gap in GAPS.get(number[0], ()):
            self.fill(gap)
        self.set_time(exchange)
        asked, recorded = exchange["request"], exchange["response"]
        headers = dict(asked["headers"])
        if "Authorization" in headers:
            headers["Authorization"] = authorization(name, headers["Authorization"])
        own = self.send(asked["method"], asked["path"], headers, asked["body"])
        found = [] if own.status == recorded["status"] else [f"status {own.status}"]
        body = json.loads(own.body) if own.body else ""
        found += same(recorded["body"], body, self.bijection)
        if own.status == 501 == own.status != recorded["status"]:
            found = [f"501: {body['error']['message']}"]
        if "-ratelimit-" in name or "-limited-" in name:
            found += limits_differ(recorded["headers"], own)
        return found

    def fill(self, gap: Any) -> None:
        if not isinstance(gap, Gap):
            gap(self)
            return
        self.fake.advance(0.001)
        headers = {"cal-api-version": "2024-08-13", "Content-Type": "application/json"}
        if not gap.anonymous:
            headers["Authorization"] = f"Bearer {KEYS['alice']}"
        path = gap.path
        if (named := re.match(r"/v2/bookings/([^/?]+)/", path)) and not TOKEN.fullmatch(named[1]):
            path = path.replace(named[1], self.bijection.uid(named[1]))
        own = self.send(gap.method, path, headers, gap.body)
        if gap.method == "GET":
            return
        assert own.status < 300, (gap, own.body)
        data = json.loads(own.body)["data"]
        if gap.uid is not None:
            first = data[0] if isinstance(data, list) else data
            assert self.bijection.bind(gap.uid, first["uid"])
        if gap.seat is not None:
            assert self.bijection.bind(gap.seat, data["seatUid"])

    def send(self, method: str, path: str, headers: dict[str, str], body: Any) -> Response:
        text = body if isinstance(body, str) else "" if body is None else json.dumps(body)
        url = f"https://api.cal.com{self.bijection.translate(path)}"
        sent = self.bijection.translate(text).encode()
        return self.fake.respond(Request(method, url, headers, sent))

    def set_time(self, exchange: dict[str, Any]) -> None:
        """Let it be the time at which the server answered, as exactly as that is known."""
        self.fake.advance(0.001)
        body = exchange["response"]["body"]
        if isinstance(body, dict) and "timestamp" in body:
            now = datetime.fromisoformat(body["timestamp"])
        else:
            now = parsedate_to_datetime(dict(exchange["response"]["headers"])["Date"])
        if now > self.fake.now:
            self.fake.advance((now - self.fake.now) / timedelta(seconds=1))


def authorization(name: str, recorded: str) -> str:
    if "unknown key" in recorded or "wrong-key" in name:
        return "Bearer cal_unknown"
    if "garbage" in recorded:
        return recorded
    user = "stranger" if any(word in name for word in STRANGERS) else "alice"
    return KEYS[user] if "without the Bearer" in recorded else f"Bearer {KEYS[user]}"


def limits_differ(recorded: list[list[str]], own: Response) -> list[str]:
    there = {key: value for key, value in recorded if LIMIT_HEADER.match(key)}
    here = {key: value for key, value in own.headers if LIMIT_HEADER.match(key)}
    return [] if there == here else [f"limits {here}, recorded {there}"]
