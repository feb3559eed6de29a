"""What every transport must do: each test is a requirement, and its docstring the reason.

The scenarios of one name are one case of a test. A case runs with a new server and a new transport
for each of its scenarios.
"""

from collections.abc import Callable
from typing import TypeAlias

import pytest

from conformance import faults, framing, keepalive, malformed, requests

Check: TypeAlias = Callable[[], None]


@pytest.mark.exhaustive(sample=6)
@pytest.mark.scenarios(requests.REQUESTS)
def test_a_request_is_sent_once_and_unchanged(conforms: Check) -> None:
    """A transport adds Host, Content-Length and little else: a changed request is another one."""
    conforms()


@pytest.mark.exhaustive(sample=5)
@pytest.mark.scenarios(requests.STATUSES)
def test_a_response_of_any_status_is_returned(conforms: Check) -> None:
    """Other code decides what a status means, and whether to retry."""
    conforms()


@pytest.mark.exhaustive(sample=5)
@pytest.mark.scenarios(requests.REDIRECTS)
def test_no_redirect_is_followed(conforms: Check) -> None:
    """Credentials would go to another server, and a write would be sent again."""
    conforms()


@pytest.mark.exhaustive(sample=6)
@pytest.mark.scenarios(framing.FRAMINGS)
def test_a_response_ends_where_http_says(conforms: Check) -> None:
    """A transport neither cuts a response nor adds to it, and never waits past its end."""
    conforms()


@pytest.mark.exhaustive(sample=5)
@pytest.mark.scenarios(framing.LEFTOVERS)
def test_bytes_after_a_response_are_no_response_to_another_request(conforms: Check) -> None:
    """A caller would get the result of another call."""
    conforms()


@pytest.mark.exhaustive(sample=6)
@pytest.mark.scenarios(malformed.NOT_HTTP)
def test_an_incomplete_or_malformed_response_is_no_answer(conforms: Check) -> None:
    """A guess at its meaning may accept a part as the whole."""
    conforms()


@pytest.mark.exhaustive(sample=1)
@pytest.mark.scenarios(malformed.BOUNDS)
def test_a_response_without_end_or_over_64_mib_is_no_answer(conforms: Check) -> None:
    """It would fill the memory, even if it is small before decoding."""
    conforms()


@pytest.mark.exhaustive(sample=5)
@pytest.mark.scenarios(framing.GZIP)
def test_gzip_is_decoded_if_it_is_accepted(conforms: Check) -> None:
    """Every member is decoded; other bytes after them are ignored; a wrong body is an error."""
    conforms()


@pytest.mark.exhaustive(sample=1)
@pytest.mark.scenarios(faults.BROKEN_RESPONSES)
def test_a_response_that_breaks_off_is_no_answer(conforms: Check) -> None:
    """Accepting a part loses the rest, and a second request may repeat an action."""
    conforms()


@pytest.mark.exhaustive(sample=2)
@pytest.mark.scenarios(faults.BROKEN_REQUESTS)
def test_a_request_that_breaks_off_is_not_sent_again(conforms: Check) -> None:
    """Once a byte may have left, the server may have executed it: the outcome is NoAnswer."""
    conforms()


@pytest.mark.exhaustive(sample=1)
@pytest.mark.scenarios(faults.TIME_LIMITS)
def test_the_limits_of_connect_read_and_total_hold(conforms: Check) -> None:
    """A caller waits, even if the exchange still makes slow progress."""
    conforms()


@pytest.mark.exhaustive(sample=6)
@pytest.mark.scenarios(faults.NOT_SENT)
def test_a_request_that_cannot_have_left_is_not_sent(conforms: Check) -> None:
    """Only then is it safe to send it again; and an untrusted server gets nothing."""
    conforms()


@pytest.mark.exhaustive(sample=6)
@pytest.mark.scenarios(keepalive.KEPT_CONNECTIONS)
def test_a_kept_connection_is_used_until_its_end(conforms: Check) -> None:
    """A request on a lost connection is not sent again: the server may have executed it."""
    conforms()


@pytest.mark.exhaustive(sample=2)
@pytest.mark.scenarios(keepalive.EARLY_RESPONSES)
def test_a_response_before_the_whole_request_was_read_is_returned(conforms: Check) -> None:
    """It says why the server does not want the rest."""
    conforms()


@pytest.mark.exhaustive(sample=2)
@pytest.mark.scenarios(keepalive.AT_ONCE)
def test_overlapping_requests_get_their_own_responses(conforms: Check) -> None:
    """A mixed-up response is the result of another request."""
    conforms()
