"""What gets installed is pinned, hashed, and nothing but what pyproject.toml asks for."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture.codebase import ROOT

FOLDER = ROOT / "requirements"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def pins(file: str) -> dict[str, tuple[str, str]]:
    """Return each pinned name with its version and everything written about it."""
    blocks = re.split(r"\n(?=[A-Za-z0-9])", (FOLDER / file).read_text("utf-8"))
    heads = {block: re.match(r"([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;\\]+)", block) for block in blocks}
    assert all(heads.values()), "something is not pinned"
    return {canonicalize_name(head[1]): (head[2], block) for block, head in heads.items() if head}


@pytest.mark.parametrize("file", ["base.txt", "dev.txt", "build.txt"])
def test_every_pin_has_its_hashes(file: str) -> None:
    everything = pins(file)
    assert everything
    assert [package for package, (_, block) in everything.items() if "--hash=sha256:" not in block] == []


@pytest.mark.parametrize("path", sorted(FOLDER.iterdir()), ids=lambda path: path.name)
def test_no_address_is_written_down(path: Path) -> None:
    assert not re.search(r"://|--(extra-)?index-url|--find-links|--trusted-host| @ ", path.read_text("utf-8"))


@pytest.mark.parametrize(
    ("file", "asked"),
    [
        ("base.txt", PROJECT["project"]["dependencies"]),
        ("dev.txt", PROJECT["project"]["dependencies"]),
        ("dev.txt", PROJECT["project"]["optional-dependencies"]["dev"]),
        ("build.txt", PROJECT["build-system"]["requires"]),
    ],
)
def test_pins_answer_what_the_project_asks(file: str, asked: list[str]) -> None:
    pinned = pins(file)
    unmet = [
        text
        for text, requirement in ((text, Requirement(text)) for text in asked)
        if canonicalize_name(requirement.name) not in pinned
        or not requirement.specifier.contains(pinned[canonicalize_name(requirement.name)][0])
    ]
    assert unmet == []


def test_development_runs_on_the_versions_of_production() -> None:
    base, dev = pins("base.txt"), pins("dev.txt")
    assert {package: (version, dev.get(package, ("absent",))[0]) for package, (version, _) in base.items()} == {
        package: (version, version) for package, (version, _) in base.items()
    }
