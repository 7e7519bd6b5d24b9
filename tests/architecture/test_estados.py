"""The page of states says what the code says."""

import runpy
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_of_states_is_current() -> None:
    draw = runpy.run_path(str(ROOT / "scripts" / "estados.py"))["draw"]
    assert (ROOT / "docs" / "estados.md").read_text(encoding="utf-8") == draw(), "run: python scripts/estados.py"
