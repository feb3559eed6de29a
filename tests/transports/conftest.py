"""Certificates for servers on the loopback interface, and a count of the cases that ran."""

import ssl
from collections import Counter
from collections.abc import Callable

import pytest
import trustme

_CASES = pytest.StashKey[Counter[str]]()


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def certified(authority: trustme.CA) -> ssl.SSLContext:
    """Return the TLS context of a server on `localhost`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    return context


@pytest.fixture
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    """Return the TLS context of a client that trusts this server."""
    # With certificates of its own it does not load those of the operating system, which is slow.
    return ssl.create_default_context(cadata=authority.cert_pem.bytes().decode())


@pytest.fixture
def counted(pytestconfig: pytest.Config) -> Callable[[str, int], None]:
    """Count cases under a name, for the end of the output of pytest."""

    def count(name: str, cases: int) -> None:
        pytestconfig.stash.setdefault(_CASES, Counter())[name] += cases

    return count


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    cases = config.stash.get(_CASES, Counter())
    if cases:
        terminalreporter.section("cases of the transports")
        for name, number in sorted(cases.items()):
            terminalreporter.write_line(f"{number:7,} {name}")
        terminalreporter.write_line(f"{cases.total():7,} in all")
