"""The table of security statements is whole, and what it names exists."""

import re

from tests.architecture.codebase import ROOT

ROW = re.compile(r"^\| SEC-(\d\d) \| [^|]+ \| (yes|part|no) \| ([^|]+) \|$", re.MULTILINE)


def _rows() -> list[tuple[str, str, str]]:
    return ROW.findall((ROOT / "docs/seguranca.md").read_text("utf-8"))


def test_every_statement_has_its_line_and_says_why() -> None:
    rows = _rows()
    assert [number for number, _, _ in rows] == [f"{number:02}" for number in range(1, 56)]
    assert all(why.strip() for _, _, why in rows)


def test_what_shows_a_statement_exists() -> None:
    for number, shown, why in _rows():
        files = re.findall(r"`(tests/[\w/]+\.py)`", why)
        assert [name for name in files if not (ROOT / name).is_file()] == [], number
        assert files or shown != "yes", f"SEC-{number} is called shown and names no test"


def test_a_test_named_after_a_statement_is_of_one_that_is_not_called_missing() -> None:
    called = {number: shown for number, shown, _ in _rows()}
    named = {
        number
        for path in (ROOT / "tests").rglob("test_*.py")
        for number in re.findall(r"def test_sec_(\d\d)_", path.read_text("utf-8"))
    }
    assert {number for number in named if called[number] == "no"} == set()
