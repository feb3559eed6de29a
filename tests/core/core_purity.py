"""Finds impure code in the source of a module; each finding is a line of text."""

import ast
from pathlib import Path

import calcom_core

CORE = Path(calcom_core.__file__).parent

ALLOWED = {
    "attrs",
    "base64",
    "cattrs",
    "collections.abc",
    "copy",
    "datetime",
    "difflib",
    "enum",
    "functools",
    "hashlib",
    "hmac",
    "itertools",
    "json",
    "math",
    "operator",
    "re",
    "types",
    "typing",
    "urllib.parse",
}

# These read a clock, the machine's zone or its locale, under any name of the class.
IMPURE = {"now", "utcnow", "today", "utcfromtimestamp", "strptime"}
# These do so unless called with a zone, the argument at this index.
ZONED = {"astimezone": 1, "fromtimestamp": 2}
BUILTINS = {
    *("open", "__import__", "__builtins__", "eval", "exec", "compile"),
    *("input", "print", "breakpoint"),
}


def sources() -> dict[str, str]:
    """Return the source of every module of the core, by path."""
    return {
        path.relative_to(CORE).as_posix(): path.read_text("utf-8") for path in CORE.rglob("*.py")
    }


def imports(path: str, source: str) -> set[str]:
    """Return the full names that a module imports, at any depth and in any form."""
    package = ["calcom_core", *path.split("/")[:-1]]
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *filter(None, [node.module])])
            inner = {f"{base}.{alias.name}" for alias in node.names}
            # A name imported from a package may be a module.
            modules = {name for name in inner if name in ALLOWED or is_module(name)}
            found |= modules if len(modules) == len(inner) else {base, *modules}
    return found


def is_module(name: str) -> bool:
    """Whether a dotted name is a module of the core."""
    first, *rest = name.split(".")
    place = CORE.joinpath(*rest)
    return first == "calcom_core" and (place.with_suffix(".py").is_file() or place.is_dir())


def findings(path: str, source: str) -> list[str]:
    """Return the impure code of a module."""
    found = [
        f"imports {name}"
        for name in imports(path, source)
        if name not in ALLOWED and name.partition(".")[0] != "calcom_core"
    ]
    nodes = [*ast.walk(ast.parse(source))]
    with_zone = {
        id(node.func)
        for node in nodes
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and len(node.args) + len(node.keywords) >= ZONED.get(node.func.attr, 0)
    }
    for node in nodes:
        if isinstance(node, ast.Attribute):
            if node.attr in IMPURE:
                found.append(node.attr)
            elif node.attr in ZONED and id(node) not in with_zone:
                found.append(f"{node.attr} without a zone")
            elif node.attr == "__class__" and isinstance(node.ctx, ast.Store):
                found.append("assigns __class__")
        elif isinstance(node, ast.Name) and node.id in BUILTINS:
            found.append(node.id)
        elif isinstance(node, ast.keyword) and node.arg == "weakref_slot":
            found.append("weakref_slot")  # for weak references
    return sorted(found)
