"""Replace people by pseudonyms: the same person always gets the same one.

A pseudonym depends on the replaced text and a key alone, so a replay computes the same one anew.
To replace twice changes nothing.

It finds:

- e-mail addresses and international phone numbers (`+…`, `00…`) everywhere, percent-encoded too;
- phone numbers of at least 5 digits under keys named for them, such as `phone`;
- names under `firstName`, `attendeeName` and the like, and under `name` beside an e-mail address,
  a time zone or an account, or within an attendee, a guest, a host, a user or an organizer;
- accounts (`username`), and the same words as parts of the paths of links;
- the names of these fields in texts, as whole words, in any case, percent-encoded too.

It leaves:

- names that no such field of the cassette holds, so most names in free text;
- names of one or two letters in texts, and parts of a name, such as the first name alone;
- a text that spells a name differently: without its accents, or in Unicode NFD where the field
  has NFC;
- names in the message of an error, since its words distinguish errors;
- phone numbers without `+` or `00` in texts, and ids, dates, places and notes.

A replay holds no names; it finds a name in a text because its pseudonym stands in the recording.
"""

import hmac
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any
from urllib.parse import quote, unquote, unquote_plus, unquote_to_bytes

from attrs import evolve

from calcom_core.http import Request, Response
from calcom_core.json_text import InvalidJson, parse_json
from calcom_core.redaction import in_any_encoding
from calcom_core.secret import Hidden

# In percent-encoded text an escape before an address is not a part of it, and `@` may be `%40`.
# The pattern consumes any other word whole, since a second look at it would take quadratic time.
_ADDRESS = re.compile(
    r"(?P<escape>%(?!2[Bb])[0-9A-Fa-f]{2})"
    r"|(?P<local>(?:[\w.+\-]|%2[Bb])++)(?:(?P<at>@|%40)(?P<domain>[\w\-]++(?:\.[\w\-]++)+))?"
)
_PHONE = re.compile(
    r"(?P<plus>(?<!\w)\+|%2[Bb]|(?<![\w.:\-])00)"
    r"(?P<digits>[1-9](?:(?:[ ().\-/\u00a0\u2010-\u2013]|%20){0,3}\d){6,14})(?!\d)"
)
_OURS = re.compile(r"person-[0-9a-f]{12}(?:@example\.com)?|Person [0-9a-f]{12}|\+999\d{11}")

# Their values look like an e-mail address, and identify an event in calendars.
_NO_PERSON = frozenset({"icsUid", "iCalUID", "icalUid"})
_NAMES = frozenset(
    f"{whose}Name"
    for whose in ("first", "last", "full", "display", "attendee", "guest", "host", "organizer")
) | {"userName"}
_LOGIN = "username"
# Its words distinguish errors, and some of them are names too: Can, Booking.
_MESSAGE = "message"
_PHONE_KEY = re.compile(r"(?i)phone|mobile|sms.*number")
_FEWEST_DIGITS = 5  # of a phone number; fewer may be the code of a country
# `name` is a person's beside one of these keys, or in one of these places.
_BESIDE = frozenset({"email", "displayEmail", "phoneNumber", "timeZone", "username", "absent"})
_PLACES = frozenset(
    {"bookingFieldsResponses", "responses", "attendee", "attendees", "guest", "guests", "host"}
    | {"hosts", "user", "users", "organizer", "owner", "reassignedTo"}
)

_WORD = re.compile(r"[^\W_]+")
_BETWEEN = re.compile(r"[^\w@]{1,4}|_")
_MOST_WORDS = 8
_SHORTEST_NAME = 3  # letters of a name in a text
# A text has one of these; ids, time zones and states are single words.
_TEXT = re.compile(r"[\s%?+]")
_CHUNK = re.compile(r"\S+")
_RUN = re.compile(r"(?:[\w.~+\-]|%[0-9A-Fa-f]{2})++")
_SEGMENT = re.compile(r"(?<=/)[\w.\-]++(?=[/?#\s]|$)")


