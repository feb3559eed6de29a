"""Blocks files, sockets, clocks and chance in the core."""

import builtins
import inspect
import io
import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

OUTSIDE: list[tuple[Any, str]] = [
    (builtins, "open __import__"),
    (io, "open open_code"),
    (os, "open stat lstat listdir scandir mkdir remove rename rmdir symlink truncate utime chdir"),
    (os, "chmod getenv putenv unsetenv system fork posix_spawn execv execve urandom"),
    (random, "random randint randrange choice uniform getrandbits"),
    (socket, "create_connection getaddrinfo gethostbyname gethostname socketpair"),
    (socket.socket, "__init__"),
    (subprocess.Popen, "__init__"),
    (time, "time time_ns monotonic monotonic_ns perf_counter perf_counter_ns sleep"),
]


def _refuse_the_core(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
    def called(*args: Any, **options: Any) -> Any:
        # Generated code imports loaded modules, which reads no file.
        if name != "__import__" or args[0] not in sys.modules:
            frame = inspect.currentframe()
            while frame is not None:
                module = frame.f_globals.get("__name__", "")
                if module.startswith("coverage."):
                    break  # coverage reads each file that the core calls first
                if module.startswith("calcom_core") and frame.f_code.co_name != "<module>":
                    raise RuntimeError(f"{frame.f_code.co_qualname} used the outside: {name}")
                frame = frame.f_back
        return call(*args, **options)

    return called


@pytest.fixture(scope="module", autouse=True)
def block_the_outside() -> Iterator[None]:
    """Raise on any use of files, sockets, processes, clocks or chance under a call of the core.

    An audit hook would see more, but it cannot be removed after these tests. With one,
    CPython 3.11 may collect garbage while a thread installs its trace function.
    The collection calls Hypothesis, another thread runs and fails to install its own.
    """
    with pytest.MonkeyPatch.context() as patch:
        for owner, names in OUTSIDE:
            for name in names.split():
                patch.setattr(owner, name, _refuse_the_core(name, getattr(owner, name)))
        yield
