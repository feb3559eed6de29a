"""Credentials are redacted in every form, and nothing else is."""

import base64
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from core_recorded import NAMES, response_of
from hypothesis import given
from hypothesis import strategies as st

from calcom_core import (
    NO_RETRY,
    Api,
    CalcomError,
    Headers,
    OAuthClient,
    Request,
    Response,
    bookings,
    retrying,
    run_script,
)
from calcom_core.redaction import (
    Credential,
    Redactor,
    collect_credentials,
    contains_credentials,
    redact_response,
)

URL = "https://api.cal.com/v2/bookings"
KEYS = [
    "cal_test_0123456789abcdef",
    "s3cr3t-of-a-server.of_my/own+=",
    'with"quotes\\and%25/slashes~',
]

FORMS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "percent-encoded": lambda key: quote(key, safe=""),
    "percent-encoded whole": lambda key: "".join(f"%{ord(letter):02X}" for letter in key),
    "percent-encoded in lower case": lambda key: "".join(f"%{ord(letter):02x}" for letter in key),
    "percent-encoded twice": lambda key: quote(quote(key, safe=""), safe=""),
    "escaped by JSON": lambda key: json.dumps(key)[1:-1],
    "escaped by JSON within JSON": lambda key: json.dumps(json.dumps(key))[1:-1],
    "escaped by JSON whole": lambda key: "".join(f"\\u{ord(letter):04x}" for letter in key),
    "hexadecimal": lambda key: key.encode().hex(),
    **{
        f"{name} after {len(before)} and before {len(after)} characters": (
            lambda key, encode=encode, before=before, after=after: encode(
                f"{before}{key}{after}".encode()
            ).decode()
        )
        for name, encode in {
            "base64": base64.b64encode,
            "base64 of URLs": base64.urlsafe_b64encode,
            "base64, percent-encoded": lambda text: quote(base64.b64encode(text)).encode(),
        }.items()
        for before in ("", "x", "me:", "x" * 7)
        for after in ("", "y", "yy")
    },
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("key", KEYS)
def test_a_credential_is_redacted_in_every_form(form: str, key: str) -> None:
    written = FORMS[form](key)
    credential = Credential(key)

    redacted = Redactor([credential]).text(f"before {written} after")

    assert redacted.startswith("before ")
    assert redacted.endswith(" after")
    assert "[redacted]" in redacted
    assert contains_credentials(f"before {written} after".encode(), [credential])
    assert not contains_credentials(redacted.encode(), [credential])


def test_without_credentials_no_bytes_hold_one() -> None:
    assert not contains_credentials(b"Bearer cal_test_0123", [])


@pytest.mark.parametrize("first", [quote, lambda text: base64.b64encode(text.encode()).decode()])
def test_a_doubly_encoded_credential_is_found_though_not_redacted(first: Any) -> None:
    for key in KEYS:
        written = base64.b64encode(f"x{first(f'ab{key}')}".encode())

        assert contains_credentials(written, [Credential("another-one"), Credential(key)])


@given(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=8), st.binary())
def test_any_credential_is_redacted_in_any_bytes(key: str, rest: bytes) -> None:
    credential = Credential(key)
    body = rest + key.encode() + rest

    redacted = Redactor([credential]).response(Response(200, (), body)).body

    assert key.encode() not in redacted or key in "[redacted]"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(JSON)
def test_data_without_a_credential_is_unchanged(tree: Any) -> None:
    body = json.dumps(tree).encode()
    redactor = Redactor([Credential(KEYS[0])])

    if not any(name in body.lower() for name in (b"token", b"secret", b"bearer", b"pass")):
        assert redactor.response(Response(200, (), body)).body == body
        assert redactor.url_and_body(Request("POST", URL, (), body)) == (URL, body)


@pytest.mark.parametrize("name", NAMES)
def test_a_recorded_response_without_a_credential_is_unchanged(name: str) -> None:
    response = response_of(name)
    redacted = Redactor([Credential(KEYS[0])]).response(response)

    assert redacted.status == response.status
    assert json.loads(redacted.body or b"0") == json.loads(response.body or b"0") or (
        b"[redacted]" in redacted.body
    )
    again = Redactor([Credential(KEYS[0])]).response(redacted)
    assert again == redacted


