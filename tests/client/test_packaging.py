"""What is installed: the same version everywhere, typed, and with the walk's cassette."""

import tomllib
from pathlib import Path

import calcom_core
import calcom_transports
from calcom_core.api import USER_AGENT
from calcom_transports.__main__ import WALK

ROOT = Path(__file__).parent.parent.parent


def test_the_version_is_that_of_the_distribution() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    assert calcom_core.__version__ == project["version"]
    assert f"calcom-bookings/{project['version']}" == USER_AGENT


def test_both_packages_say_that_they_are_typed_and_bring_the_walk() -> None:
    for package in (calcom_core, calcom_transports):
        assert (Path(str(package.__file__)).parent / "py.typed").is_file()
    assert WALK.is_file()
