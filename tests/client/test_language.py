"""Names, docstrings, comments and messages use the field's words for requests and responses."""

import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("calcom_core", "calcom_transports", "benchmarks")
PAGES = sorted({*ROOT.glob("*.md"), *ROOT.glob("*/README.md"), *ROOT.glob(".github/*.md")})
WORDS = {
    r"answer(s|ed|ing)?": "response, respond",
    r"ask(s|ed|ing)?": "request, send, retry",
    r"carr(y|ies|ied|ying) out": "run",
    r"repeatable": "idempotent",
    r"walk(s|ed|ing|er)?": "iterate, paginate",
    r"who(m)?ever": "the noun",
    r"(is|are|be) none(?! of)": "invalid, not a …",
    r"mend(s|ed|ing)?": "fix",
    r"lets? go( of)?": "release, discard",
    r"by (urllib3|trio|asyncio)": "over, with",
}
_PATTERN = re.compile("|".join(rf"\b{word}\b" for word in WORDS), re.IGNORECASE)
# Since Python 3.12 an f-string has tokens of its own.
_TEXTS = {tokenize.STRING, tokenize.COMMENT, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}
_PARTS = re.compile(r"_|(?<=[a-z])(?=[A-Z])")
# `NoAnswer` is established, and None is a value.
_ALLOWED = re.compile(r"NoAnswer|no_answer|(is|are|be)(_none| None)")


def words_of(source: str) -> Iterator[str]:
    """Yield the names of a module, split into their words, its comments and its strings."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.NAME:
            yield " ".join(_PARTS.split(_ALLOWED.sub("", token.string)))
        elif token.type in _TEXTS:
            yield _ALLOWED.sub("", token.string)


def avoidable(texts: Iterator[str]) -> list[str]:
    return [match[0] for text in texts for match in _PATTERN.finditer(text)]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("def ask_again(): ...", ["ask"]),
        ("class LastAnswer: ...", ["Answer"]),
        ('"""Carry out a program."""', ["Carry out"]),
        ("x = 1  # whoever waits", ["whoever"]),
        ("f'a cassette that is none'", ["is none"]),
        ("raise NoAnswer", []),
        ("mask, task = 1, 2  # it is None; a masked task", []),
    ],
)
def test_the_check_finds_the_words(source: str, found: list[str]) -> None:
    assert avoidable(words_of(source)) == found


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(path, id=str(path.relative_to(ROOT)))
        for folder in FOLDERS
        for path in sorted((ROOT / folder).rglob("*.py"))
    ],
)
def test_a_module_uses_the_words_of_the_field(path: Path) -> None:
    assert avoidable(words_of(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_uses_the_words_of_the_field(page: Path) -> None:
    prose = re.sub(r"`[^`\n]*`", "", page.read_text(encoding="utf-8"))
    assert avoidable(iter([_ALLOWED.sub("", prose)])) == []


def test_the_names_of_tests_use_the_words_of_the_field() -> None:
    names = (
        _ALLOWED.sub("", name).replace("_", " ")
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        for name in re.findall(r"^(?:async )?def (test_\w+)", path.read_text("utf-8"), re.MULTILINE)
    )
    assert avoidable(names) == []
