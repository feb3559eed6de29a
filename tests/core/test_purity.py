"""The core does no I/O and reads no clock; its modules have one import order."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from core_purity import CORE, findings, imports, sources

MODULES = sources()

# Each module may import only the modules of the core above it in this list.
ORDER = [
    "_lazy_methods",
    "errors",
    "checks",
    "json_text",
    "serialization",
    "tokens",
    "secret",
    "http",
    "versions",
    "model",
    "model.location",
    "model.inputs",
    "model.input_dicts",
    "model.filters",
    "model.slot",
    "model.booking",
    "model.conferencing",
    "model.event_type",
    "model.page",
    "rate_limits",
    "pacing",
    "redaction",
    "error_body",
    "error_rules",
    "error_mapping",
    "decoding_errors",
    "decoders",
    "routes",
    "operation",
    "api",
    "bookings.reads",
    "bookings.creation",
    "bookings.rescheduling",
    "bookings.cancellation",
    "bookings.host_actions",
    "bookings.attendees",
    "bookings.guests",
    "bookings",
    "slots",
    "teams",
    "event_types",
    "me",
    "webhooks.delivery",
    "webhooks.booking_events",
    "webhooks.other_events",
    "webhooks.events",
    "webhooks.signature",
    "webhooks.parsing",
    "webhooks",
    "json_values",
    "effects",
    "execution",
    "retry",
    "paging",
    "rows",
    "sync",
    "create_once",
    "testing",
    "response_fields",
    "responses",
]


@pytest.mark.parametrize("path", MODULES)
def test_a_module_of_the_core_does_nothing_impure(path: str) -> None:
    assert findings(path, MODULES[path]) == []


BAD: list[tuple[str, list[str]]] = [
    ("import os", ["imports os"]),
    ("import os.path as p", ["imports os.path"]),
    ("import calcom_transports", ["imports calcom_transports"]),
    ("from calcom_transports import client", ["imports calcom_transports"]),
    ("from email.utils import parsedate", ["imports email.utils"]),
    ("from email import utils", ["imports email"]),
    ("import importlib", ["imports importlib"]),
    ("from collections import deque", ["imports collections"]),
    ("from urllib import request", ["imports urllib"]),
    ("from urllib import parse, request", ["imports urllib"]),
    ("import urllib", ["imports urllib"]),
    ("import random, time, asyncio", ["imports asyncio", "imports random", "imports time"]),
    ("import zoneinfo", ["imports zoneinfo"]),
    ("import attr", ["imports attr"]),
    ("from .. import x", ["imports "]),
    ("def f():\n    if 1:\n        import socket", ["imports socket"]),
    ("class A:\n    def f(self):\n        from threading import Lock", ["imports threading"]),
    ("import datetime\ndatetime.datetime.now()", ["now"]),
    ("from datetime import datetime as d\nd.now(UTC)", ["now"]),
    ("from datetime import datetime\nf = datetime.utcnow", ["utcnow"]),
    ("from datetime import datetime\ndatetime.today()", ["today"]),
    ("from datetime import date\ndate.today()", ["today"]),
    ("from datetime import datetime\ndatetime.fromtimestamp(5)", ["fromtimestamp without a zone"]),
    ("map(datetime.fromtimestamp, [5])", ["fromtimestamp without a zone"]),
    ("datetime.utcfromtimestamp(5)", ["utcfromtimestamp"]),
    ("x.astimezone()", ["astimezone without a zone"]),
    ("f = x.astimezone", ["astimezone without a zone"]),
    ("datetime.strptime('1', '%d')", ["strptime"]),
    ("open('x')", ["open"]),
    ("f = open", ["open"]),
    ("__import__('os')", ["__import__"]),
    ("__builtins__['open']", ["__builtins__"]),
    ("eval('1')", ["eval"]),
    ("exec('1')", ["exec"]),
    ("compile('1', '', 'eval')", ["compile"]),
    ("print(1)", ["print"]),
    ("input()", ["input"]),
    ("breakpoint()", ["breakpoint"]),
    ("x.__class__ = Booking", ["assigns __class__"]),
    ("frozen(weakref_slot=False)(Booking)", ["weakref_slot"]),
]


@pytest.mark.parametrize(("source", "found"), BAD)
def test_the_checker_finds_impure_code(source: str, found: list[str]) -> None:
    assert findings("bookings.py", source) == found


@pytest.mark.parametrize(
    "source",
    [
        "from calcom_core.errors import InvalidInput",
        "from . import errors",
        "from .errors import InvalidInput",
        "from urllib import parse",
        "from urllib.parse import quote",
        "import re\nre.compile('x')",
        "x.astimezone(UTC)\nx.astimezone(tz=UTC)\ndatetime.fromtimestamp(5, UTC)",
        "opened = 1",
        "x.__class__ is dict",
    ],
)
def test_the_checker_accepts_pure_code(source: str) -> None:
    assert findings("bookings.py", source) == []


def name_of(path: str) -> str:
    dotted = path.removesuffix(".py").replace("/", ".")
    return dotted.removesuffix("__init__").removesuffix(".")


def at_runtime(source: str) -> str:
    """Return the source without imports for type checkers."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = [ast.Pass()]
    return ast.unparse(tree)


