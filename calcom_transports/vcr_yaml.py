"""Reads the YAML of a VCR.py cassette as plain data, and refuses everything else.

A cassette may come from a stranger. YAML can name Python functions to call, and a few lines with
aliases and merge keys can expand beyond any memory. So this loader knows a fixed list of tags,
calls no function of a file, and does not merge.
"""

import re
from typing import Any


class InvalidFile(Exception):
    """Describes the problem of a file, and the way out if there is one; never its content."""


def load_yaml(content: bytes) -> Any:
    """Return the plain data of a YAML file; raises `InvalidFile`."""
    try:
        import yaml
    except ImportError:
        raise InvalidFile(
            "it is YAML, which needs PyYAML: pip install 'calcom-bookings[yaml]'"
        ) from None

    class Loader(yaml.SafeLoader):  # the loader in C overflows its stack, this one raises
        # Replaces the inherited constructors, so only the tags below are known.
        yaml_constructors = {None: yaml.SafeLoader.construct_undefined}  # noqa: RUF012

        def flatten_mapping(self, node: yaml.MappingNode) -> None:
            """Do not merge: `<<` can double a mapping on each line. It stays, and is refused."""

    def text(loader: Loader, node: Any) -> Any:
        return loader.construct_scalar(node)

    def number(loader: Loader, node: Any) -> Any:
        # YAML also has sexagesimal numbers; a megabyte of one takes hours to convert.
        digits = loader.construct_scalar(node)
        return int(digits) if re.fullmatch("[0-9]{1,9}", digits) else digits

    def bytes_io(loader: Loader, node: Any) -> Any:
        state = loader.construct_mapping(node, deep=True)["state"]
        return state[0]

    def iterator(loader: Loader, node: Any) -> Any:
        arguments = loader.construct_mapping(node, deep=True)["args"]
        return arguments[0]

    constructors: dict[str, Any] = {
        **dict.fromkeys(("str", "bool", "float", "timestamp"), text),
        "int": number,
        "null": Loader.construct_yaml_null,
        "binary": Loader.construct_yaml_binary,
        "seq": Loader.construct_yaml_seq,
        "map": Loader.construct_yaml_map,
        # Old versions of VCR.py wrote these tags; each gives plain data, and calls nothing.
        "python/str": text,
        "python/unicode": text,
        "python/tuple": Loader.construct_yaml_seq,
        "python/object/new:_io.BytesIO": bytes_io,
        "python/object/apply:builtins.iter": iterator,
    }
    for tag, constructor in constructors.items():
        Loader.add_constructor(f"tag:yaml.org,2002:{tag}", constructor)
    try:
        return yaml.load(content, Loader)  # noqa: S506 - a SafeLoader with fewer tags
    except yaml.constructor.ConstructorError as error:
        raise InvalidFile(
            f"it holds a tag or a key that is not plain data{_line(error)}; remove it"
        ) from None
    except RecursionError:
        raise InvalidFile("it is YAML that is nested too deeply; restore it") from None
    # PyYAML also raises errors that are not its own.
    except (yaml.YAMLError, ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise InvalidFile(f"it is not YAML{_line(error)}; restore it") from None


def _line(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    return f" (line {mark.line + 1})" if mark else ""
