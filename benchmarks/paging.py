"""The speed-up of concurrent pages: `.venv/bin/python benchmarks/paging.py`.

A server in another process holds 2,000 bookings and takes 50 ms for a page of 50, at any
concurrency. The subjects take turns, so a noisy machine slows all of them alike; medians are
compared. 40 pages, 8 at once, can be at most 6.67 times as fast as one page after another: the
first page is requested alone, since it holds the total, and the others in 5 batches.
The script ends with status 1 if a client is less than 5 times as fast.

Bare connections, which read no JSON, show that the server is not the bottleneck.
Memory is measured separately, without the delay of the server.
"""

import gc
import json
import re
import socket
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from statistics import median
from subprocess import PIPE, Popen
from threading import Thread
from urllib.parse import urlsplit

import trio

from calcom_core import bookings
from calcom_transports import AsyncClient, Client

BOOKINGS = 2_000
MANY_BOOKINGS = 8_000
TAKE = 50
DELAY = 50
"""The delay of the server for a page, in milliseconds."""
AT_ONCE = 8
ROUNDS = 3
REPEATS = {1: 1, AT_ONCE: 3}
"""The runs of each concurrency in a round; the concurrent ones are short and vary more."""
TARGET = 5.0

SERVE = "--serve"
"""The argument that starts the server."""

API_KEY = "cal_test_bench"
EARLIEST = datetime(2024, 1, 8, 9, tzinfo=UTC)
PEOPLE = ("Ada Novak", "Bela Kiss", "Chloe Martin", "Dario Rossi", "Emil Jansen")

ReadList = Callable[[str, int], int]
"""Reads the list of the server at a URL with a concurrency, and counts the bookings."""


def uid_of(number: int) -> str:
    return f"paging{number:016}"


def format_datetime(start: datetime) -> str:
    return start.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def booking(number: int) -> dict[str, object]:
    start = EARLIEST + timedelta(hours=number)
    name = PEOPLE[number % len(PEOPLE)]
    email = f"{name.lower().replace(' ', '.')}.{number}@example.com"
    host = {
        "id": 7,
        "name": "Olga Petrova",
        "email": "olga@example.com",
        "displayEmail": "olga@example.com",
        "username": "olga",
        "timeZone": "Europe/Berlin",
    }
    attendee = {
        "name": name,
        "email": email,
        "displayEmail": email,
        "timeZone": "Europe/Rome",
        "language": "en",
        "absent": False,
        "phoneNumber": f"+39055{number:07}",
    }
    return {
        "id": 10_000 + number,
        "uid": uid_of(number),
        "title": f"Consultation between Olga Petrova and {name}",
        "description": "A first talk about the plan, the budget and the dates.",
        "hosts": [host],
        "status": "accepted",
        "cancellationReason": "",
        "cancelledByEmail": "",
        "rescheduledByEmail": None,
        "start": format_datetime(start),
        "end": format_datetime(start + timedelta(minutes=30)),
        "duration": 30,
        "eventTypeId": 3,
        "eventType": {"id": 3, "slug": "consultation"},
        "meetingUrl": f"https://meet.example.com/{uid_of(number)}",
        "location": f"https://meet.example.com/{uid_of(number)}",
        "absentHost": False,
        "createdAt": format_datetime(start - timedelta(days=3)),
        "updatedAt": format_datetime(start + timedelta(minutes=31)),
        "metadata": {"order": f"A-{number}"},
        "rating": None,
        "icsUid": f"{uid_of(number)}@Cal.com",
        "attendees": [attendee],
        "bookingFieldsResponses": {"email": email, "name": name, "displayEmail": email},
    }


