"""Counts the calls that one `cancel_seat` makes in this library: `python -m benchmarks.calls`.

The transport is in memory, so the count covers the client, the core and the decoding.
Functions that attrs generates, comprehensions and lambdas are not counted.
"""

import sys
from collections import Counter
from pathlib import PurePath
from types import FrameType

from calcom_core import Request, Response, Timeout, responses
from calcom_transports import Client

PACKAGES = ("calcom_core", "calcom_transports")


class InMemory:
    """A transport that returns one response."""

    def __init__(self, response: Response) -> None:
        self.response = response

    def send(self, request: Request, timeout: Timeout | None) -> Response:
        return self.response


def calls() -> Counter[str]:
    """Return how often `cancel_seat` calls each function, by package, module and name."""
    client = Client("cal_test_0123456789abcdef", transport=InMemory(responses.booking(uid="uid")))
    client.bookings.cancel_seat("uid", "seat")  # warm up
    counted: Counter[str] = Counter()

    def note(frame: FrameType, event: str, argument: object) -> None:
        path = PurePath(frame.f_code.co_filename)
        package = next((name for name in PACKAGES if name in path.parts), None)
        if event == "call" and package is not None and not frame.f_code.co_name.startswith("<"):
            module = "/".join(path.parts[path.parts.index(package) :])
            counted[f"{module}: {frame.f_code.co_qualname}"] += 1

    sys.setprofile(note)
    try:
        client.bookings.cancel_seat("uid", "seat")
    finally:
        sys.setprofile(None)
    return counted


def main() -> None:
    counted = calls()
    files: Counter[str] = Counter()
    for name, number in counted.items():
        files[name.partition(":")[0]] += number
    for file, number in files.most_common():
        print(f"{number:4}  {file}")
    print(f"{counted.total():4}  calls of {len(counted)} functions in {len(files)} files")


if __name__ == "__main__":
    main()