class People:
    """The people of a cassette; replaces them by pseudonyms that depend on a *key*.

    *names* are looked for in texts, *logins* in links. *marks* are pseudonyms of a recording, by
    which a replay finds their names and logins.
    """

    def __init__(
        self,
        key: str,
        names: Iterable[str] = (),
        logins: Iterable[str] = (),
        marks: Iterable[str] = (),
    ) -> None:
        self._key = Hidden(key)
        self._names = {_normal(name) for name in names if not _OURS.fullmatch(name)}
        self._logins = {login for login in logins if not _OURS.fullmatch(login)}
        self._marks = frozenset(marks)
        self._first_words = {name.partition(" ")[0] for name in self._names}

    @classmethod
    def in_bodies(cls, key: str, bodies: Iterable[bytes]) -> "People":
        """Return the people that the fields of these bodies name."""
        names: set[str] = set()
        logins: set[str] = set()
        marks: set[str] = set()
        for body in bodies:
            for is_login, name in _named_in(body):
                (logins if is_login else names).add(name)
            text = unquote_to_bytes(body.replace(b"+", b" ")).decode("utf-8", "replace")
            marks.update(_OURS.findall(text))
        return cls(key, names, logins, marks)

    def request(self, request: Request) -> Request:
        """Return a request with pseudonyms in place of people."""
        return evolve(
            request,
            url=self.url(request.url),
            headers=[(name, self.text(value)) for name, value in request.headers],
            body=in_any_encoding(request.body, self._utf8_body),
        )

    def response(self, response: Response) -> Response:
        """Return a response with pseudonyms in place of people."""
        return evolve(
            response,
            headers=[(name, self.text(value)) for name, value in response.headers],
            body=in_any_encoding(response.body, self._utf8_body),
        )

    def _utf8_body(self, body: bytes) -> bytes:
        try:
            tree = parse_json(body)
            replaced = self.tree(tree)
            if replaced == tree:  # do not read it as text, which knows no fields
                return body
            return json.dumps(replaced, allow_nan=False, separators=(",", ":")).encode()
        except (InvalidJson, RecursionError, ValueError):
            # It is no JSON, or too deep, or has a number that JSON cannot write.
            return self.text(body.decode("latin-1")).encode("latin-1")

    def text(self, text: str) -> str:
        """Return text with pseudonyms in place of people."""
        text = self._numbers(text)
        if self._logins or self._marks:
            text = _SEGMENT.sub(self._segment, text)
        if (self._names or self._marks) and _TEXT.search(text):
            text = "".join(
                _RUN.sub(self._decoded, self._words(part)) if is_words else part
                for is_words, part in _parts(text)
            )
        return text

    def _numbers(self, text: str) -> str:
        return _PHONE.sub(self._phone, _ADDRESS.sub(self._address, text))

    def url(self, url: str) -> str:
        """Return a URL with pseudonyms in its query."""
        path, mark, query = url.partition("?")
        return path + mark + "&".join(map(self._parameter, query.split("&")))

    def _parameter(self, parameter: str) -> str:
        name, _, value = parameter.partition("=")
        given = unquote_plus(value)
        if name in _NAMES and given:
            replaced = self.name(given)
        elif name == _LOGIN and given:
            replaced = self.login(given)
        else:
            replaced = self.text(given)
        return parameter if replaced == given else f"{name}={quote(replaced, safe='@,:')}"

    def tree(self, tree: Any, place: str = "") -> Any:
        """Return JSON with pseudonyms in place of people; *place* is the key that holds it."""
        match tree:
            case str():
                if place == _MESSAGE:
                    return self._numbers(tree)
                return tree if place in _NO_PERSON else self.text(tree)
            case list():
                return [self.tree(item, place) for item in tree]
            case dict():
                return {
                    self.text(key): self._field(key, value, tree, place)
                    for key, value in tree.items()
                }
        return tree

    def _field(self, key: str, value: Any, around: Mapping[str, Any], place: str) -> Any:
        if isinstance(value, str) and value:
            if key == _LOGIN:
                return self.login(value)
            if _is_name(key, around, place):
                return self.name(value)
            if _PHONE_KEY.search(key) and len(re.sub(r"\D", "", value)) >= _FEWEST_DIGITS:
                return self.phone(value)
        return self.tree(value, key)

    def address(self, address: str) -> str:
        """Return the pseudonym of an e-mail address."""
        mark = self._mark("address", address.lower())
        return self._unless_ours(address, f"person-{mark}@example.com")

    def phone(self, phone: str) -> str:
        """Return the pseudonym of a phone number; no country has the code 999."""
        digits = re.sub(r"\D", "", phone).removeprefix("00")
        number = int(self._mark("phone", digits), 16) % 10**11
        return self._unless_ours(phone, f"+999{number:011d}")

    def name(self, name: str) -> str:
        """Return the pseudonym of a name; spaces and case do not matter."""
        return self._unless_ours(name, f"Person {self._mark('name', _normal(name))}")

    def login(self, login: str) -> str:
        """Return the pseudonym of an account."""
        return self._unless_ours(login, f"person-{self._mark('login', login)}")

    def _unless_ours(self, given: str, pseudonym: str) -> str:
        return given if _OURS.fullmatch(given) else pseudonym

    def _mark(self, kind: str, value: str) -> str:
        return hmac.digest(self._key.reveal().encode(), f"{kind}:{value}".encode(), "sha256").hex()[
            :12
        ]

    def _address(self, found: "re.Match[str]") -> str:
        if not found["at"]:
            return found[0]
        replaced = self.address(f"{unquote(found['local'])}@{found['domain']}")
        return replaced.replace("@", found["at"])

    def _phone(self, found: "re.Match[str]") -> str:
        plus = found["plus"].replace("00", "+")
        return self.phone("+" + unquote(found["digits"])).replace("+", plus)

    def _segment(self, found: "re.Match[str]") -> str:
        login = self.login(found[0])
        return login if found[0] in self._logins or login in self._marks else found[0]

    def _decoded(self, found: "re.Match[str]") -> str:
        if "%" not in found[0]:
            return found[0]
        decoded = unquote(found[0])
        replaced = self._words(decoded)
        return found[0] if replaced == decoded else quote(replaced, safe="")

    def _words(self, text: str) -> str:
        """Return text with pseudonyms in place of names."""
        words = list(_WORD.finditer(text))
        kept: list[str] = []
        end = index = 0
        while index < len(words):
            name = self._name_at(text, words[index : index + _MOST_WORDS])
            if not name:
                index += 1
                continue
            begin, last = words[index].start(), words[index + len(name) - 1].end()
            replaced = self.name(" ".join(name))
            plus = "+" in text[begin:last] and " " not in text[begin:last]
            kept += [text[end:begin], replaced.replace(" ", "+") if plus else replaced]
            end = last
            index += len(name)
        return "".join(kept) + text[end:]

    def _name_at(self, text: str, words: "list[re.Match[str]]") -> list[str]:
        """Return the words of the longest known name that begins with the first word."""
        found = [words[0][0]]
        if not self._marks and _normal(found[0]) not in self._first_words:
            return []
        for before, word in pairwise(words):
            if not _BETWEEN.fullmatch(text, before.end(), word.start()):
                break
            found.append(word[0])
        while found and not self._is_known(" ".join(found)):
            found.pop()
        return found

    def _is_known(self, name: str) -> bool:
        if len(name) < _SHORTEST_NAME:
            return False
        return _normal(name) in self._names or (
            bool(self._marks) and self.name(name) in self._marks
        )