def response(held: int, skip: int) -> bytes:
    """Return the response with the page after *skip* bookings, of a list of *held*."""
    data = [booking(number) for number in range(skip, min(skip + TAKE, held))]
    pagination = {
        "totalItems": held,
        "itemsPerPage": TAKE,
        "returnedItems": len(data),
        "remainingItems": held - skip - len(data),
        "totalPages": -(-held // TAKE),
        "currentPage": skip // TAKE + 1,
        "hasNextPage": skip + TAKE < held,
        "hasPreviousPage": skip > 0,
    }
    content = {"status": "success", "data": data, "pagination": pagination}
    body = json.dumps(content, separators=(",", ":")).encode()
    head = (
        "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\nConnection: keep-alive\r\n\r\n"
    )
    return head.encode() + body


def serve() -> None:
    """Print the port, and serve until standard input ends with the parent process."""
    responses = {
        (held, skip): response(held, skip)
        for held in (BOOKINGS, MANY_BOOKINGS)
        for skip in range(0, held, TAKE)
    }
    listener = socket.create_server(("127.0.0.1", 0))
    Thread(target=accept, args=(listener, responses), daemon=True).start()
    print(listener.getsockname()[1], flush=True)
    sys.stdin.read()


def accept(listener: socket.socket, responses: dict[tuple[int, int], bytes]) -> None:
    while True:
        connection, _ = listener.accept()
        Thread(target=serve_connection, args=(connection, responses), daemon=True).start()


def serve_connection(connection: socket.socket, responses: dict[tuple[int, int], bytes]) -> None:
    """Respond to requests for `/<delay in milliseconds>/<bookings held>/v2/bookings`."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with connection, suppress(ConnectionError):
        received = b""
        while data := connection.recv(65_536):
            received += data
            if not received.endswith(b"\r\n\r\n"):
                continue
            match = re.match(rb"GET /(\d+)/(\d+)/v2/bookings\?\S*?(?:skip=(\d+)\S*)? ", received)
            assert match, received
            delay, held, skip = (int(number or 0) for number in match.groups())
            time.sleep(delay / 1_000)
            connection.sendall(responses[held, skip])
            received = b""


@contextmanager
def server() -> Iterator[str]:
    """Run the server in another process, and end it; yields its URL."""
    # Leaving the block closes the pipe that the server reads, and waits for it.
    with Popen([sys.executable, __file__, SERVE], stdin=PIPE, stdout=PIPE, text=True) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"


def read_bare(url: str, concurrency: int) -> int:
    """Request the same pages in the same batches, over connections of the standard library."""
    place = urlsplit(url)
    connections = [HTTPConnection(place.netloc) for _ in range(concurrency)]
    held = int(place.path.rpartition("/")[2])

    def fetch(connection: HTTPConnection, skip: int) -> int:
        connection.request("GET", f"{place.path}/v2/bookings?status=past&take={TAKE}&skip={skip}")
        return connection.getresponse().read().count(b'"uid":')

    counted = fetch(connections[0], 0)
    with ThreadPoolExecutor(concurrency) as threads:
        for first in range(TAKE, held, TAKE * concurrency):
            skips = range(first, min(first + TAKE * concurrency, held), TAKE)
            counted += sum(threads.map(fetch, connections, skips))
    for connection in connections:
        connection.close()
    return counted


def read_blocking(url: str, concurrency: int) -> int:
    with Client(API_KEY, base_url=url) as client:
        paginating = client.with_options(concurrency=concurrency)
        return sum(1 for _ in paginating.items(bookings.list(status="past", take=TAKE)))


def read_trio(url: str, concurrency: int) -> int:
    async def read_list() -> int:
        counted = 0
        async with AsyncClient(API_KEY, base_url=url) as client:
            paginating = client.with_options(concurrency=concurrency)
            async for _ in paginating.items(bookings.list(status="past", take=TAKE)):
                counted += 1
        return counted

    return trio.run(read_list)


BARE = "bare connections"
CLIENTS: dict[str, ReadList] = {"urllib3": read_blocking, "trio": read_trio}
SUBJECTS: dict[str, ReadList] = {BARE: read_bare, **CLIENTS}


def seconds(read_list: ReadList, url: str, concurrency: int) -> float:
    began = time.perf_counter()
    counted = read_list(url, concurrency)
    taken = time.perf_counter() - began
    assert counted == BOOKINGS, counted
    return taken


def timed(url: str) -> dict[tuple[str, int], float]:
    """Return the median seconds of each subject and concurrency."""
    taken: dict[tuple[str, int], list[float]] = {}
    for _ in range(ROUNDS):
        for name, read_list in SUBJECTS.items():
            for concurrency, repeats in REPEATS.items():
                times = taken.setdefault((name, concurrency), [])
                for _ in range(repeats):
                    times.append(seconds(read_list, f"{url}/{DELAY}/{BOOKINGS}", concurrency))
    return {subject: median(times) for subject, times in taken.items()}


def peak(read_list: ReadList, url: str, concurrency: int, held: int) -> int:
    """Return the peak of the allocated bytes while a list is read."""
    gc.collect()
    tracemalloc.start()
    try:
        counted = read_list(f"{url}/0/{held}", concurrency)
        assert counted == held, counted
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def size_of_uids(held: int) -> int:
    """Return the size of the set of uids that an iteration keeps to yield each booking once."""
    uids: set[str] = set()
    for number in range(held):  # one by one, since a set created at once may be smaller
        uids.add(uid_of(number))
    return sys.getsizeof(uids) + sum(map(sys.getsizeof, uids))


def report_speed(times: dict[tuple[str, int], float]) -> dict[str, float]:
    """Print the times, and return the speed-up of each subject."""
    print(f"{'transport':18}{'concurrency':>12}{'seconds':>10}{'ratio':>8}")
    ratios: dict[str, float] = {}
    for name in SUBJECTS:
        ratios[name] = times[name, 1] / times[name, AT_ONCE]
        print(f"{name:18}{1:12}{times[name, 1]:10.3f}")
        print(f"{name:18}{AT_ONCE:12}{times[name, AT_ONCE]:10.3f}{ratios[name]:8.2f}")
    return ratios


def report_server(times: dict[tuple[str, int], float]) -> None:
    pages = BOOKINGS // TAKE
    batches = 1 + -(-(pages - 1) // AT_ONCE)
    alone = times[BARE, 1] / pages * 1_000
    together = times[BARE, AT_ONCE] / batches * 1_000
    print(
        f"the server is not the bottleneck: without reading JSON a page takes {alone:.1f} ms alone "
        f"and {together:.1f} ms as one of up to {AT_ONCE}, of which it waits {DELAY} ms;"
    )
    print(f"{pages / batches:.2f} is the most that any client could reach")


def report_memory(url: str) -> None:
    """Print the peaks: the uids grow with the list, the rest is the pages in flight."""
    print("peak memory of an iteration, in kB")
    print(f"{'transport':18}{'concurrency':>12}{'bookings':>10}{'peak':>8}{'uids':>8}{'rest':>8}")
    for name, read_list in CLIENTS.items():
        for concurrency in (1, AT_ONCE):
            for held in (BOOKINGS, MANY_BOOKINGS):
                most, uids = peak(read_list, url, concurrency, held), size_of_uids(held)
                columns = "".join(f"{size / 1e3:8,.0f}" for size in (most, uids, most - uids))
                print(f"{name:18}{concurrency:12}{held:10,}{columns}")


def main() -> None:
    body = len(response(BOOKINGS, 0).partition(b"\r\n\r\n")[2])
    print(f"{BOOKINGS:,} bookings, {TAKE} and {body:,} bytes a page, medians of {ROUNDS} rounds")
    with server() as url:
        for read_list in SUBJECTS.values():  # warm up
            read_list(f"{url}/0/{BOOKINGS}", AT_ONCE)
        times = timed(url)
        ratios = report_speed(times)
        report_server(times)
        report_memory(url)
    slow = [f"{name} ({ratios[name]:.2f})" for name in CLIENTS if ratios[name] < TARGET]
    if slow:
        sys.exit(f"less than {TARGET} times as fast with {AT_ONCE} pages at once: {slow}")


if __name__ == "__main__":
    if sys.argv[1:] == [SERVE]:
        serve()
    else:
        main()