def test_every_part_of_an_exchange_is_redacted() -> None:
    key = KEYS[0]
    redactor = Redactor([Credential(key)])
    request = Request(
        "POST",
        f"{URL}/{key}?note={quote(key)}&api=cal_live_0123456789",
        [("Authorization", f"Bearer {key}"), ("X-Note", f"of {key}"), ("Cookie", "a=b")],
        json.dumps({"note": f"{key}!", key: [key, 5, None], "password": "hunter2"}).encode(),
    )
    response = Response(
        403,
        [("Set-Cookie", "session=1"), ("X-Request-Id", "r1"), ("X-Cal-Secret-Key", "s")],
        json.dumps({"message": f"no client found for access token={key}", "token": ""}).encode(),
    )

    assert redactor.request(request) == Request(
        "POST",
        f"{URL}/[redacted]?note=[redacted]&api=[redacted]",
        [
            ("Authorization", "[redacted]"),
            ("X-Note", "of [redacted]"),
            ("Cookie", "[redacted]"),
        ],
        b'{"note":"[redacted]!","[redacted]":["[redacted]",5,null],"password":"[redacted]"}',
    )
    assert redactor.response(response) == Response(
        403,
        [
            ("Set-Cookie", "[redacted]"),
            ("X-Request-Id", "r1"),
            ("X-Cal-Secret-Key", "[redacted]"),
        ],
        b'{"message":"no client found for access token=[redacted]","token":""}',
    )
    assert redactor.text(f"refused {key}") == "refused [redacted]"


def test_the_host_of_a_url_is_kept() -> None:
    redactor = Redactor([Credential("api.cal.com")])

    assert redactor.url_and_body(Request("GET", f"{URL}?a=api.cal.com"))[0] == f"{URL}?a=[redacted]"


def test_a_body_that_is_not_json_is_redacted_too() -> None:
    key = KEYS[0]
    redactor = Redactor([Credential(key)])

    for body, wanted in [
        (f"<html>{key}é".encode("latin-1"), "<html>[redacted]é".encode("latin-1")),
        (b"\xff" + key.encode(), b"\xff[redacted]"),
        (b'{"a":"' + key.encode() + b'","a":1}', b'{"a":"[redacted]","a":1}'),
        (b'{"a":"' + key.encode() + b'","b":1e999}', b'{"a":"[redacted]","b":1e999}'),
        (b"[" * 900 + b'"' + key.encode() + b'"' + b"]" * 900, None),
        (b"[" * 90_000 + key.encode(), b"[" * 90_000 + b"[redacted]"),
    ]:
        redacted = redactor.response(Response(200, (), body)).body
        assert key.encode() not in redacted
        assert wanted is None or redacted == wanted


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ([("authorization", "Bearer  abc")], {"abc"}),
        ([("Authorization", "abc")], {"abc"}),
        ([("Proxy-Authorization", "Basic dTpw")], {"dTpw"}),
        ([("X-Cal-Secret-Key", " s ")], {"s"}),
        ([("X-Access-Token", "a"), ("x-auth-token", "b"), ("X-API-Key", "c")], {"a", "b", "c"}),
        ([("Cookie", "a=1; session=0123456789abcdef; b")], {"0123456789abcdef"}),
        ([("Cookie", "zone=America/Argentina/Ushuaia; id=abcdefghijk1234")], set()),
        ([("Authorization", "[redacted]"), ("Authorization", "")], set()),
        ([("X-Cal-Client-Id", "client"), ("Accept", "application/json")], set()),
        ([("CF-Access-Client-Id", "a.access"), ("CF-Access-Client-Secret", "b")], {"b"}),
        ([("X-Serverless-Authorization", "bearer a"), ("X-Proxy-Token", "Bearer  b")], {"a", "b"}),
        ([("X-Goog-Api-Key", "Bearer"), ("X-Signature", "a b")], {"Bearer", "a b"}),
        ([("X-Cookie", "zone=UTC; id=0123456789abcdef")], {"0123456789abcdef"}),
    ],
)
def test_credentials_are_recognized_by_their_headers(headers: Any, found: Any) -> None:
    shown = {Credential(text) for text in found}

    assert collect_credentials(Request("GET", URL, headers)) == shown