def core_imports(path: str, source: str) -> set[str]:
    """Return the modules of the core that a module imports, by name."""
    prefix, source = "calcom_core", at_runtime(source)
    return {
        name.removeprefix(prefix).removeprefix(".")
        for name in imports(path, source)
        if name.partition(".")[0] == prefix
    }


def test_every_module_has_a_place_in_the_order() -> None:
    assert {name_of(path) for path in MODULES} == {"", *ORDER}


@pytest.mark.parametrize("path", [path for path in MODULES if path != "__init__.py"])
def test_a_module_imports_only_those_above_it(path: str) -> None:
    assert core_imports(path, MODULES[path]) <= set(ORDER[: ORDER.index(name_of(path))])


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("from calcom_core.errors import InvalidInput", {"errors"}),
        ("import calcom_core.retry", {"retry"}),
        ("from calcom_core import retry", {"retry"}),
        ("from calcom_core import retry, Api", {"", "retry"}),
        ("from calcom_core import Api", {""}),
        ("from .location import location", {"model.location"}),
        ("from . import booking", {"model.booking"}),
        ("from ..retry import retrying", {"retry"}),
        ("from .. import api", {"api"}),
        ("def f():\n    from calcom_core.api import Api", {"api"}),
        ("if TYPE_CHECKING:\n    from calcom_core.api import Api\nelse:\n    import re", set()),
        ("if not TYPE_CHECKING:\n    from calcom_core.api import Api", {"api"}),
    ],
)
def test_every_form_of_import_is_found(source: str, found: set[str]) -> None:
    assert core_imports("model/inputs.py", source) == found


def run(program: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program, *arguments],
        cwd=CORE.parent,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_importing_the_core_loads_no_transport_and_builds_no_converter() -> None:
    loaded = run(
        "import gc, sys, cattrs\n"
        "built = lambda: sum(isinstance(o, cattrs.BaseConverter) for o in gc.get_objects())\n"
        "before = built()\n"
        "import calcom_core, calcom_core.serialization\n"
        "heavy = 'urllib3 trio h11 calcom_transports truststore asyncio hmac hashlib'.split()\n"
        "print([name for name in heavy if name in sys.modules])\n"
        "print(built() - before)\n"
        "op = calcom_core.bookings.get('bk7')\n"
        "calcom_core.Api(calcom_core.Anonymous()).request(op)\n"
        "print(built() - before)\n"
    )
    assert loaded.splitlines() == ["[]", "0", "0"]


def test_importing_the_core_generates_no_unused_methods() -> None:
    # attrs does so for classes without `LazyMethods`.
    written = run(
        "import attrs, sys, calcom_core, calcom_core.webhooks\n"
        "found = [thing for name, module in sys.modules.items() if name.startswith('calcom_core')\n"
        "         for thing in vars(module).values() if isinstance(thing, type)]\n"
        "made = [cls for cls in found if attrs.has(cls)]\n"
        "assert made\n"
        "print({cls.__name__ for cls in made if 'attrs' in str(cls.__eq__.__doc__)})\n"
    )
    assert written == "set()"


