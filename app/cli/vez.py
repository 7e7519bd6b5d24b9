"""One command at a time where each would start the embedded server itself: the first to end would stop it for all."""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def take_turn(data_dir: Path, *, on_wait: Callable[[], None]) -> Iterator[None]:
    """Wait for other commands to end, unless a server that outlives them (`serve`, `demo`) is there to attach to."""
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (data_dir / "comando.lock").open("w") as turn:
        if not _try_lock(turn):
            on_wait()
            fcntl.flock(turn, fcntl.LOCK_EX)
        if _has_server(data_dir):
            fcntl.flock(turn, fcntl.LOCK_UN)
        yield


def _has_server(data_dir: Path) -> bool:
    with (data_dir / "postgres.lock").open("a") as lock:
        return not _try_lock(lock)


def _try_lock(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