@pytest.mark.parametrize(
    "text",
    [
        "medical_history_2027",
        "physical_address1",
        '{"cal_source_id": 1, "cal_source_name": 2}',
        "the bearer Ann comes",
        "https://zoom.us/j/123?take=1",
        "design=1",
        "?page=2&cursor=eyJ2IjoxfQ&sortKey=start",
        '{"nextCursor":"eyJ2IjoxfQ","tokens":"2","secretary":"Ann","keyId":"k1"}',
        '{"token":"","secret":null,"password":5,"pwd":["a"]}',
        '{"note":"{\\"secret\\":\\"\\",\\"tokenType\\":\\"a\\"}"}',
        "the password: see below",
        "an invalid token: expired",
        "Authorization: none",
        "the basic plan, Basic 30min",
        "https://cal.com/user:pass/a@b",
        "mail user:pass@example.com or https://user@example.com:8080/",
        "at https://a.example:8080/x to https://b.example/y@z",
    ],
)
def test_text_similar_to_a_token_is_kept(text: str) -> None:
    assert Redactor(()).text(text) == text


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("cal_live_abcd", "[redacted]"),
        ("key cal_0123456789abcdef.", "key [redacted]."),
        ("Bearer abc1 is", "Bearer [redacted] is"),
        ("?token=abc&take=1", "?token=[redacted]&take=1"),
        ("https://zoom.us/j/1?pwd=aBcDeF&x=1", "https://zoom.us/j/1?pwd=[redacted]&x=1"),
        ("?password=hunter2", "?password=[redacted]"),
        ("?passwd=hunter2", "?passwd=[redacted]"),
        ("&apiKey=k&api_key=k", "&apiKey=[redacted]&api_key=[redacted]"),
        ("?client_secret=abc", "?client_secret=[redacted]"),
        ("a=b?X-Amz-Credential=abc", "a=b?X-Amz-Credential=[redacted]"),
        ("?x-amz-signature=abc=", "?x-amz-signature=[redacted]"),
        ("?SIG=abc", "?SIG=[redacted]"),
        ("refresh_token=a&x=1", "refresh_token=[redacted]&x=1"),
        ("got id_token=a.b, sorry", "got id_token=[redacted], sorry"),
        ("client_secret=a/b+c&x=1", "client_secret=[redacted]&x=1"),
        ("password=hunter2;", "password=[redacted];"),
        ("refresh token: a", "refresh token: [redacted]"),
        ("the id-token = a", "the id-token = [redacted]"),
        ('clientSecret: "a", x', 'clientSecret: "[redacted]", x'),
        ("X-Api-Key: a\nX-Auth-Token: b", "X-Api-Key: [redacted]\nX-Auth-Token: [redacted]"),
        ("x-cal-secret-key: abc", "x-cal-secret-key: [redacted]"),
        ("Authorization: Basic dTpw.", "Authorization: Basic [redacted]"),
        ("proxy-authorization=basic dTpw", "proxy-authorization=basic [redacted]"),
        ('-H "Authorization: Bearer abc" x', '-H "Authorization: Bearer [redacted]" x'),
        ("https://ann:p%40ss:1@h.test/x", "https://[redacted]@h.test/x"),
        ("redis://:pass@h,", "redis://[redacted]@h,"),
        (r"https:\/\/ann:pass@h.test\/x", r"https:\/\/[redacted]@h.test\/x"),
        ('{"pwd" : "a\\"b c\\\\","x":1}', '{"pwd" : "[redacted]","x":1}'),
        ('{"secretKey":"{a}","x":1}', '{"secretKey":"[redacted]","x":1}'),
        ('{"x-cal-secret-key":"a"}', '{"x-cal-secret-key":"[redacted]"}'),
        (
            '{"client_secret":"a","idToken":"b"}',
            '{"client_secret":"[redacted]","idToken":"[redacted]"}',
        ),
        (
            '{"refreshToken":"a","apiKey":"b"}',
            '{"refreshToken":"[redacted]","apiKey":"[redacted]"}',
        ),
        ('{"Authorization":"Basic dTpw"}', '{"Authorization":"[redacted]"}'),
        ('{"set-cookie":"a=b; c=d"}', '{"set-cookie":"[redacted]"}'),
        ('{"token":"cut off', '{"token":"[redacted]'),
    ],
)
def test_a_token_is_redacted_and_nothing_beside_it(text: str, redacted: str) -> None:
    assert Redactor(()).text(text) == redacted
    assert Redactor(()).text(redacted) == redacted


SECRETS = ["abc", 'with "quotes" and \\ \\\\', '"', "\\", "\n\t\u00e9\u20ac\U0001f600", "{[,:]}"]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("name", ["clientSecret", "pwd", "x-cal-secret-key", "refresh_token"])
@pytest.mark.parametrize("ascii", [True, False])
def test_a_secret_in_json_within_json_is_redacted_whole(
    ascii: bool, name: str, secret: str
) -> None:
    tree: Any = {"a": 'b"\\', name: secret, "c": [secret]}
    redacted: Any = {**tree, name: "[redacted]"}

    for _ in range(4):
        text = json.dumps(tree, ensure_ascii=ascii)
        assert json.loads(Redactor(()).text(text)) == redacted
        assert json.loads(Redactor(()).text(json.dumps(json.loads(text)))) == redacted
        tree = {"said": text}
        redacted = {"said": json.dumps(redacted, ensure_ascii=ascii)}


@pytest.mark.parametrize(
    "name", ["X-Access-Token", "x-auth-token", "X-API-KEY", "X-Client-Secret", "X-Csrf-Token"]
)
def test_a_header_with_a_secret_name_is_redacted(name: str) -> None:
    headers = Redactor(()).headers(
        Headers([(name, "a"), ("X-Tokens", "b"), ("Idempotency-Key", "c")])
    )

    assert headers.pairs == ((name, "[redacted]"), ("X-Tokens", "b"), ("Idempotency-Key", "c"))


