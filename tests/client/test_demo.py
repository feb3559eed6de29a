"""The demo: `python -m calcom_transports`."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from core_recorded import response_of
from server import Server, responding

from calcom_core import bookings
from calcom_core.responses import json as json_response
from calcom_transports import interpreter
from calcom_transports.__main__ import DEMO_CASSETTE, describe, main

HEAD = """\
23 calls, played from demo.json: recorded responses of a real Cal.com server.
With CALCOM_API_KEY set, this lists your own upcoming bookings instead.

Blocking:
 1. look for free slots: slots.list  GET /v2/slots
      94 slots on 3 days
      2027-04-05 02:00 +0200 is the first
 2. book: bookings.create  POST /v2/bookings
      2027-04-05 09:00 accepted  Normal between Alice Host and John Doe \
[single; John Doe, grace@example.com]
"""
TAIL = """\
22. book a taken slot: bookings.create  POST /v2/bookings
      SlotUnavailable: 400 User either already has booking at this time or is not available
23. get a missing booking: bookings.get  GET /v2/bookings/no-such-booking
      NotFound: 404 Booking with uid=no-such-booking was not found in the database

Under asyncio: the same program gave the same 61 lines.
Under trio: the same program gave the same 61 lines.
"""


@pytest.fixture(autouse=True)
def _no_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CALCOM_API_KEY", raising=False)
    monkeypatch.delenv("CALCOM_BASE_URL", raising=False)


def changed(tmp_path: Path, change: Any) -> Path:
    cassette = json.loads(DEMO_CASSETTE.read_text(encoding="utf-8"))
    change(cassette["runs"][0]["exchanges"])
    copy = tmp_path / "demo.json"
    copy.write_text(json.dumps(cassette), encoding="utf-8")
    return copy


def test_without_a_key_the_demo_plays_its_cassette(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0

    out, err = capsys.readouterr()
    assert out.startswith(HEAD)
    assert out.endswith(TAIL)
    assert err == ""


def test_the_demo_runs_as_a_command() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    ran = subprocess.run(
        [sys.executable, "-m", "calcom_transports"],
        capture_output=True,
        text=True,
        env=environment,
        check=True,
    )

    assert ran.stdout.startswith(HEAD)
    assert ran.stderr == ""


def test_a_changed_title_changes_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def rename(exchanges: Any) -> None:
        exchanges[2]["response"]["body"]["data"]["title"] = "Anderer Titel ☕"

    assert main(["--cassette", str(changed(tmp_path, rename))]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines[10] == (
        "      2027-04-05 09:00 accepted  Anderer Titel ☕ [single; John Doe, grace@example.com]"
    )


def test_a_changed_request_ends_with_the_name_of_its_step(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def request_other(exchanges: Any) -> None:
        exchanges[3]["request"]["body"]["start"] = "2027-04-05T11:00:00Z"

    assert main(["--cassette", str(changed(tmp_path, request_other))]) == 1

    url = "https://api.cal.com/v2/bookings/9dfkso7iDs9uZtHquD1zR1/reschedule"
    path = tmp_path / "demo.json"
    assert capsys.readouterr().err == (
        f"calcom_transports: step 4 (reschedule it): the program diverges at exchange 4 of run 1 "
        f"of {path}: it sends POST {url}, where POST {url} is recorded; they differ in "
        "body.start (2027-04-05T10:00:00Z, recorded 2027-04-05T11:00:00Z); "
        "if the program was meant to change, "
        "record it again (mode rewrite; with pytest --calcom-record=rewrite)\n"
    )


def test_an_error_response_ends_with_the_name_of_its_step(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(exchanges: Any) -> None:
        exchanges[2]["response"]["status"] = 500
        exchanges[2]["response"]["body"] = {"statusCode": 500, "message": "Internal server error"}

    assert main(["--cassette", str(changed(tmp_path, fail))]) == 1

    assert capsys.readouterr().err.startswith(
        "calcom_transports: step 3 (get it): bookings.get "
        "(GET /v2/bookings/9dfkso7iDs9uZtHquD1zR1): 500 Internal server error ("
    )


def test_an_unplayed_exchange_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def one_more(exchanges: Any) -> None:
        exchanges.append(exchanges[-1])

    assert main(["--cassette", str(changed(tmp_path, one_more))]) == 1

    assert "1 of the 24 exchanges" in capsys.readouterr().err


def test_a_missing_or_damaged_cassette_prints_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    damaged = tmp_path / "damaged.json"
    damaged.write_bytes(b"\xff\xfe")

    assert main(["--cassette", str(tmp_path / "none.json")]) == 1
    assert main(["--cassette", str(damaged)]) == 1

    missing, unreadable = capsys.readouterr().err.splitlines()
    assert missing.startswith("calcom_transports: there is no cassette at ")
    assert unreadable.endswith("is damaged (bytes that are not UTF-8); restore it")


def test_with_a_key_and_no_network_the_demo_prints_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CALCOM_API_KEY", "cal_test_demo")
    monkeypatch.setenv("CALCOM_BASE_URL", "http://127.0.0.1:1")
    # Skip the random part of each backoff.
    monkeypatch.setattr(interpreter, "random", SimpleNamespace(random=lambda: 1.0))

    assert main([]) == 1

    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("calcom_transports: ")
    assert err.endswith(" (after 4 attempts: the policy allows no more)\n")
    assert err.count("\n") == 1
    assert "cal_test_demo" not in err


def run_with_key(monkeypatch: pytest.MonkeyPatch, name: str) -> tuple[int, list[bytes]]:
    """Run the demo against a server with one recorded response; return its status and requests."""
    recorded = response_of(name)
    head = f"HTTP/1.1 {recorded.status} X\r\nContent-Length: {len(recorded.body)}\r\n\r\n"
    with Server(responding(head.encode() + recorded.body)) as server:
        monkeypatch.setenv("CALCOM_API_KEY", "cal_test_demo")
        monkeypatch.setenv("CALCOM_BASE_URL", server.url)
        return main([]), server.requests


def test_with_a_key_the_demo_lists_the_accounts_upcoming_bookings(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status, requests = run_with_key(monkeypatch, "161-list-take2-skip2")

    assert status == 0
    assert requests[0].startswith(
        b"GET /v2/bookings?status=upcoming&sortStart=asc&take=20 HTTP/1.1\r\n"
    )
    by = "Reschedule Notice between Alice Host and Ann Attendee [single; Ann Attendee]"
    assert capsys.readouterr().out == (
        "page 2 of 27, 54 bookings, there is a next page\n"
        f"2026-12-12 06:00 cancelled {by}\n"
        f"2026-12-12 06:30 accepted  {by}\n"
    )


def test_a_wrong_key_prints_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_with_key(monkeypatch, "story-28-wrong-key")[0] == 1
    assert capsys.readouterr().err == (
        "calcom_transports: bookings.list (GET /v2/bookings): 401 UnauthorizedException: "
        "CustomThrottlerGuard - Invalid API Key (the API key was refused: check that it is "
        "complete, not expired, and of this server) "
        "(after 1 attempt: a retry would not help)\n"
    )


@pytest.mark.parametrize("name", ["CALCOM_API_KEY", "CALCOM_BASE_URL"])
def test_a_blank_variable_prints_one_line(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CALCOM_API_KEY", "cal_test_demo")
    monkeypatch.setenv(name, "")

    assert main([]) == 1
    assert capsys.readouterr().err == (
        f"calcom_transports: {name}: is set and blank; give it a value, or unset it\n"
    )
    assert main(["--cassette", str(DEMO_CASSETTE)]) == 0  # reads no variable


def test_a_closed_pipe_prints_no_traceback() -> None:
    command = [sys.executable, "-u", "-m", "calcom_transports"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1


def test_a_missing_library_prints_one_line_with_the_package_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "trio", None)

    assert main([]) == 1

    needs = "this needs pip install 'calcom-bookings[all]'"
    assert capsys.readouterr().err.startswith(f"calcom_transports: {needs} (")


def test_an_unexpected_cassette_names_the_step_without_a_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def last_page(exchanges: Any) -> None:
        exchanges[19]["response"]["body"]["pagination"]["hasNextPage"] = False

    def invalid_title(exchanges: Any) -> None:
        exchanges[2]["response"]["body"]["data"]["title"] = 5

    def failure(exchanges: Any) -> None:
        del exchanges[2]["response"]
        exchanges[2]["failure"] = {"type": "NoAnswer", "reason": "timeout", "message": "slow"}

    for change in (last_page, invalid_title, failure):
        assert main(["--cassette", str(changed(tmp_path, change))]) == 1

    ends = capsys.readouterr().err.splitlines()
    assert ends[0] == (
        "calcom_transports: step 21 (list the next page): the page before is the last one"
    )
    assert ends[1].startswith("calcom_transports: step 3 (get it): bookings.get (GET /v2/bookings/")
    assert (
        ends[2]
        == "calcom_transports: step 3 (get it): slow (after 1 attempt: the policy allows no more)"
    )
    assert len(ends) == 3


def test_a_title_prints_no_control_characters(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def steer(exchanges: Any) -> None:
        exchanges[2]["response"]["body"]["data"]["title"] = "\x1b[2J\nX"

    assert main(["--cassette", str(changed(tmp_path, steer))]) == 0

    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "accepted  \ufffd[2J\ufffdX [single" in out


def test_a_cursor_page_is_described_without_a_total() -> None:
    body = {"status": "success", "data": [], "pagination": {"nextCursor": "c", "hasMore": True}}
    page = bookings.list(limit=1).read(json_response(body))
    assert list(describe(page)) == ["a page of 0 bookings, there is a next page"]
