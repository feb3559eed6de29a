"""No private name of a dependency is used, no source is generated, and no class is exchanged."""

import ast
import importlib
import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from queue import LifoQueue

import pytest
from attrs import define, field

ROOT = Path(__file__).parents[2]
PACKAGES = ("calcom_core", "calcom_transports")
LIBRARIES = ("urllib3", "h11", "trio", "attrs", "attr", "cattrs", "truststore")
_IN_TEXT = re.compile(rf"\b({'|'.join(LIBRARIES)})(\.\w+)*\._[a-zA-Z]\w*")
_NAMED_TUPLE = {"_asdict", "_fields", "_replace"}  # public in spite of their names


@define
class Scan:
    """What a module does that it must not do, and the private names that it uses and defines."""

    broken: list[str] = field(factory=list)
    used: list[str] = field(factory=list)
    own: set[str] = field(factory=set)

    def problems(self, own: set[str]) -> list[str]:
        """Return what breaks a rule; *own* are the private names of the project."""
        return self.broken + [f".{name}" for name in self.used if name not in own | _NAMED_TUPLE]


def scan(tree: ast.AST) -> Scan:
    found = Scan()
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                found.own.add(name)
            case ast.ClassDef(name=name) | ast.Name(id=name, ctx=ast.Store()):
                found.own.add(name)
            case ast.Call(func=ast.Name(id="exec" | "compile" | "eval" as name)):
                found.broken.append(f"{name}()")
            case ast.Attribute(attr="__class__", ctx=ast.Store()):
                found.broken.append("__class__ =")
            case ast.Attribute(value=ast.Name(id="self"), attr=name, ctx=ast.Store()):
                found.own.add(name)
            case ast.Attribute(value=ast.Name(id=module)) if module in sys.stdlib_module_names:
                pass
            case ast.Attribute(attr=name) if name.startswith("_") and not name.startswith("__"):
                found.used.append(name)
            case ast.Import(names=names):
                found.broken += [each.name for each in names if _IN_TEXT.search(each.name)]
            case ast.ImportFrom(module=str(module), names=names):
                whole = [f"{module}.{each.name}" for each in names]
                found.broken += [name for name in whole if _IN_TEXT.search(name)]
            case ast.Constant(value=str(text)) if _IN_TEXT.match(text):
                found.broken.append(text)
    return found


def parsed() -> Iterator[tuple[Path, ast.AST]]:
    """Yield the modules of the packages, and those of the tests that use one of the libraries."""
    imports = re.compile(rf"^(import|from) ({'|'.join(LIBRARIES)})\b", re.MULTILINE)
    for folder in (*PACKAGES, "tests", "benchmarks"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            text = path.read_text()
            whole = folder in PACKAGES or path.parent.name == "transports"
            whole = whole or not path.name.startswith("test_")  # which tests import
            if path != Path(__file__) and (whole or imports.search(text)):
                yield path.relative_to(ROOT), ast.parse(text)


def test_the_house_rules_hold() -> None:
    scans = {path: scan(tree) for path, tree in parsed()}
    own = set().union(*(each.own for each in scans.values()))
    found = [
        f"{path}: {problem}"
        for path, each in scans.items()
        for problem in each.problems(own)
        # The tests run programs that they are given, such as the examples of README.
        if path.parts[0] in PACKAGES or problem not in ("exec()", "compile()")
    ]
    assert found == []


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("pool._get_conn()", "._get_conn"),
        ("self.pool._put_conn(None)", "._put_conn"),
        ("self._new_conn()", "._new_conn"),
        ("x = type(y)._cache", "._cache"),
        ("from urllib3.connection import _TYPE_BODY", "urllib3.connection._TYPE_BODY"),
        ("import trio._core", "trio._core"),
        ("patch.setattr('trio._highlevel_open_tcp_stream.DELAY', 1)", None),
        ("patch.setattr('h11._connection', 1)", "h11._connection"),
        ("exec('1')", "exec()"),
        ("compile('1', '', 'exec')", "compile()"),
        ("model.__class__ = Other", "__class__ ="),
        ("re.compile('1'); self._mine; sys._getframe(); x.__dict__; type(x).__class__", ""),
    ],
)
def test_what_breaks_a_rule_is_found(source: str, problem: str | None) -> None:
    found = scan(ast.parse(source)).problems({"_mine"})
    if problem is None:
        assert found == ["trio._highlevel_open_tcp_stream.DELAY"]
    else:
        assert found == ([problem] if problem else [])


def private_names(tree: ast.AST, library: set[str]) -> set[str]:
    """Return the private names of *library* that a test uses, besides names of its own."""
    found, mine = set(), scan(tree).own
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr="setattr"), args=[_, ast.Constant(name), _]):
                found.add(name)
            case ast.Attribute(attr=name):
                found.add(name)
            case ast.ImportFrom(module=str(module), names=names) if module.startswith("calcom"):
                found |= {each.name for each in names}
    return {name for name in found & library - mine if name.startswith("_") and name[1:2] != "_"}


@pytest.mark.exhaustive
def test_no_test_uses_a_private_name_of_the_library() -> None:
    def trees(folder: str) -> Iterator[tuple[Path, ast.AST]]:
        return ((path, ast.parse(path.read_text())) for path in (ROOT / folder).rglob("*.py"))

    own = [scan(tree).own for folder in PACKAGES for _, tree in trees(folder)]
    library = set().union(*own) - {"_"}
    assert private_names(ast.parse("from calcom_core.api import _x"), {"_x"}) == {"_x"}
    assert private_names(ast.parse("patch.setattr(api, '_x', 1)"), {"_x"}) == {"_x"}
    assert private_names(ast.parse("self._x = other._x"), {"_x"}) == set()
    found = {
        path.relative_to(ROOT / "tests").as_posix(): private_names(tree, library)
        for path, tree in trees("tests")
    }
    assert {name: names for name, names in found.items() if names} == {}


class Overriding(LifoQueue[object]):
    def _put(self, item: object) -> None: ...


def overridden(kind: type) -> set[str]:
    """Return the private names of a class that its bases of other packages use, too."""
    foreign = [base for base in kind.__mro__[1:-1] if not base.__module__.startswith("calcom")]
    inherited = {
        name
        for base in foreign
        if (source := source_of(base))
        for name in re.findall(r"(?:self\.|def )(_[a-z]\w*)", source)
    }
    return {name for name in re.findall(r"\b_[a-z]\w*", source_of(kind)) if name in inherited}


def source_of(kind: type) -> str:
    try:
        return inspect.getsource(kind)
    except (OSError, TypeError):  # it is written in C
        return ""


def test_no_class_overrides_a_private_name_of_its_base() -> None:
    assert overridden(Overriding) == {"_put"}
    names = (
        "urllib3",
        "urllib3_connection",
        "async_connection",
        "async_transport",
        "trio",
        "asyncio",
    )
    for name in names:
        module = importlib.import_module(f"calcom_transports.{name}")
        for kind in vars(module).values():
            if inspect.isclass(kind) and kind.__module__ == module.__name__:
                assert overridden(kind) == set(), kind
