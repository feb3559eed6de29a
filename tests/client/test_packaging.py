"""The installed packages: one version, typed, with the cassette of the demo."""

import ast
import re
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

import calcom_core
import calcom_transports
from calcom_core.api import USER_AGENT
from calcom_transports.__main__ import DEMO_CASSETTE

ROOT = Path(__file__).parent.parent.parent


def test_the_version_is_defined_once() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    place = settings["tool"]["hatch"]["version"]
    found = re.findall(place["pattern"], (ROOT / place["path"]).read_text(encoding="utf-8"))

    assert found == [calcom_core.__version__]
    assert calcom_transports.__version__ == calcom_core.__version__
    assert f"calcom-bookings/{calcom_core.__version__}" == USER_AGENT


def test_links_of_the_description_point_to_the_repository() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    [change] = settings["tool"]["hatch"]["metadata"]["hooks"]["fancy-pypi-readme"]["substitutions"]
    source = settings["project"]["urls"]["Source"]

    changed = re.sub(
        change["pattern"], change["replacement"], "[a](tests/README.md#x) [b](https://cal.com)"
    )

    assert changed == f"[a]({source}/blob/main/tests/README.md#x) [b](https://cal.com)"


def test_both_packages_have_py_typed_and_the_demo() -> None:
    for package in (calcom_core, calcom_transports):
        assert (Path(str(package.__file__)).parent / "py.typed").is_file()
    assert DEMO_CASSETTE.is_file()


def test_each_public_name_of_the_transports_is_importable() -> None:
    source = Path(calcom_transports.__file__).read_text(encoding="utf-8")
    imports = re.findall(r"from ([\w.]+) import \w+ as (\w+)", source)
    names = {name: module for module, name in imports}

    assert sorted(names) == sorted([*calcom_transports.__all__, "__version__"])
    for name, module in names.items():
        assert getattr(calcom_transports, name) is getattr(import_module(module), name)
    assert set(names) <= set(dir(calcom_transports))
    with pytest.raises(AttributeError, match="has no attribute 'Nobody'"):
        _ = calcom_transports.Nobody  # type: ignore[attr-defined]


def test_the_core_exports_no_module_by_accident() -> None:
    tree = ast.parse(Path(str(calcom_core.__file__)).read_text(encoding="utf-8"))
    imports = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
    names = [alias.asname for node in imports for alias in node.names if alias.asname]

    assert sorted(calcom_core.__all__) == sorted(names)
    starred: dict[str, object] = {}
    exec("from calcom_core import *", starred)
    modules = [name for name, value in starred.items() if isinstance(value, ModuleType)]
    assert sorted(modules) == ["bookings", "event_types", "me", "slots", "teams"]
    assert starred.keys() - {"__builtins__"} == set(names)


def test_the_transports_export_no_module() -> None:
    starred: dict[str, object] = {}
    exec("from calcom_transports import *", starred)

    assert starred.keys() - {"__builtins__"} == set(calcom_transports.__all__)
    assert [name for name, value in starred.items() if isinstance(value, ModuleType)] == []


def test_importing_the_transports_imports_nothing_else() -> None:
    program = (
        "import sys, calcom_transports\n"
        "print([name for name in sys.modules if name.startswith(('attr', 'cattr', 'calcom_core'))])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )

    assert done.stdout == "[]\n"