def _parts(text: str) -> Iterator[tuple[bool, str]]:
    """Yield the parts of a text; the flag says whether a part is words, or an address or link."""
    end = 0
    for chunk in _CHUNK.finditer(text):
        if "@" in chunk[0]:
            stop = chunk.end()
        elif "://" in chunk[0]:  # up to its query
            stop = chunk.start() + len(chunk[0].partition("?")[0])
        else:
            continue
        yield True, text[end : chunk.start()]
        yield False, text[chunk.start() : stop]
        end = stop
    yield True, text[end:]


def _normal(name: str) -> str:
    return " ".join(_WORD.findall(name)).casefold() or name


def _named_in(body: bytes) -> Iterator[tuple[bool, str]]:
    """Yield the names in the fields of a body; the flag says whether one is a login."""
    try:
        waiting = [("", parse_json(body))]
    except InvalidJson:
        return
    while waiting:
        place, tree = waiting.pop()
        if isinstance(tree, list):
            waiting += [(place, item) for item in tree]
        elif isinstance(tree, dict):
            for key, value in tree.items():
                if not isinstance(value, str):
                    waiting.append((key, value))
                elif key == _LOGIN or _is_name(key, tree, place):
                    yield key == _LOGIN, value


def _is_name(key: str, around: Mapping[str, Any], place: str) -> bool:
    if key == "name":
        return place in _PLACES or not _BESIDE.isdisjoint(around)
    return key in _NAMES
