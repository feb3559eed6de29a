"""People in a recording: the same person always gets the same pseudonym."""

import json
import re
import unicodedata
from typing import Any
from urllib.parse import quote

import pytest
from core_recorded import NAMES, response_of
from hypothesis import given
from hypothesis import strategies as st

from calcom_core import Request, Response, bookings
from calcom_transports.pseudonyms import People, find_names
from calcom_transports.redaction import RecordingRedactor

PEOPLE = People("")
URL = "https://api.cal.com/v2/bookings"
ANN = PEOPLE.address("ann@corp.example")
ANN_LEE = PEOPLE.name("Ann Lee")


def test_the_same_person_always_gets_the_same_pseudonym() -> None:
    assert re.fullmatch(r"person-[0-9a-f]{12}@example\.com", ANN)
    assert re.fullmatch(r"Person [0-9a-f]{12}", ANN_LEE)
    assert re.fullmatch(r"\+999\d{11}", PEOPLE.phone("+39 333 1234567"))
    assert PEOPLE.address("Ann@Corp.example") == ANN
    assert PEOPLE.phone("0039-333") == PEOPLE.phone("0039333")
    assert PEOPLE.name(" Ann  Lee") == ANN_LEE
    assert (
        len({ANN, PEOPLE.address("ben@corp.example"), People("k").address("ann@corp.example")}) == 3
    )


@pytest.mark.parametrize(
    ("text", "replaced"),
    [
        ("write to ann@corp.example.", f"write to {ANN}."),
        ("<ann@corp.example>,ANN@corp.example", f"<{ANN}>,{ANN}"),
        ("mailto%3Aann%40corp.example", f"mailto%3A{ANN.replace('@', '%40')}"),
        ("a+b@x.co", PEOPLE.address("a+b@x.co")),
        ("a%2Bb%40x.co", PEOPLE.address("a+b@x.co").replace("@", "%40")),
        ("call +39 (333) 123-4567 now", f"call {PEOPLE.phone('393331234567')} now"),
        ("tel:%2B393331234567", f"tel:{PEOPLE.phone('393331234567').replace('+', '%2B')}"),
        ("+1 212 555 0100", PEOPLE.phone("12125550100")),
        ("0039 333\u00a01234567", PEOPLE.phone("393331234567")),
        ("2027-04-05T09:00:00+02:00", "2027-04-05T09:00:00+02:00"),
        ("9 + 12345", "9 + 12345"),
        ("user@host", "user@host"),
        ("100%", "100%"),
        ("no person", "no person"),
    ],
)
def test_addresses_and_phone_numbers_in_texts_are_replaced(text: str, replaced: str) -> None:
    assert PEOPLE.text(text) == replaced
    assert PEOPLE.text(replaced) == replaced


BODY: dict[str, Any] = {
    "attendee": {"name": "Ann Lee", "email": "ann@corp.example", "phoneNumber": "0039333"},
    "bookingFieldsResponses": {"name": "Ann Lee", "note": "Ann Lee comes", "ann@corp.example": 1},
    "location": {"type": "attendeePhone", "phone": "333 1234567"},
    "hosts": [{"username": "hal", "name": "Hal", "timeZone": "Europe/Rome", "id": 7}],
    "icsUid": "abc@Cal.com",
    "eventType": {"slug": "ann", "name": "Consultation"},
    "title": "Talk between Hal and Ann Lee",
    "cancelUrl": "https://cal.com/x?name=Ann%20Lee&other=Ann+Lee&email=ann%40corp.example",
    "absent": True,
    "empty": {"name": "", "email": ""},
}


def test_a_body_keeps_everything_except_its_people() -> None:
    content = json.dumps(BODY).encode()
    people = People.in_texts("", [content])
    name, words = ANN_LEE, ANN_LEE.replace(" ", "%20")

    redacted = json.loads(RecordingRedactor((), people).response(Response(200, (), content)).body)

    assert redacted == {
        "attendee": {"name": name, "email": ANN, "phoneNumber": PEOPLE.phone("0039333")},
        "bookingFieldsResponses": {"name": name, "note": f"{name} comes", ANN: 1},
        "location": {"type": "attendeePhone", "phone": PEOPLE.phone("333 1234567")},
        "hosts": [
            {
                "username": PEOPLE.login("hal"),
                "name": PEOPLE.name("Hal"),
                "timeZone": "Europe/Rome",
                "id": 7,
            }
        ],
        "icsUid": "abc@Cal.com",
        "eventType": {"slug": "ann", "name": "Consultation"},
        "title": f"Talk between {PEOPLE.name('Hal')} and {name}",
        "cancelUrl": (
            f"https://cal.com/x?name={words}&other={words.replace('%20', '+')}"
            f"&email={ANN.replace('@', '%40')}"
        ),
        "absent": True,
        "empty": {"name": "", "email": ""},
    }


