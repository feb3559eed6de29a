"""The fake answers what a real server answered, counted over all recordings.

The numbered recordings and the story are one tape, since they were recorded one after another on
one server; the later ones are two tapes more.
"""

import json
import re
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
from fake.differences import DIFFERENCES
from fake.tape import FOLDER, Tape, load, same
from fake.worlds import community, community_later, enterprise

from calcom_transports.fake.refusals import REFUSALS

NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))


def begins(start: str) -> list[str]:
    return [name for name in NAMES if name.startswith(start)]


NUMBERED = sorted((n for n in NAMES if n[0].isdigit()), key=lambda n: int(n.partition("-")[0]))
STORY = begins("story-")
RACES = begins("zz-")
ENTERPRISE = [name for name in begins("live-") if "-ee-" in name]
LATER = [name for name in begins("live-") if "-ee-" not in name]
FAMILIES = ("/v2/bookings", "/v2/slots", "/api/v2/bookings")
OF_BOOKINGS = [name for name in NAMES if load(name)["request"]["path"].startswith(FAMILIES)]


README = FOLDER.parent.parent / "calcom_transports" / "README.md"
DELIVERIES = sorted((FOLDER.parent / "deliveries").glob("webhook-[0-9]*.json"))


def played(tape: Tape, names: list[str]) -> dict[str, list[str]]:
    return {name: differ for name in names if (differ := tape.play(name))}


@pytest.fixture(scope="module")
def tape() -> tuple[Tape, dict[str, list[str]]]:
    """Play the numbered recordings and the story; return the tape, and what differs."""
    tape = Tape(community())
    return tape, played(tape, [*NUMBERED, *STORY])


@pytest.fixture(scope="module")
def differences(tape: tuple[Tape, dict[str, list[str]]]) -> dict[str, list[str]]:
    """Play the other recordings, too, and return how each that differs does."""
    return {
        **tape[1],
        **{name: ["requests at one moment"] for name in RACES},
        **played(Tape(community_later()), LATER),
        **played(Tape(enterprise()), ENTERPRISE),
    }


def test_what_differs_from_the_server_is_listed_with_its_reason(
    differences: dict[str, list[str]],
) -> None:
    new = {name: differ for name, differ in differences.items() if name not in DIFFERENCES}
    assert new == {}
    assert DIFFERENCES.keys() - differences.keys() == set(), "these are equal now: list them less"


@pytest.mark.parametrize(
    ("what", "names", "equal"),
    [("the story", STORY, 32), ("bookings and slots", OF_BOOKINGS, 328), ("all", NAMES, 332)],
    ids=["the story", "bookings and slots", "all recordings"],
)
def test_the_fake_responds_to_so_many_recordings_as_the_server_did(
    differences: dict[str, list[str]],
    what: str,
    names: list[str],
    equal: int,
    capsys: pytest.CaptureFixture[str],
) -> None:
    same = sum(name not in differences for name in names)
    with capsys.disabled():
        print(f" [{what}: {same} of {len(names)} equal] ", end="")
    assert same == equal
    assert f"{same} of {len(names)}" in README.read_text("utf-8")


RECORDED = [name for name, refusal in REFUSALS.items() if refusal.recording in NAMES]
OTHERS = {
    "no-booking-to-cancel": "quoted",
    "no-event-type": "quoted",
    "second-seat": "examples.json",
}
"""The refusals without a recording: the hosted service was quoted, or an example shows it."""


def test_a_refusal_without_a_recording_is_quoted_or_an_example() -> None:
    others = {name: row.recording for name, row in REFUSALS.items() if name not in RECORDED}
    assert others == OTHERS
    examples = json.loads((FOLDER.parent / "examples" / "examples.json").read_text("utf-8"))
    shown = [example.get("response") for example in examples.values()]
    for name in ("second-seat",):
        assert REFUSALS[name].failure(REFUSALS[name].text).body("", "") in shown


@pytest.mark.exhaustive(sample=100)
@pytest.mark.parametrize("name", RECORDED)
def test_each_refusal_is_that_of_its_recording(name: str) -> None:
    refusal = REFUSALS[name]
    recorded = load(refusal.recording)["response"]
    body = recorded["body"]
    said = body["message"] if not refusal.code else body["error"]["message"]
    parts = [re.escape(text) for text, *_ in Formatter().parse(refusal.text)]
    places = "(.*)".join(parts) + ("(.*)" if refusal.text.endswith("}") else "")

    assert recorded["status"] == refusal.status
    assert re.fullmatch(places, said), said
    own = refusal.failure(said).body(body.get("timestamp", ""), body.get("path", ""))
    assert own == body


@pytest.mark.parametrize("path", DELIVERIES, ids=lambda path: path.stem)
def test_each_recorded_delivery_is_one_of_the_fake(
    path: Path, tape: tuple[Tape, dict[str, list[str]]]
) -> None:
    recorded = json.loads(json.loads(path.read_text("utf-8"))["raw_body"])
    bijection = tape[0].bijection
    identity = (recorded["triggerEvent"], bijection.own[uid_of(recorded)])
    own = [json.loads(item.body) for item in tape[0].fake.deliveries]
    found = [
        list(same(recorded, delivery, bijection))
        for delivery in own
        if (delivery["triggerEvent"], uid_of(delivery)) == identity
    ]
    assert min(found, key=len) == []


def uid_of(delivery: dict[str, Any]) -> str:
    payload = delivery["payload"]
    return str(payload.get("uid") or payload["bookingUid"])


def test_the_tape_is_that_of_the_recordings() -> None:
    assert len(NAMES) == len(NUMBERED) + len(STORY) + len(RACES) + len(LATER) + len(ENTERPRISE)
    assert json.dumps(sorted(DIFFERENCES)) == json.dumps(sorted(set(DIFFERENCES) & set(NAMES)))
