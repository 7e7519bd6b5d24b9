"""Domain names come from the glossary."""

import ast
import re

from app.domain.confirmacao import EstadoMensagem, SituacaoAgenda, StatusConfirmacao
from tests.architecture.codebase import ROOT, name, python_files, tree

# Machinery inside the tables' package is named in English.
MACHINERY = {"base", "encrypted", "text", "tenant"}


def _entries() -> set[str]:
    return set(re.findall(r"^\| `([a-z_]+)` \|", (ROOT / "docs/glossario.md").read_text("utf-8"), re.MULTILINE))


def _words(identifier: str) -> list[str]:
    return [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", identifier)]


def _is_known(word: str, entries: set[str]) -> bool:
    """Take a plural and a participle's gender for the word itself."""
    stem = word.removesuffix("s")
    return bool({word, stem, stem[:-1] + "o", stem[:-1] + "a"} & entries)


def test_the_list_has_no_word_twice() -> None:
    words = re.findall(r"^\| `([a-z_]+)` \|", (ROOT / "docs/glossario.md").read_text("utf-8"), re.MULTILINE)
    assert len(words) > 50
    assert sorted(words) == sorted(set(words))


def test_class_names_of_the_domain_are_in_the_glossary() -> None:
    entries = _entries() | MACHINERY
    classes = [
        (path, node.name)
        for path in python_files("app/domain", "app/models")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ClassDef)
    ]
    assert classes
    unknown = [
        f"{name(path)} {identifier}: {word}"
        for path, identifier in classes
        for word in _words(identifier)
        if not _is_known(word, entries)
    ]
    assert unknown == []


def test_every_state_is_explained() -> None:
    states = {state.value for kind in (StatusConfirmacao, SituacaoAgenda, EstadoMensagem) for state in kind}
    assert states - _entries() == set()
