"""The `confirma` command as tests call it."""

import asyncio
import json
import os
import pty
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

ROOT = Path(__file__).resolve().parents[3]
ZONA = ZoneInfo("America/Sao_Paulo")
_calls = count(1)


def daqui(dias: int, hora: str = "09:30") -> str:
    """Write a moment some days ahead as a schedule does: commands live in the real time."""
    return f"{datetime.now(ZONA) + timedelta(days=dias):%d/%m/%Y} {hora}"


def _read(arquivo: str) -> str:
    return Path(arquivo).read_text("utf-8")


@dataclass(frozen=True)
class Feito:
    rc: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """What a script reads: one object on one line, and nothing else."""
        assert self.out.count("\n") == 1, self.out + self.err
        read: dict[str, Any] = json.loads(self.out)
        return read


@dataclass
class Confirma:
    """Call it with the words after `confirma`; it attaches to the program held open on `pasta/dados`."""

    pasta: Path
    process: asyncio.subprocess.Process
    env: dict[str, str] = field(default_factory=dict)

    async def __call__(self, *argv: str, stdin: str = "", env: dict[str, str] | None = None) -> Feito:
        order = self._order([*argv], stdin, env or {})
        answer = await self._ask(order)
        return Feito(answer["rc"], _read(order["stdout"]), _read(order["stderr"]))

    @asynccontextmanager
    async def hold(self) -> AsyncIterator[None]:
        """Keep the program open, as a server would."""
        ready = self.pasta / "pronto"
        order = self._order([], "", {}) | {"segurar": str(ready)}
        pid = (await self._ask(order))["pid"]
        for _ in range(1200):
            if ready.exists():
                break
            await asyncio.sleep(0.05)
        assert ready.exists(), _read(order["stderr"])
        try:
            yield
        finally:
            await self._ask({"soltar": pid})

    def _order(self, argv: list[str], stdin: str, env: dict[str, str]) -> dict[str, Any]:
        place = self.pasta / "chamadas" / str(next(_calls))
        place.mkdir(parents=True)
        (place / "stdin").write_text(stdin, "utf-8")
        files = {name: str(place / name) for name in ("stdin", "stdout", "stderr")}
        return {"argv": argv, "cwd": str(place), "env": self.env | env, **files}

    async def _ask(self, order: dict[str, Any]) -> dict[str, Any]:
        stdin, stdout = self.process.stdin, self.process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps(order).encode() + b"\n")
        answer: dict[str, Any] = json.loads(await stdout.readline())
        return answer


async def at_a_terminal(confirma: Confirma, argv: Sequence[str], answers: Mapping[bytes, str]) -> tuple[int, str]:
    """Run a command whose input is a terminal, and type each answer when its prompt comes; return what was seen."""
    ours, theirs = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", "from app.cli import main; main()", *argv),
        cwd=ROOT,
        env=confirma.env,
        stdin=theirs,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    os.close(theirs)
    assert process.stdout is not None
    seen, left = b"", dict(answers)
    while chunk := await process.stdout.read(4096):
        seen += chunk
        asked = next((prompt for prompt in left if seen.endswith(prompt)), None)
        if asked is not None:
            os.write(ours, left.pop(asked).encode() + b"\n")
    os.close(ours)
    return await process.wait(), seen.decode()


@asynccontextmanager
async def start_confirma(pasta: Path, **env: str) -> AsyncIterator[Confirma]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.integration.cli.processos",
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    base = {"PATH": os.defpath, "HOME": str(pasta), "DATA_DIR": str(pasta / "dados"), "LC_ALL": "C.UTF-8"}
    try:
        yield Confirma(pasta, process, base | env)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()