def test_a_user_and_a_password_are_redacted_in_the_url_of_a_request() -> None:
    request = Request("GET", "https://ann:p@ss@api.cal.com:8443/v2?a=1@2")
    redacted = Request("GET", "https://api.cal.com:8443/v2?a=1@2")

    assert Redactor(()).request(request) == redacted
    assert Redactor(()).request(redacted) == redacted


UNICODE = ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"]


@pytest.mark.parametrize("encoding", UNICODE)
def test_a_body_in_another_encoding_is_redacted_and_becomes_utf_8(encoding: str) -> None:
    key = KEYS[0]
    text = json.dumps({"said": f"é€ {key}", "secret": "a", "b": "token=abc"}, ensure_ascii=False)
    redacted = {"said": "é€ [redacted]", "secret": "[redacted]", "b": "token=[redacted]"}

    found = Redactor([Credential(key)]).response(Response(200, (), text.encode(encoding))).body

    assert json.loads(found.decode()) == redacted
    assert Redactor([Credential(key)]).response(Response(200, (), found)).body == found


@pytest.mark.parametrize("encoding", UNICODE)
@pytest.mark.parametrize("text", ['{"a": "é€"}', "<html>é€"])
def test_a_body_without_a_credential_is_unchanged_in_any_encoding(text: str, encoding: str) -> None:
    body = text.encode(encoding)

    assert Redactor([Credential(KEYS[0])]).response(Response(200, (), body)).body == body


@pytest.mark.parametrize("before", [b"a\0", b"\0a", b"a\0\0\0", b"\xff\xfe", b"\0\0\xfe\xff"])
def test_a_misleading_byte_order_mark_hides_no_credential(before: bytes) -> None:
    redactor = Redactor([Credential(KEYS[0])])

    for body in (before + KEYS[0].encode(), before + KEYS[0].encode() + b"x"):
        assert KEYS[0].encode() not in redactor.response(Response(200, (), body)).body


@pytest.mark.parametrize("encoding", UNICODE)
def test_a_remaining_credential_is_found_in_any_encoding(encoding: str) -> None:
    written = base64.b64encode(f"x{KEYS[0]}".encode(encoding))

    assert contains_credentials(written, [Credential(KEYS[0])])
    assert not contains_credentials(written, [Credential("another-one")])


@pytest.mark.parametrize("encoding", ["utf-8", *UNICODE])
def test_an_error_keeps_no_token_of_a_body_in_any_encoding(encoding: str) -> None:
    body = '{"message": "no client for access token=abc1"}'.encode(encoding)

    response = redact_response(Response(403, (), body))

    assert json.loads(response.body.decode()) == {
        "message": "no client for access token=[redacted]"
    }


PIECES = [
    *(b'"token":"', b"token=", b"access token ", b"Authorization: ", b"authorization: basic "),
    *(
        b"bearer a ",
        b"https://",
        b"https://a:",
        b'token\\\\\\"',
        b'"pwd":"\\\\\\',
        b"\\",
        b"token ",
    ),
    *(b'secret\\":\\"', b'"secret":"\\\\\\"', b":\\/\\/a:b", b"client.secret"),
]


@pytest.mark.exhaustive(sample=4)
@pytest.mark.parametrize("piece", PIECES)
def test_half_a_million_partial_credentials_are_redacted_quickly(piece: bytes) -> None:
    body = piece * (500_000 // len(piece)) + b" cal_test_0123"

    redacted = Redactor(()).response(Response(200, (), body)).body

    assert b"0123" not in redacted


@pytest.mark.parametrize("form", ["plain", "base64 after 3 and before 2 characters", "hexadecimal"])
@pytest.mark.parametrize("status", [200, 403, 502])
def test_an_error_of_a_response_that_repeats_the_credential_lacks_it(
    form: str, status: int
) -> None:
    key = KEYS[1]
    api, op = Api(OAuthClient("client", key)), bookings.get_one("uid")
    body = json.dumps({"error": {"code": "X", "message": f"of {FORMS[form](key)}!"}}).encode()
    program = retrying(api, op, NO_RETRY)

    with pytest.raises(CalcomError) as caught:
        run_script(program, [(op, Response(status, {"X-Echo": key}, body))])

    shown = f"{caught.value} {caught.value!r} {vars(caught.value)}"
    response = caught.value.response  # type: ignore[attr-defined]
    assert not contains_credentials(shown.encode() + response.body, [Credential(key)])
    assert response.headers.get("x-echo") == "[redacted]"
    assert b"[redacted]" in response.body
