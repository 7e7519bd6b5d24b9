"""Promises about the code that neither the type checker nor the linter keeps."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.codebase import ROOT, name, python_files, text_files, tracked_files, tree

# Who may look at the wall clock: the outermost shell. Everyone else is told what time it is.
CLOCK_READERS = ("app/wiring.py", "app/main.py", "app/cli/")
LONGEST_SLEEP = 1
ENVIRONMENT_READERS = ("app/config.py", "migrations/env.py")
_CLOCKS = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns"}
_CLOCKS |= {f"datetime.{clock}" for clock in _CLOCKS}
_UNFINISHED = re.compile("|".join(rf"\b{a}{b}\b" for a, b in (("TO", "DO"), ("FIX", "ME"), ("XX", "X"), ("HA", "CK"))))
_MACHINE_PATH = re.compile(r"(?<![\w.:/*-])/(?:home|root|work|Users)/[\w.]")


def _is_allowed(path: Path, allowed: tuple[str, ...]) -> bool:
    return any(name(path) == entry or (entry.endswith("/") and name(path).startswith(entry)) for entry in allowed)


def _mentions(path: Path, pattern: re.Pattern[str]) -> Iterator[str]:
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if pattern.search(line):
            yield f"{name(path)}:{number}"


def _dotted(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Attribute):
            yield node.lineno, ast.unparse(node)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)


def test_the_repository_is_seen() -> None:
    assert ROOT / "pyproject.toml" in tracked_files()
    assert python_files("app")


def test_nothing_is_left_for_later() -> None:
    assert [place for path in text_files() for place in _mentions(path, _UNFINISHED)] == []


def test_no_file_knows_the_machine_it_was_written_on() -> None:
    assert [place for path in text_files() for place in _mentions(path, _MACHINE_PATH)] == []


def test_only_the_shell_reads_the_clock() -> None:
    readers = [
        f"{name(path)}:{line} {used}"
        for path in python_files("app")
        if not _is_allowed(path, CLOCK_READERS)
        for line, used in _dotted(path)
        if used in _CLOCKS
    ]
    assert readers == []


def test_only_config_reads_the_environment() -> None:
    readers = [
        f"{name(path)}:{line} {used}"
        for path in python_files("app", "migrations")
        if not _is_allowed(path, ENVIRONMENT_READERS)
        for line, used in _dotted(path)
        if used in {"os.environ", "os.getenv", "os.environb", "os.putenv"}
    ]
    assert readers == []


def test_tests_use_fakes_that_behave() -> None:
    patched = [
        f"{name(path)}:{line} {used}"
        for path in python_files("tests")
        for line, used in _dotted(path)
        if used.startswith(("unittest.mock", "mock.")) or re.search(r"\bmonkeypatch\.(setattr|setitem|delattr)$", used)
    ]
    assert patched == []


def _slept(node: ast.AST) -> float:
    match node:
        case ast.Call(func=ast.Attribute(attr="sleep"), args=[ast.Constant(value=int() | float() as seconds)]):
            return seconds
    return 0


def test_waiting_is_not_testing() -> None:
    sleepers = [
        f"{name(path)}:{node.lineno}"
        for path in python_files("tests")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and _slept(node) > LONGEST_SLEEP
    ]
    assert sleepers == []


def _gateways() -> list[str]:
    if not (ROOT / "app/providers/registry.py").is_file():
        return []
    from app.providers.registry import PROVIDERS  # noqa: PLC0415 - absent until there is a gateway

    assert PROVIDERS
    return sorted(PROVIDERS)


@pytest.mark.parametrize("gateway", _gateways())
def test_each_gateway_has_a_page_fixtures_and_a_contract_run(gateway: str) -> None:
    assert (ROOT / f"docs/provedores/{gateway}.md").is_file()
    assert list((ROOT / f"tests/contract/fixtures/{gateway}").glob("*.json"))
    assert any(gateway in path.read_text("utf-8") for path in python_files("tests/contract"))
