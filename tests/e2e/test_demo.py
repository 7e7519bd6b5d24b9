"""The demonstration as a person starts it: it works, ends without a trace, and goes on where it was."""

import json
import signal
import socket
from collections.abc import Iterator
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.comando import Comando, alive, erase_clusters, get_json, get_text, post, strange, wait_until

FONE = "/demo/telefone/conversas"


@pytest.fixture
def pasta(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    erase_clusters(tmp_path)


def start(dados: Path, *more: str) -> Comando:
    arguments = ("demo", "--porta", "0", "--sem-navegador", "--dados", str(dados), *more)
    return Comando(*arguments, cwd=dados.parent)


def totals(url: str) -> dict[str, Any]:
    hoje = clock(url).date()
    period = f"de={hoje - timedelta(days=40)}&ate={hoje + timedelta(days=40)}"
    read: dict[str, Any] = get_json(f"{url}/api/v1/estatisticas?{period}")["total"]
    return read


def clock(url: str) -> datetime:
    return datetime.fromisoformat(get_json(f"{url}{FONE}")["agora"])


def say(url: str, contact_id: int, texto: str) -> int:
    return post(f"{url}{FONE}/{contact_id}", json.dumps({"texto": texto}).encode(), "application/json")


def texts(url: str, contact_id: int) -> list[str]:
    return [message["texto"] for message in get_json(f"{url}{FONE}/{contact_id}")["mensagens"]]


def find_untouched(url: str) -> list[dict[str, Any]]:
    return [contact for contact in get_json(f"{url}{FONE}")["conversas"] if contact["livre"]]


def test_a_day_is_played_ended_and_continued(pasta: Path) -> None:
    dados = pasta / "dados com espaço"
    with start(dados, "--atendimentos", "60") as demo:
        url = demo.wait_for("pronto: ")
        assert demo.out == [f"pronto: {url}\n"]
        assert get_json(f"{url}/health")["checks"]["database"]["status"] == "ok"
        assert "Santa Casa de Vila Serena" in get_text(f"{url}/painel")
        wait_until(lambda: totals(url)["confirmados"] > 0)
        wait_until(lambda: bool(find_untouched(url)))
        eu = find_untouched(url)[0]["id"]
        before = len(texts(url, eu))
        assert say(url, eu, "*oi* <b>tudo bem</b>") == 200
        wait_until(lambda: len(texts(url, eu)) > before + 1)
        family = demo.family()
        assert any("postgres" in process.name() for process in family)
        first, written = totals(url), texts(url, eu)
        paused = clock(url)
        assert demo.end(signal.SIGINT) == 0
    assert alive(family) == []

    with start(dados, "--atendimentos", "500") as demo:
        url = demo.wait_for("pronto: ")
        demo.wait_to_say("Continuando")
        again = totals(url)
        assert again["atendimentos"] == first["atendimentos"] == 60
        assert again["confirmados"] >= first["confirmados"] - first["cancelados"]
        assert paused <= clock(url)
        assert texts(url, eu)[: len(written)] == written
        said = len(texts(url, eu))
        assert say(url, eu, "1") == 200
        wait_until(lambda: any("confirmada" in texto for texto in texts(url, eu)[said:]))
        family = demo.family()
        assert demo.end(signal.SIGTERM) == 0
    assert alive(family) == []


def test_the_clock_stops_jumps_and_goes_on(pasta: Path) -> None:
    with start(pasta / "dados", "--atendimentos", "20") as demo:
        url = demo.wait_for("pronto: ")

        def turn(acao: str) -> None:
            sent = post(f"{url}/painel/demo/relogio", f"acao={acao}".encode(), "application/x-www-form-urlencoded")
            assert sent == HTTPStatus.SEE_OTHER

        turn("parar")
        stopped = clock(url)
        assert get_json(f"{url}{FONE}")["velocidade"] == 0
        turn("hora")
        assert timedelta(hours=1) <= clock(url) - stopped < timedelta(hours=1, minutes=2)
        turn("dia")
        assert clock(url).strftime("%H:%M") == "08:00"
        assert (clock(url).date() - stopped.date()).days == 1
        visitas = get_json(f"{url}/api/v1/atendimentos?de={stopped.date()}&ate={stopped.date()}&limit=100")["items"]
        assert len(visitas) == 2
        # a jump skips nothing: each was asked in time, answered, or given up at its cut-off
        com_celular = [visita for visita in visitas if visita["telefone"] and visita["telefone"][5] == "9"]
        assert "pendente" not in {visita["status_confirmacao"] for visita in com_celular}
        turn("seguir")
        wait_until(lambda: get_json(f"{url}{FONE}")["velocidade"] == 60)


def test_strangers_are_asked_who_they_are_and_the_way_in_stays_the_same(pasta: Path) -> None:
    dados, ways = pasta / "dados", []
    for _ in range(2):
        with start(dados, "--atendimentos", "5") as demo:
            url = demo.wait_for("pronto: ")
            arquivo = dados / "acesso.json"
            assert arquivo.stat().st_mode & 0o077 == 0, "readable by its owner only"
            ways.append(json.loads(arquivo.read_text("utf-8")))
            for told in (ways[-1]["senha"], ways[-1]["chave"]):
                demo.wait_to_say(told)
            assert strange(f"{url}/api/v1/atendimentos") == HTTPStatus.UNAUTHORIZED
            assert strange(f"{url}/painel") == HTTPStatus.SEE_OTHER
            assert get_json(f"{url}/api/v1/atendimentos")["items"]
            body = json.dumps({"usuario": ways[-1]["usuario"], "senha": ways[-1]["senha"]}).encode()
            assert post(f"{url}/api/v1/auth/token", body, "application/json") == HTTPStatus.OK
            assert demo.end() == 0
    assert ways[0] == ways[1]


def test_a_lost_file_lets_nobody_in_by_the_old_key(pasta: Path) -> None:
    dados = pasta / "dados"
    with start(dados, "--atendimentos", "5") as demo:
        demo.wait_for("pronto: ")
        before = json.loads((dados / "acesso.json").read_text("utf-8"))
        assert demo.end() == 0
    (dados / "acesso.json").unlink()
    with start(dados, "--atendimentos", "5") as demo:
        url = demo.wait_for("pronto: ")
        assert get_json(f"{url}/api/v1/atendimentos")["items"]
        assert strange(f"{url}/api/v1/atendimentos", {"X-API-Key": before["chave"]}) == HTTPStatus.UNAUTHORIZED
        assert demo.end() == 0


def test_a_taken_port_is_told_in_one_sentence(pasta: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        arguments = ("demo", "--porta", str(port), "--sem-navegador", "--dados", str(pasta / "dados"))
        with Comando(*arguments, cwd=pasta) as demo:
            assert demo.finish() == 1
    assert f"A porta {port}" in demo.err[-1]
    assert demo.out == []
    assert not (pasta / "dados" / "postgres").exists()


def test_two_demonstrations_do_not_share_a_clock(pasta: Path) -> None:
    dados = pasta / "dados"
    with start(dados, "--atendimentos", "5") as demo:
        demo.wait_for("pronto: ")
        with start(dados) as second:
            assert second.finish() == 1
        assert "Já há uma demonstração" in second.err[-1]


@pytest.mark.parametrize("environment", ["prod", "staging"])
def test_the_demonstration_is_not_for_real_hospitals(pasta: Path, environment: str) -> None:
    arguments = ("demo", "--sem-navegador", "--dados", str(pasta / "dados"))
    with Comando(*arguments, cwd=pasta, env={"ENVIRONMENT": environment}) as demo:
        assert demo.finish() == 2
    assert "ENVIRONMENT" in "".join(demo.err)
    assert "Traceback" not in "".join(demo.err)
    assert not (pasta / "dados").exists()
