"""The file of refused rows: as they came, with the reason, safe to open, ready to be corrected and sent again."""

import csv
import io
import stat
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from app.connectors.base import AtendimentoImportado, LinhaRejeitada
from app.connectors.csv_file import RejectsWriter, read_agenda, rejects_path

ZONA = ZoneInfo("America/Sao_Paulo")
TITULOS = ["nr_seq_agenda", "nome_paciente", "telefone", "nome_medico", "especialidade", "data_consulta"]


def write_rejects(destino: Path, *linhas: list[str]) -> Path:
    texto = io.StringIO(newline="")
    csv.writer(texto).writerows([TITULOS, *linhas])
    with (
        read_agenda(io.BytesIO(texto.getvalue().encode()), nome="a.csv", zona=ZONA) as agenda,
        RejectsWriter(destino, agenda.cabecalho) as rejeitados,
    ):
        for item in agenda:
            if isinstance(item, LinhaRejeitada):
                rejeitados.write(item)
    return destino


def read_back(destino: Path) -> list[list[str]]:
    with destino.open(encoding="utf-8-sig", newline="") as arquivo:
        return list(csv.reader(arquivo, delimiter=";"))


def test_row_is_kept_as_it_came_behind_its_reason(tmp_path: Path) -> None:
    destino = write_rejects(
        tmp_path / "r.csv",
        ["1", " João  Dias", "+5527901234567", "m", "e", "05/10/2026"],
        ["2", "Bia", "1", "m", "e", "05/10/2026 08:00"],
        ["3", "Caio", "1", "m", "e", "05/10/2026 08:00", "sobra"],
    )
    titulos, primeira, segunda = read_back(destino)
    assert titulos == ["motivo", "mensagem", *TITULOS]
    assert primeira == [
        "sem_hora", "A consulta está sem horário.",
        "1", " João  Dias", "'+5527901234567", "m", "e", "05/10/2026",
    ]  # fmt: skip
    assert (segunda[0], segunda[-1]) == ("colunas_demais", "sobra")
    assert stat.S_IMODE(destino.stat().st_mode) == 0o600


@pytest.mark.parametrize("perigo", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_cells_that_a_spreadsheet_would_run_are_escaped(tmp_path: Path, perigo: str) -> None:
    destino = write_rejects(tmp_path / "r.csv", ["1", perigo, "1", "m", "e", "sem data"])
    assert read_back(destino)[1][3] == f"'{perigo}"


def test_corrected_file_goes_in_again_with_its_cells_as_they_were(tmp_path: Path) -> None:
    destino = write_rejects(tmp_path / "r.csv", ["-7", "=João", "+5527901234567", "@m", "e", "05/10/2026"])
    corrigido = destino.read_text(encoding="utf-8-sig").replace("05/10/2026", "05/10/2026 08:00")
    [lido] = read_agenda(io.BytesIO(corrigido.encode()), nome="r.csv", zona=ZONA)
    assert isinstance(lido, AtendimentoImportado)
    assert (lido.nr_seq_agenda, lido.nome_paciente, lido.telefone, lido.nome_medico) == (
        "-7", "=João", "+5527901234567", "@m",
    )  # fmt: skip


def test_no_file_is_made_when_nothing_was_refused(tmp_path: Path) -> None:
    assert not write_rejects(tmp_path / "r.csv", ["1", "Ana", "1", "m", "e", "05/10/2026 08:00"]).exists()


def test_file_is_not_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "r.csv").symlink_to(tmp_path / "outro")
    with pytest.raises(OSError, match="symbolic"):
        write_rejects(tmp_path / "r.csv", ["1", "Ana", "1", "m", "e", ""])


@pytest.mark.parametrize(
    ("arquivo", "esperado"),
    [
        ("agenda.csv", "agenda_rejeitados.csv"),
        ("agenda.csv.gz", "agenda_rejeitados.csv"),
        ("Agenda 10.XLSX", "Agenda 10_rejeitados.csv"),
        ("agenda", "agenda_rejeitados.csv"),
    ],
)
def test_rejects_stand_beside_the_input(arquivo: str, esperado: str) -> None:
    assert rejects_path(Path("dir") / arquivo) == Path("dir") / esperado
