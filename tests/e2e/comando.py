"""The real `confirma` command in a process of its own, and what it leaves behind."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from queue import Empty, Queue
from typing import Any, Final, Self
from urllib.parse import urlsplit

import psutil

from app.embedded import SYSTEM_HOME

ROOT: Final = Path(__file__).resolve().parents[2]
ACESSOS: Final[dict[str, dict[str, str]]] = {}
"""How to come in, by where it is served."""
STARTS_WITHIN_S: Final = 90.0  # generous: the machine may be busy with other tests
ENDS_WITHIN_S: Final = 60.0


def erase_clusters(folder: Path) -> None:
    """Remove the databases made below `folder` that live outside it: as root, the embedded server has its own place."""
    for marker in folder.rglob("postgres.id"):
        shutil.rmtree(SYSTEM_HOME / marker.read_text().strip(), ignore_errors=True)
        shutil.rmtree(SYSTEM_HOME / f"{marker.read_text().strip()}.sock", ignore_errors=True)


class Comando:
    """One run of the command. On the way out it is ended, if the test did not do it."""

    def __init__(self, *arguments: str, cwd: Path, env: Mapping[str, str] | None = None) -> None:
        inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self._dados = cwd / arguments[arguments.index("--dados") + 1] if "--dados" in arguments else None
        self.process = subprocess.Popen(
            [sys.executable, "-c", "from app.cli import main; main()", *arguments],
            cwd=cwd,  # no .env of the developer's
            env={**inherited, "PYTHONPATH": str(ROOT), **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        self.out: list[str] = []
        self.err: list[str] = []
        self._news: Queue[str] = Queue()
        self._readers = [
            threading.Thread(target=self._read, args=pair, daemon=True)
            for pair in ((self.process.stdout, self.out), (self.process.stderr, self.err))
        ]
        for reader in self._readers:
            reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.end()

    def wait_for(self, beginning: str) -> str:
        """Return what follows `beginning` on the first line that starts so, on either output."""
        deadline = time.monotonic() + STARTS_WITHIN_S
        while time.monotonic() < deadline:
            try:
                line = self._news.get(timeout=0.2)
            except Empty:
                if self.process.poll() is not None:
                    break
                continue
            if line.startswith(beginning):
                told = line.removeprefix(beginning).strip()
                self._remember_way_in(told)
                return told
        raise AssertionError(f"no line {beginning!r}; exit {self.process.poll()}; said: {self.out} {self.err}")

    def wait_to_say(self, text: str) -> None:
        """Wait until something was said on the standard error."""
        wait_until(lambda: text in "".join(self.err))

    def _remember_way_in(self, url: str) -> None:
        """Keep how to come in at `url`: a demonstration writes it beside its data."""
        arquivo = self._dados / "acesso.json" if self._dados else None
        if arquivo and url.startswith("http") and arquivo.is_file():
            ACESSOS[urlsplit(url).netloc] = json.loads(arquivo.read_text("utf-8"))

    def family(self) -> list[psutil.Process]:
        me = psutil.Process(self.process.pid)
        return [me, *me.children(recursive=True)]

    def end(self, number: int = signal.SIGINT) -> int:
        self.process.send_signal(number)
        return self.finish()

    def finish(self) -> int:
        try:
            code = self.process.wait(ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        for reader in self._readers:
            reader.join(5)
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()
        return code

    def _read(self, pipe: Any, lines: list[str]) -> None:
        for line in pipe:
            lines.append(line)
            self._news.put(line)


def alive(processes: list[psutil.Process]) -> list[str]:
    return [str(process) for process in processes if process.is_running() and process.status() != "zombie"]


def get_json(url: str) -> Any:
    return json.loads(get_text(url))


def get_text(url: str) -> str:
    status, text = _ask("GET", url)
    assert status == HTTPStatus.OK, text
    return text


def post(url: str, body: bytes, content_type: str) -> int:
    return _ask("POST", url, body, {"Content-Type": content_type})[0]


def strange(url: str, headers: Mapping[str, str] | None = None) -> int:
    """Ask as somebody unknown, or known only by `headers`."""
    return _ask("GET", url, None, {"X-API-Key": "", **(headers or {})})[0]


def _ask(method: str, url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> tuple[int, str]:
    parts = urlsplit(url)
    with closing(HTTPConnection(parts.netloc, timeout=120)) as connection:
        known = ACESSOS.get(parts.netloc)
        key = {"X-API-Key": known["chave"]} if known else {}
        connection.request(method, url.partition(parts.netloc)[2], body, {**key, **(headers or {})})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def wait_until(holds: Callable[[], bool], *, within_s: float = 60.0) -> None:
    deadline = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > deadline:
            raise AssertionError("it did not come true in time")
        time.sleep(0.1)
