"""The fake answers what a real server answered, counted over all recordings.

The numbered recordings and the story are one tape, since they were recorded one after another on
one server; the later ones are two tapes more.
"""

import json
import re
from string import Formatter

import pytest
from fake.differences import DIFFERENCES
from fake.tape import FOLDER, Tape, load
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


@pytest.fixture(scope="module")
def differences() -> dict[str, list[str]]:
    """Play every recording, and return how each that differs does."""
    found = {name: ["requests at one moment"] for name in RACES}
    tapes = ((community, [*NUMBERED, *STORY]), (community_later, LATER), (enterprise, ENTERPRISE))
    for world, names in tapes:
        tape = Tape(world())
        found |= {name: differ for name in names if (differ := tape.play(name))}
    return found


def test_what_differs_from_the_server_is_listed_with_its_reason(
    differences: dict[str, list[str]],
) -> None:
    new = {name: differ for name, differ in differences.items() if name not in DIFFERENCES}
    assert new == {}
    assert DIFFERENCES.keys() - differences.keys() == set(), "these are equal now: list them less"


@pytest.mark.parametrize(
    ("what", "names", "equal"),
    [("the story", STORY, 32), ("bookings and slots", OF_BOOKINGS, 328), ("all", NAMES, 331)],
    ids=["the story", "bookings and slots", "all recordings"],
)
def test_so_many_recordings_are_answered_as_the_server_did(
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


@pytest.mark.parametrize("name", REFUSALS)
def test_each_refusal_is_that_of_its_recording(name: str) -> None:
    refusal = REFUSALS[name]
    recorded = load(refusal.recording)["response"]
    body = recorded["body"]
    said = body["message"] if not refusal.code else body["error"]["message"]
    parts = [re.escape(text) for text, *_ in Formatter().parse(refusal.text)]
    places = "(.*)".join(parts) + ("(.*)" if refusal.text.endswith("}") else "")

    assert recorded["status"] == refusal.status
    assert re.fullmatch(places, said), said
    own = refusal.body(said, body.get("timestamp", ""), body.get("path", ""))
    assert own == body


def test_the_tape_is_that_of_the_recordings() -> None:
    assert len(NAMES) == len(NUMBERED) + len(STORY) + len(RACES) + len(LATER) + len(ENTERPRISE)
    assert json.dumps(sorted(DIFFERENCES)) == json.dumps(sorted(set(DIFFERENCES) & set(NAMES)))
