"""The responses of the server other than success, each with its status and body.

`REFUSALS` is the table `refusals.tsv`: status, code and text of each, with the recording that they
were taken from, and a test holds the two together.
No wording is invented: a case without a recording raises `NotRecorded`, which becomes a response
501 that names the recording the fake would need.
"""

import re
from collections.abc import Mapping
from importlib.resources import files
from typing import Any, NoReturn

from attrs import frozen

_TEXT_ALONE = frozenset({"ThrottlerException", "TokenExpiredException"})
"""The exceptions of the server whose details are the text alone."""


class Failed(Exception):
    """A response other than success: *error* in the envelope of the API, or as the *bare* body."""

    def __init__(self, status: int, error: dict[str, Any], bare: bool = False) -> None:
        super().__init__(status, error)
        self.status, self.error, self.bare = status, error, bare

    def body(self, timestamp: str, path: str) -> dict[str, Any]:
        """Return the JSON of the response."""
        if self.bare:
            return self.error
        return {"status": "error", "timestamp": timestamp, "path": path, "error": self.error}


@frozen
class Refusal:
    """A row of the table; *text* has placeholders for values of the request.

    Without a *code* the body is the bare one of the framework: `{"statusCode": …, "message": …}`.
    The *recording* is `examples.json` where an example of the API stands in for one, and `quoted`
    where others have quoted the text from the hosted service.
    """

    status: int
    code: str
    text: str
    recording: str

    def failure(self, text: str) -> Failed:
        """Return the response with its text filled in."""
        if not self.code:
            return Failed(self.status, {"statusCode": self.status, "message": text}, bare=True)
        error: dict[str, Any] = {"code": self.code, "message": text}
        if self.code in _TEXT_ALONE:
            error["details"] = text
        elif self.code.endswith("Exception"):
            phrase = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", self.code.removesuffix("Exception"))
            error["details"] = {"message": text, "error": phrase, "statusCode": self.status}
        return Failed(self.status, error)


def _table() -> dict[str, Refusal]:
    table = files("calcom_transports.fake") / "refusals.tsv"
    _, *rows = (line.split("\t") for line in table.read_text("utf-8").splitlines())
    return {name: Refusal(int(status), *rest) for name, status, *rest in rows}


REFUSALS: Mapping[str, Refusal] = _table()
"""Every refusal by its name here."""


def refuse(name: str, **values: object) -> NoReturn:
    """Refuse the request by the row *name*, with the *values* for its text."""
    refusal = REFUSALS[name]
    raise refusal.failure(refusal.text.format_map(values))


class RefusedByForm(Failed):
    """The server refuses the form of an input, with a list of errors."""

    def __init__(self, *errors: dict[str, Any]) -> None:
        message, details = "Bad Request Exception", {"errors": list(errors)}
        error = {"code": "BadRequestException", "message": message, "details": details}
        super().__init__(400, error)


class NotRecorded(Failed):
    """No recording shows the response of the server here."""

    def __init__(self, what: str) -> None:
        text = (
            f"not recorded, so the fake cannot respond: {what}; nothing was changed; "
            "use fake.fail(…) or Replay.of for this case"
        )
        super().__init__(501, {"code": "NotRecorded", "message": text})
