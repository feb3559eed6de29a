"""Which transports the suite runs with: those of the project, or that of `--transport`.

python -m pytest tests/conformance --exhaustive --transport my_package:MyTransport
"""

import pkgutil
import ssl
from collections.abc import Callable, Mapping, Sequence
from inspect import iscoroutinefunction, signature
from pathlib import Path
from typing import Any

import pytest
import trustme
from attrs import field, frozen

from calcom_transports.asyncio import AsyncioTransport
from calcom_transports.trio import TrioTransport
from calcom_transports.urllib3 import Urllib3Transport
from conformance.lenient import LENIENT, failures_beyond
from conformance.runner import Runtime, Target, blocking, on_asyncio, on_trio
from conformance.scenarios import Scenario

RUNTIMES = {"trio": on_trio, "asyncio": on_asyncio}
TRANSPORTS = pytest.StashKey[tuple["Transport", ...]]()


@frozen
class Transport:
    """A transport, and how to create it with a TLS context that trusts the server.

    *lenient* maps the scenarios that it does not conform to, to their outcomes.
    """

    name: str
    make: Callable[[ssl.SSLContext], Any]
    runtime: Runtime
    speaks_tls: bool = True
    lenient: Mapping[str, str] = field(factory=dict)


OURS = (
    Transport(
        "urllib3",
        lambda trusting: Urllib3Transport(ssl_context=trusting),
        blocking,
        lenient=LENIENT,
    ),
    Transport("trio", lambda trusting: TrioTransport(ssl_context=trusting), on_trio),
    Transport("asyncio", lambda trusting: AsyncioTransport(ssl_context=trusting), on_asyncio),
)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("conformance")
    group.addoption(
        "--transport",
        metavar="MODULE:CLASS",
        help="run the conformance suite with this transport, "
        "over TLS too if the class takes `ssl_context`",
    )
    group.addoption(
        "--runtime", choices=tuple(RUNTIMES), default="trio", help="runs an async transport"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Find the transport of the option, if there is one."""
    config.addinivalue_line("markers", "scenarios(scenarios): makes a test of each name of them")
    name = config.getoption("transport")
    runtime = RUNTIMES[config.getoption("runtime")]
    config.stash[TRANSPORTS] = (found(name, runtime),) if name else OURS


def found(name: str, runtime: Runtime) -> Transport:
    """Return the transport with that name; a plain `send` runs in threads."""
    try:
        make = pkgutil.resolve_name(name)
        is_async = iscoroutinefunction(make.send)
        speaks_tls = "ssl_context" in signature(make).parameters
    except (ValueError, ImportError, AttributeError) as error:
        message = f"--transport {name!r} is not MODULE:CLASS, with a method `send`: {error}"
        raise pytest.UsageError(message) from error
    return Transport(
        name,
        (lambda trusting: make(ssl_context=trusting)) if speaks_tls else (lambda trusting: make()),
        runtime if is_async else blocking,
        speaks_tls,
    )


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out the tests of the suite itself where it runs with another transport."""
    own = collection_path.name == "test_the_suite_itself.py"
    return True if own and config.getoption("transport") else None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrize a test with the transports, in clear and over TLS, and with its scenarios."""
    marker = metafunc.definition.get_closest_marker("scenarios")
    if marker is None:
        return
    rows = []
    for transport in metafunc.config.stash[TRANSPORTS]:
        for tls in (False, True) if transport.speaks_tls else (False,):
            groups: dict[str, list[Scenario]] = {}
            for scenario in marker.args[0]:
                if tls or not scenario.only_tls:
                    groups.setdefault(scenario.name, []).append(scenario)
            kind = f"{transport.name}-{'TLS' if tls else 'clear'}"
            rows += [
                pytest.param((transport, tls, scenarios), id=f"{kind}-{name}")
                for name, scenarios in groups.items()
            ]
    metafunc.parametrize("case", rows)


@pytest.fixture(scope="session")
def trusted() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return the context of a server, and that of a client which trusts it."""
    authority = trustme.CA()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(server)
    client = ssl.create_default_context()
    authority.configure_trust(client)
    return server, client


@pytest.fixture(scope="session")
def untrusted() -> ssl.SSLContext:
    """Return the context of a server that no client trusts."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost").configure_cert(context)
    return context


@pytest.fixture
def conforms(
    request: pytest.FixtureRequest,
    case: tuple[Transport, bool, Sequence[Scenario]],
    trusted: tuple[ssl.SSLContext, ssl.SSLContext],
    untrusted: ssl.SSLContext,
) -> Callable[[], None]:
    """Return a function that runs the scenarios; a failure ends with the test's docstring."""
    transport, tls, scenarios = case
    server, client = trusted
    target = Target(
        lambda: transport.make(client), transport.runtime, server if tls else None, untrusted
    )

    def check() -> None:
        if found := failures_beyond(transport.lenient, scenarios, target):
            pytest.fail("\n".join([*found, request.function.__doc__]), pytrace=False)

    return check
