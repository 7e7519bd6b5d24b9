"""Runs `confirma` in a process of its own for each call, forked from one that has imported it: start-up is paid once.

Orders come as JSON lines on standard input, results leave on standard output. `segurar` keeps the program of a data
folder open, as `confirma serve` would, until the next order says to let go.
"""

import asyncio
import gc
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any, NoReturn

from app.cli import main
from app.config import load_settings
from app.wiring import open_programa


def _become(order: dict[str, Any]) -> NoReturn:
    os.environ.clear()
    os.environ.update(order["env"])
    os.chdir(order["cwd"])
    for descriptor, name in enumerate(("stdin", "stdout", "stderr")):
        opened = os.open(order[name], os.O_RDONLY if name == "stdin" else os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(opened, descriptor)
    sys.stdin = os.fdopen(0, encoding="utf-8")
    sys.argv = ["confirma", *order["argv"]]
    code: Any = 70
    try:
        hold(Path(order["segurar"])) if "segurar" in order else main()
    except SystemExit as leaving:
        code = leaving.code
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 0)


def hold(ready: Path) -> NoReturn:
    async def keep() -> None:
        leave = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, leave.set)
        async with open_programa(load_settings(env_file=None)):
            os.close(os.open(ready, os.O_CREAT | os.O_WRONLY))
            await leave.wait()

    asyncio.run(keep())
    raise SystemExit(0)


def serve() -> None:
    gc.freeze()  # what was imported is not looked through again in every child
    for line in sys.stdin:
        order = json.loads(line)
        if "soltar" in order:
            os.kill(order["soltar"], signal.SIGTERM)
            answer = {"rc": os.waitstatus_to_exitcode(os.waitpid(order["soltar"], 0)[1])}
        else:
            pid = os.fork()
            if pid == 0:
                _become(order)
            answer = {"pid": pid} if "segurar" in order else {"rc": os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve()