def names_in(body: bytes) -> list[str]:
    return [name for is_login, name in find_names(body) if not is_login]


def test_names_are_read_from_the_fields_for_names() -> None:
    assert sorted(names_in(json.dumps(BODY).encode())) == ["", "Ann Lee", "Ann Lee", "Hal"]
    assert names_in(b"not JSON") == []
    assert names_in(b'[{"firstName": "Ann", "x": [{"attendeeName": "Bo"}]}]') == ["Ann", "Bo"]


def test_a_replay_finds_a_name_by_its_pseudonym() -> None:
    body = json.dumps(
        {"attendee": BODY["attendee"], "note": "Ann Lee and HAL, of Hallows"}
    ).encode()
    url = f"{URL}?attendeeEmail=ann@corp.example&attendeeName=Ann%20Lee&username=hal&take=3"
    request = Request("POST", url, (), body)
    recording = RecordingRedactor((), People("", ["Hal", "Ann Lee"], ["hal"]))

    written = recording.request(request)

    assert written.url == (
        f"{URL}?attendeeEmail={ANN}&attendeeName={ANN_LEE.replace(' ', '%20')}"
        f"&username={PEOPLE.login('hal')}&take=3"
    )
    note = f"{ANN_LEE} and {PEOPLE.name('Hal')}, of Hallows"
    assert json.loads(written.body)["note"] == note
    replaying = RecordingRedactor((), People.in_texts("", [written.url.encode(), written.body]))
    assert replaying.url_and_body(request) == (written.url, written.body)
    assert replaying.url_and_body(written) == (written.url, written.body)
    assert recording.request(written) == written
    assert recording.text("refused ann@corp.example, of Hal") == (
        f"refused {ANN}, of {PEOPLE.name('Hal')}"
    )


@pytest.mark.parametrize(
    "value",
    [
        "Sydney",
        "Australia/Sydney",
        "https://cal.sydney.example.org/sydney.com",
        "sydney@",
        "GMT+1 2027-04-05",
        "2027-04-05T09:00:00+02:00",
        "1001 2002",
    ],
)
def test_a_value_that_is_not_text_stays(value: str) -> None:
    people = People("", ["Sydney", "example", "com"])

    assert people.text(value) == value
    assert people.tree({"timeZone": value, "defaultPhoneCountry": "de"}) == {
        "timeZone": value,
        "defaultPhoneCountry": "de",
    }
    assert people.text("to ann@corp.example") == f"to {ANN}"


def test_a_phone_field_with_five_digits_is_replaced() -> None:
    fields = {"smsReminderNumber": "333 45", "phone": "IT39", "mobile": "3331234567"}

    assert PEOPLE.tree(fields) == {
        "smsReminderNumber": PEOPLE.phone("33345"),
        "phone": "IT39",
        "mobile": PEOPLE.phone("3331234567"),
    }


def test_the_account_of_a_host_is_replaced_in_links() -> None:
    link = "https://cal.example/hal/30min?x=1"
    login = PEOPLE.login("hal")
    recorded = People("", (), ["hal"]).text(link)

    assert recorded == f"https://cal.example/{login}/30min?x=1"
    assert People.in_texts("", [recorded.encode()]).text(link) == recorded


@pytest.mark.parametrize(
    ("text", "replaced"),
    [
        ("for%20Ann%20Lee%20only", "for%20{}%20only"),
        ("Joann Lee, Ann Leeward, Ann", "Joann Lee, Ann Leeward, Ann"),
        ("(Ann Lee)", "({})"),
        ("ann  LEE, and Ann Lee's", "{}, and {}'s"),
        ("?name=Ann+Lee&x", "?name={plus}&x"),
        ("Ann; Lee", "{}"),
        ("Ann (and) Lee", "Ann (and) Lee"),
        ("Ann ..... Lee", "Ann ..... Lee"),
        ("Ann Lee of ann.lee@ and Ann Lee", "{} of ann.lee@ and {}"),
        ("Ann Lee at https://ann.lee/ann-lee or Ann Lee", "{} at https://ann.lee/ann-lee or {}"),
    ],
)
def test_a_name_is_replaced_only_as_whole_words(text: str, replaced: str) -> None:
    space = "%20" if "%" in text else " "

    pseudonym = ANN_LEE.replace(" ", space)
    expected = replaced.format(pseudonym, pseudonym, plus=ANN_LEE.replace(" ", "+"))
    assert People("", ["Ann Lee"]).text(text) == expected


def test_a_name_with_accents_is_replaced_in_encoded_text() -> None:
    people = People("", ["José Núñez"])
    name = people.name("José Núñez")

    assert people.text("for José Núñez") == f"for {name}"
    assert people.text(quote("for José Núñez!")) == quote(f"for {name}!")


def test_a_word_of_two_letters_stays_even_if_its_pseudonym_is_known() -> None:
    people = People("", pseudonyms=[PEOPLE.name("Al")])

    assert people.text("Al went") == "Al went"


