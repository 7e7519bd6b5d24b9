"""The measures of a readable file and function, over the whole of app/."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.architecture.codebase import name, python_files, tree

LONGEST_FILE, LONG_FILE = 500, 300
LONGEST_FUNCTION, LONG_FUNCTION = 60, 30
MOST_POSITIONAL = 4
DEEPEST = 3
ORDINARY = 0.9  # nine in ten stay under the smaller measure

_FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
_BLOCKS = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.TryStar, ast.Match)


@dataclass(frozen=True)
class Function:
    path: Path
    node: _FunctionNode
    is_method: bool

    @property
    def lines(self) -> int:
        return (self.node.end_lineno or self.node.lineno) - self.node.lineno + 1

    @property
    def positional(self) -> int:
        decorators = {ast.unparse(decorator) for decorator in self.node.decorator_list}
        own = self.is_method and "staticmethod" not in decorators
        return len(self.node.args.posonlyargs) + len(self.node.args.args) - own

    @property
    def nesting(self) -> int:
        return max((_depth(statement) for statement in self.node.body), default=0)

    def __str__(self) -> str:
        return f"{name(self.path)}:{self.node.lineno} {self.node.name}"


def _depth(node: ast.AST) -> int:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
        return 0  # a function of its own
    own = isinstance(node, _BLOCKS)
    deepest = 0
    for field, value in ast.iter_fields(node):
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                is_elif = isinstance(node, ast.If) and field == "orelse" and isinstance(child, ast.If)
                deepest = max(deepest, _depth(child) - is_elif)
    return deepest + own


def functions() -> Iterator[Function]:
    for path in python_files("app"):
        for parent in ast.walk(tree(path)):
            for child in ast.iter_child_nodes(parent):
                if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                    yield Function(path, child, isinstance(parent, ast.ClassDef))


def test_files_are_short() -> None:
    lengths = {name(path): len(path.read_text("utf-8").splitlines()) for path in python_files("app")}
    assert lengths
    assert {file: lines for file, lines in lengths.items() if lines > LONGEST_FILE} == {}
    assert sum(lines < LONG_FILE for lines in lengths.values()) >= ORDINARY * len(lengths)


def test_functions_are_short() -> None:
    every = list(functions())
    assert every
    assert [f"{function}: {function.lines} lines" for function in every if function.lines > LONGEST_FUNCTION] == []
    assert sum(function.lines < LONG_FUNCTION for function in every) >= ORDINARY * len(every)


def test_functions_are_flat() -> None:
    assert [f"{function}: {function.nesting} deep" for function in functions() if function.nesting > DEEPEST] == []


def test_long_parameter_lists_are_named_by_the_caller() -> None:
    def excused(function: Function) -> bool:
        return "noqa: PLR0917" in function.path.read_text("utf-8").splitlines()[function.node.lineno - 1]

    assert [
        f"{function}: {function.positional} positional"
        for function in functions()
        if function.positional > MOST_POSITIONAL and not excused(function)
    ] == []
