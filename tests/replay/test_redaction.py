"""The settings of a recording, and the order in which it redacts credentials and people."""

from typing import Any

import pytest
from attrs import asdict, evolve

from calcom_core import InvalidInput, Request, Response, Secret
from calcom_core.redaction import Credential
from calcom_transports import Redaction
from calcom_transports.pseudonyms import People
from calcom_transports.redaction import RecordingRedactor

PEOPLE = People("")


def test_a_redaction_may_have_further_secrets() -> None:
    redaction = Redaction(secrets=["webhook-secret", Secret("another-secret")])

    assert redaction == Redaction(secrets=(Secret("another-secret"), "webhook-secret"))
    assert Redaction(secrets="webhook-secret") == Redaction(secrets=["webhook-secret"])
    assert repr(redaction) == "Redaction(personal=False)"


def test_no_field_of_a_redaction_holds_a_credential_in_clear() -> None:
    redaction = Redaction(key="hush", secrets=["webhook-secret"])
    assert repr(asdict(redaction)) == (
        "{'personal': False, '_key': Hidden(…), 'secrets': frozenset({Credential(…)})}"
    )
    assert redaction.key == "hush"
    assert Redaction(key=Secret("hush"), secrets=["webhook-secret"]) == redaction
    assert evolve(Redaction(key="hush"), personal=True) == Redaction(personal=True, key="hush")


@pytest.mark.parametrize(
    "secrets", [["short"], ["with a space"], [""], [5], "short", 5, None, b"a bytestring", object()]
)
def test_an_invalid_secret_is_refused(secrets: Any) -> None:
    with pytest.raises(InvalidInput, match=r"^secrets: "):
        Redaction(secrets=secrets)


def test_a_key_that_is_not_unicode_text_is_refused() -> None:
    with pytest.raises(InvalidInput, match="key: must be a string, not int"):
        Redaction(personal=True, key=5)  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match="key: holds a lone surrogate"):
        Redaction(personal=True, key="k\ud800")


@pytest.mark.parametrize("personal", ["no", 1, None])
def test_personal_must_be_a_boolean(personal: Any) -> None:
    with pytest.raises(InvalidInput, match="personal: must be a boolean, not "):
        Redaction(personal=personal)


@pytest.mark.parametrize(
    ("redaction", "mark"),
    [
        (Redaction(), "kept"),
        (Redaction(personal=True), "replaced"),
        (Redaction(personal=True, key="k"), "keyed"),
        (Redaction(key="k"), "kept"),
    ],
)
def test_a_redaction_tells_how_the_file_marks_personal_data(
    redaction: Redaction, mark: str
) -> None:
    assert redaction.personal_data == mark


def test_a_credential_that_holds_an_address_is_redacted_as_a_whole() -> None:
    redactor = RecordingRedactor([Credential("ann@corp.example/rest-of-it")], PEOPLE)
    given = b'{"note": "ann@corp.example/rest-of-it for ben@corp.example"}'
    ben = PEOPLE.address("ben@corp.example")

    body = f'{{"note":"[redacted] for {ben}"}}'.encode()
    assert redactor.response(Response(200, (), given)).body == body
    assert redactor.request(Request("POST", "https://api.test/", (), given)).body == body
    assert redactor.text("no ann@corp.example/rest-of-it") == "no [redacted]"


def test_a_credential_that_only_a_rewritten_body_shows_is_redacted() -> None:
    redactor = RecordingRedactor((), PEOPLE)
    given = b'{"note": "\\u0062earer abc123", "email": "ann@corp.example"}'
    ann = PEOPLE.address("ann@corp.example")

    assert redactor.response(Response(200, (), given)).body == (
        f'{{"note":"bearer [redacted]","email":"{ann}"}}'.encode()
    )
