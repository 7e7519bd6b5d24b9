"""`serve` and `worker` as processes: what they say, what they refuse, and how they end."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.comando import Comando, alive, erase_clusters, get_json, wait_until

HERE = "Confirma em "


@pytest.fixture
def pasta(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    erase_clusters(tmp_path)


def test_serve_and_worker_share_the_embedded_server(pasta: Path) -> None:
    env = {"DATA_DIR": str(pasta / "dados")}
    with Comando("serve", "--porta", "0", "--sem-worker", cwd=pasta, env=env) as served:
        url = served.wait_for(HERE)
        with Comando("worker", cwd=pasta, env=env) as worker:
            worker.wait_for("Worker do Confirma")
            assert not any("postgres" in process.name() for process in worker.family())
            family = [*served.family(), *worker.family()]
            assert worker.end(signal.SIGTERM) == 0
        assert get_json(f"{url}/health")["checks"]["database"]["status"] == "ok"
        assert served.end(signal.SIGTERM) == 0
    assert alive(family) == []


def test_serve_alone_does_everything(pasta: Path) -> None:
    env = {"DATA_DIR": str(pasta / "dados"), "PORT": "0"}
    with Comando("serve", cwd=pasta, env=env) as served:
        url = served.wait_for(HERE)
        assert get_json(f"{url}/health")["status"] in {"ok", "degraded"}
        family = served.family()
        assert served.end(signal.SIGINT) == 0
    assert alive(family) == []


def test_several_processes_answer_on_one_port_and_end_together(pasta: Path) -> None:
    env = {"DATA_DIR": str(pasta / "dados"), "API_WORKERS": "2"}
    with Comando("serve", "--porta", "0", cwd=pasta, env=env) as served:
        url = served.wait_for(HERE)
        wait_until(lambda: sum("python" in process.name() for process in served.family()) == 2)
        assert {get_json(f"{url}/health")["checks"]["database"]["status"] for _ in range(10)} == {"ok"}
        family = served.family()
        assert served.end(signal.SIGTERM) == 0
    assert alive(family) == []


@pytest.mark.parametrize(
    ("env", "told"),
    [
        pytest.param({"ENVIRONMENT": "prod"}, "ENVIRONMENT=prod", id="production without its settings"),
        pytest.param({"HOST": "0.0.0.0"}, "HOST=0.0.0.0", id="an address others can reach"),  # noqa: S104
        pytest.param({"PORT": "muitas"}, "PORT deve ser um número", id="a setting that cannot be read"),
        pytest.param({"DATABASE_URL": "mysql://localhost/tasy"}, "banco do hospital", id="the hospital's database"),
    ],
)
def test_serve_refuses_in_plain_sentences(pasta: Path, env: dict[str, str], told: str) -> None:
    with Comando("serve", cwd=pasta, env={"DATA_DIR": str(pasta / "dados"), **env}) as served:
        assert served.finish() == 2
    assert told in "".join(served.err)
    assert "Traceback" not in "".join(served.err)
    assert not (pasta / "dados").exists()


def test_a_database_that_is_not_there_is_told_in_a_sentence(pasta: Path) -> None:
    env = {"DATA_DIR": str(pasta / "dados"), "DATABASE_URL": "postgresql://app@127.0.0.1:1/confirma"}
    with Comando("worker", cwd=pasta, env=env) as worker:
        assert worker.finish() == 1
    assert "DATABASE_URL" in worker.err[-1]
    assert "Traceback" not in "".join(worker.err)
