"""A list of bookings in memory that changes between requests, with the API's filters and faults.

Totals ignore the filter by the time of change (recording live-19), bookings with the same time
come in any order, a booking that changes while a page is read shows its new time in its old place,
and a write may become visible some time after the time that it bears.
"""

import json
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from attrs import define, field
from core_recorded import RECORDED

from calcom_core import Request, Response

LIKE = RECORDED["29-get-normal"]["response"]["body"]["data"]
BEGIN = datetime(2026, 11, 27, 9, tzinfo=UTC)


def text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat("T", "milliseconds").removesuffix("+00:00") + "Z"


def full(moment: str | None) -> str:
    """Return a time of a query with its milliseconds, which compares as text."""
    return text(datetime.fromisoformat(moment)) if moment and moment != "9999" else moment or ""


def start_of(uid: str) -> datetime:
    """Return the start of a booking; two bookings share each."""
    number = int(uid[1:]) if uid[1:].isdigit() else 0
    return BEGIN + timedelta(days=1, hours=number // 2)


@define
class ChangingServer:
    """Bookings by uid, each as (time of change, status); *late* and *busy* switch the faults on."""

    random: Random
    now: datetime = BEGIN
    late: bool = False
    busy: bool = True
    visible: dict[str, tuple[datetime, str]] = field(factory=dict)
    pending: list[tuple[datetime, str, tuple[datetime, str]]] = field(factory=list)
    requests: list[dict[str, str]] = field(factory=list)
    count: int = 0

    def pass_time(self, seconds: float) -> None:
        """Let time pass, and late writes become visible."""
        self.now += timedelta(milliseconds=int(seconds * 1000))
        for write in [write for write in self.pending if write[0] <= self.now]:
            self.pending.remove(write)
            self.visible[write[1]] = write[2]

    def write(self, uid: str, status: str, at: datetime | None = None) -> None:
        """Create or change a booking, visible now or up to 2 s later."""
        version = (at or self.now, status)
        delay = self.random.choice([0, 0, 0.4, 2]) if self.late else 0
        if any(waiting[1] == uid for waiting in self.pending):
            return  # the row is locked
        if delay:
            self.pending.append((self.now + timedelta(seconds=delay), uid, version))
        else:
            self.visible[uid] = version

    def change_something(self) -> None:
        """Create, move, cancel, or update many with one and the same time."""
        kind = self.random.random()
        if kind < 0.4 or not self.visible:
            self.count += 1
            self.write(f"b{self.count}", "accepted")
        elif kind < 0.9:
            status = self.random.choice(["accepted", "cancelled", "rejected", "pending"])
            self.write(self.random.choice(list(self.visible)), status)
        else:
            size = self.random.randint(1, min(30, len(self.visible)))
            for uid in self.random.sample(list(self.visible), size):
                self.write(uid, "accepted")

    def item(self, uid: str) -> dict[str, Any]:
        changed, status = self.visible[uid]
        times = {"start": text(start_of(uid)), "updatedAt": text(changed)}
        return {**LIKE, "uid": uid, "status": status, **times}

    def respond(self, request: Request) -> Response:
        """List a page."""
        query = dict(parse_qsl(urlsplit(request.url).query))
        self.requests.append(query)
        assert query["status"] == "upcoming,recurring,past,cancelled,unconfirmed"
        after, before = (
            full(query.get("afterUpdatedAt")),
            full(query.get("beforeUpdatedAt", "9999")),
        )
        start = full(query.get("afterStart"))
        take, skip = int(query["take"]), int(query.get("skip", 0))
        found = [
            uid
            for uid, (changed, _) in self.visible.items()
            if after <= text(changed) <= before and text(start_of(uid)) >= start
        ]
        self.random.shuffle(found)
        keys = {"sortStart": start_of, "sortUpdatedAt": lambda uid: self.visible[uid][0]}
        [sort] = keys.keys() & query.keys()
        found.sort(key=keys[sort])
        page = found[skip : skip + take]
        sent = self.now.replace(microsecond=0)
        if (
            page and self.busy and self.random.random() < 0.1
        ):  # one changes between two queries of the server
            self.pass_time(1.5)
            self.write(self.random.choice(page), "accepted")
        total = len(self.visible) + len(self.pending)
        body = {
            "status": "success",
            "data": [self.item(uid) for uid in page],
            "pagination": {
                "totalItems": total,
                "itemsPerPage": take,
                "returnedItems": min(take, max(total - skip, 0)),
                "remainingItems": max(total - skip - take, 0),
                "totalPages": -(-total // take),
                "currentPage": skip // take + 1,
                "hasNextPage": skip + take < total,
                "hasPreviousPage": skip > 0,
            },
        }
        date = sent.strftime("%a, %d %b %Y %H:%M:%S GMT")
        return Response(200, {"Date": date}, json.dumps(body).encode())


def many(count: int, same: int = 1) -> ChangingServer:
    """Return a server of that many bookings, changed a second apart, *same* at a time."""
    server = ChangingServer(Random(count))
    for number in range(count):
        server.visible[f"b{number}"] = (BEGIN + timedelta(seconds=number // same), "accepted")
    server.now, server.busy = BEGIN + timedelta(seconds=count), False
    return server