def test_an_empty_name_stays_empty() -> None:
    assert PEOPLE.url(f"{URL}?attendeeName=&a") == f"{URL}?attendeeName=&a"


def test_a_name_of_two_letters_is_replaced_only_in_its_field() -> None:
    people = People("", ["Al", ""])

    assert people.text("Al went to Albania") == "Al went to Albania"
    assert people.tree({"attendee": {"name": "Al"}}) == {"attendee": {"name": PEOPLE.name("Al")}}


def test_another_spelling_of_a_name_stays() -> None:
    people = People("", ["José Núñez"])
    nfd = unicodedata.normalize("NFD", "for José Núñez")

    for text in (nfd, "for Jose Nunez", "for José"):
        assert people.text(text) == text


def test_a_name_that_occurs_only_in_text_stays() -> None:
    body = b'{"attendee":{"name":"Ann Lee"},"note":"Ann Lee brings Ben Roe"}'

    redacted = RecordingRedactor((), People.in_texts("", [body])).response(Response(200, (), body))

    assert json.loads(redacted.body)["note"] == f"{ANN_LEE} brings Ben Roe"


@pytest.mark.parametrize("number", ["NaN", "1e999"])
def test_a_body_with_a_number_that_json_cannot_write_is_replaced_as_text(number: str) -> None:
    body = f'{{"x":{number},"name":"ann@corp.example"}}'.encode()

    redacted = RecordingRedactor((), PEOPLE).response(Response(200, (), body))

    assert redacted.body == f'{{"x":{number},"name":"{ANN}"}}'.encode()


def test_a_body_that_is_not_json_is_replaced_as_text() -> None:
    redactor = RecordingRedactor((), PEOPLE)

    assert redactor.response(Response(502, (), b"<p>ann@corp.example")).body == f"<p>{ANN}".encode()


PERSONAL = re.compile(r"[\w.+-]+(?:@|%40)[\w-]+(?:\.[\w-]+)+")


@pytest.mark.parametrize("name", NAMES)
def test_no_address_and_no_name_stays_in_a_recorded_response(name: str) -> None:
    response = response_of(name)
    people = People.in_texts("", [response.body])
    redacted = RecordingRedactor((), people).response(response)
    text = redacted.body.decode()

    left = set(PERSONAL.findall(re.sub(r'"(?:icsUid|iCalUID)":"[^"]*"', "", text)))
    assert {
        address for address in left if not re.search(r"person-[0-9a-f]{12}(@|%40)", address)
    } == set()
    for person in {name for name in names_in(response.body) if len(name) > 2}:
        texts = re.findall(r'"[^"]*\s[^"]*"', text)
        assert not [text for text in texts if re.search(rf"(?<!\w){re.escape(person)}(?!\w)", text)]
    assert RecordingRedactor((), people).response(redacted) == redacted


def test_a_booking_keeps_its_other_fields() -> None:
    operation = bookings.get_one("x")
    response = response_of("29-get-normal")
    people = People.in_texts("", [response.body])

    before = operation.read(response)
    after = operation.read(RecordingRedactor((), people).response(response))

    assert (after.uid, after.start, after.status, after.shape, after.ics_uid) == (
        before.uid,
        before.start,
        before.status,
        before.shape,
        before.ics_uid,
    )
    assert [attendee.email for attendee in after.attendees] == [
        PEOPLE.address(attendee.email) for attendee in before.attendees
    ]
    assert [host.name for host in after.hosts] == [PEOPLE.name(host.name) for host in before.hosts]


@given(st.text())
def test_replacing_twice_changes_nothing(text: str) -> None:
    once = PEOPLE.text(text)

    assert PEOPLE.text(once) == once


@given(st.text(alphabet="ab%&=+@.0123456789 ?/"))
def test_replacing_in_a_url_twice_changes_nothing(text: str) -> None:
    once = PEOPLE.url(text)

    assert PEOPLE.url(once) == once


@pytest.mark.parametrize(
    "name",
    [
        "Maria del Carmen de la Cruz",
        "Sydney Test (she/her)",
        "Ann & Bob Lee",
        'Ann "Al" Lee',
        "A_B c",
    ],
)
def test_a_name_of_many_words_or_with_punctuation_is_replaced(name: str) -> None:
    assert "Talk between" in People("", [name]).text(f"Talk between Hal and {name}")
    for word in re.findall(r"[^\W_]{3,}", name):
        assert word not in People("", [name]).text(f"Talk of Hal and {name}")


def test_names_in_an_error_message_stay() -> None:
    people = People("", ["Can", "Booking"])
    tree = {"error": {"message": "Booking can not be made by ann@corp.example", "x": "so can I"}}

    assert people.tree(tree) == {
        "error": {
            "message": f"Booking can not be made by {ANN}",
            "x": f"so {PEOPLE.name('Can')} I",
        }
    }
