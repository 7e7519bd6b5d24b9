"""Every setting is written down where an administrator looks for it."""

import re

from app.config import Settings, load_settings, setting_names
from tests.architecture.codebase import ROOT

EXAMPLE = ROOT / ".env.example"
SHORTEST_SENTENCE = 15


def _documented() -> dict[str, str]:
    """Return each name with the comment above it."""
    found = re.findall(
        r"^# (?!---)(?P<sentence>.+)\n(?P<name>[A-Z][A-Z0-9_]*)=", EXAMPLE.read_text("utf-8"), re.MULTILINE
    )
    return {setting: sentence for sentence, setting in found}


def test_settings_and_example_name_the_same() -> None:
    written = re.findall(r"^([A-Z][A-Z0-9_]*)=", EXAMPLE.read_text("utf-8"), re.MULTILINE)
    assert sorted(written) == sorted(setting_names())
    assert len(written) == len(set(written))


def test_each_setting_has_its_sentence() -> None:
    sentences = _documented()
    assert set(sentences) == set(setting_names())
    assert [setting for setting, sentence in sentences.items() if len(sentence) < SHORTEST_SENTENCE] == []


def test_a_copied_example_changes_nothing() -> None:
    assert load_settings({}, env_file=EXAMPLE) == Settings()
