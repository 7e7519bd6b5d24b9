"""The recorded calls of `fixtures/`: one JSON file per gateway and kind, each a list of named cases."""

import json
from pathlib import Path
from typing import Any, Final

import pytest

_FOLDER: Final = Path(__file__).parent / "fixtures"


def cases(*files: str) -> list[Any]:
    """Return the cases of "gateway/file", each under its file's name and its own."""
    return [
        pytest.param(case, id=f"{file}: {case['name']}")
        for file in files
        for case in json.loads((_FOLDER / f"{file}.json").read_text(encoding="utf-8"))
    ]


def body_of(case: dict[str, Any]) -> bytes:
    """Return a case's body: JSON, text as it came, bytes that are no UTF-8, or a text repeated until it is too much."""
    if "raw_latin1" in case:
        return str(case["raw_latin1"]).encode("latin-1")
    if "raw_repeat" in case:
        text, times = case["raw_repeat"]
        return str(text).encode() * int(times)
    raw: str = case["raw"] if "raw" in case else json.dumps(case["body"])
    return raw.encode()
