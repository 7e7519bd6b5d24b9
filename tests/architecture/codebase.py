"""What the guard tests look at: the files of the repository, and their syntax trees."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_GENERATED = {".venv", ".git", "dados", "build", "dist", "node_modules", ".hypothesis"}
_TEXT = {
    ".py",
    ".md",
    ".toml",
    ".txt",
    ".in",
    ".sh",
    ".html",
    ".css",
    ".js",
    ".j2",
    ".json",
    ".yaml",
    ".yml",
    ".ini",
    "",
}


def _walk() -> Iterator[str]:
    for path in ROOT.rglob("*"):
        parts = path.relative_to(ROOT).parts
        if path.is_file() and not any(part in _GENERATED or part.startswith(".") for part in parts[:-1]):
            yield path.relative_to(ROOT).as_posix()


@lru_cache
def tracked_files() -> tuple[Path, ...]:
    """Return what the repository holds; in an unpacked archive, what lies there."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z"]
    try:
        names = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\0")
    except (OSError, subprocess.CalledProcessError):
        names = list(_walk())
    return tuple(path for path in (ROOT / name for name in names if name) if path.is_file())


def text_files() -> tuple[Path, ...]:
    foreign = ROOT / "tests" / "fixtures" / "agendas"  # files of hospitals: in any encoding, none of our sentences
    return tuple(p for p in tracked_files() if p.suffix in _TEXT and not p.is_relative_to(foreign))


def python_files(*folders: str) -> tuple[Path, ...]:
    inside = tuple(ROOT / folder for folder in folders)
    return tuple(path for path in tracked_files() if path.suffix == ".py" and any(map(path.is_relative_to, inside)))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), str(path))


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()