# The whole core, under an audit hook that refuses the outside.
HOOKED_PROGRAM = """
import json, sys
from pathlib import Path

import calcom_core
from calcom_core import *
from calcom_core import bookings, responses
from calcom_core.routes import ROUTES
from calcom_core.retry import retrying

sys.path.insert(0, sys.argv[1])
from core_operations import OPERATIONS

booking, listed, refused = (json.loads(Path(name).read_text("utf-8")) for name in sys.argv[2:])

def response(recorded):
    parts = recorded["response"]
    return Response(parts["status"], parts["headers"], json.dumps(parts["body"]).encode())

recorded = [response(booking), response(listed), response(refused)]
refusals = []

def hook(event, arguments):
    first = event.partition(".")[0]
    if event == "open" or first in {"socket", "subprocess", "os", "shutil", "pathlib", "time"}:
        refusals.append(event)
        raise RuntimeError(f"{event} {arguments}")

sys.addaudithook(hook)
try:
    open("/nonexistent")
except RuntimeError:
    refusals.clear()
else:
    raise SystemExit("the hook does not work")

data = {
    "start": "2027-04-05T09:00:00Z",
    "event_type_id": 1,
    "attendee": {"name": "Ann", "email": "ann@example.net", "time_zone": "Europe/Rome"},
    "location": {"type": "link"},
    "metadata": {"order": "A-17"},
}
operations = {
    name: [sent.call() for sent in rows.values()] for name, rows in OPERATIONS.items()
}
assert operations.keys() == ROUTES.keys()
get_one = bookings.get_one("bk7")
api = Api(ApiKey("cal_test_0123456789abcdef"), versions=HOSTED)
for calls in operations.values():
    for operation in calls:
        api.request(operation)
assert get_one.read(recorded[0]).uid == "8q36zVzjeFHywNswG41LH7"
assert len(bookings.list(take=3).read(recorded[1]).items) == 3
assert get_one.read(responses.booking(start="2027-04-05T09:00:00Z")).uid == "booking1"
unexpected = [
    recorded[2],
    Response(429, {"Retry-After": "Sun, 22 Nov 2026 16:04:30 GMT", "Date": "x"}),
    Response(500, [(b"x", b"\\xe9")], b"\\xff cal_test_0123456789abcdef"),
    Response(403, (), b"<html>"),
    Response(200, (), b"\\xff"),
    Response(200, (), b"[" * 100_000),
    Response(200, (), b"not JSON"),
]
for response in unexpected:
    try:
        bookings.get("bk7").read(response)
    except CalcomError as error:
        str(error), repr(error)
    else:
        raise SystemExit("was read")
program = retrying(api, get_one)
next(program)
try:
    program.send(recorded[0])
except StopIteration:
    pass
refused_calls = [
    lambda: bookings.get(".."),
    lambda: bookings.create({**data, "eventTypeId": 1}),
    lambda: bookings.create({**data, "metadata": {"k": "\\ud800"}}),
    lambda: bookings.list(after_start="soon"),
    lambda: bookings.list(status="pst"),
    lambda: Api(Anonymous(), "https://[::1"),
    lambda: Api(Anonymous(), "https://h:99999"),
]
for call in refused_calls:
    try:
        call()
    except InvalidInput as error:
        str(error), repr(error)
    else:
        raise SystemExit("was not refused")
assert refusals == [], refusals
print("pure")
"""


def test_the_core_works_without_the_outside() -> None:
    recorded = Path(__file__).parent.parent / "recorded"
    names = ("29-get-normal", "story-24-list-page-1", "191-get-bad-uid")
    paths = (str(recorded / f"{name}.json") for name in names)
    assert run(HOOKED_PROGRAM, str(Path(__file__).parent), *paths) == "pure"


def test_every_test_of_the_core_blocks_the_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    def reading(value: object, field: str) -> str:
        return Path(__file__).read_text(encoding="utf-8")

    # As if a function of the core had opened a file.
    monkeypatch.setitem(reading.__globals__, "__name__", "calcom_core.checks")

    with pytest.raises(RuntimeError, match="reading used the outside: open"):
        reading("x", "y")
