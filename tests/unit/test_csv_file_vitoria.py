"""The public schedule of Vitória: what it lacks follows from its ids, always the same way."""

from pathlib import Path
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from app.connectors.base import AtendimentoImportado
from app.connectors.csv_file import read_agenda
from app.connectors.csv_file.vitoria import phone
from app.domain.confirmacao import SituacaoAgenda
from app.domain.telefone import Telefone, TipoTelefone, parse_telefone

ARQUIVO = Path(__file__).parents[1] / "fixtures" / "agendas" / "vitoria.csv"
ZONA = ZoneInfo("America/Sao_Paulo")


def read() -> list[AtendimentoImportado]:
    itens = list(read_agenda(ARQUIVO, nome="vitoria.csv", zona=ZoneInfo("America/Manaus")))
    lidos = [item for item in itens if isinstance(item, AtendimentoImportado)]
    assert len(lidos) == len(itens) == 4
    return lidos


def test_ids_and_place_are_the_file_s_own() -> None:
    lidos = read()
    assert [lido.nr_seq_agenda for lido in lidos] == ["9000001", "9000002", "9000003", "9000004"]
    assert lidos[2].id_paciente == "123456E-5"
    assert lidos[0].unidade == "Jardim de Exemplo"
    assert {lido.situacao_agenda for lido in lidos} == {SituacaoAgenda.AGENDADO}


def test_same_patient_is_the_same_person_on_the_same_phone() -> None:
    primeiro, segundo, outro, _ = read()
    assert primeiro.nome_paciente == segundo.nome_paciente != outro.nome_paciente
    assert primeiro.telefone == segundo.telefone != outro.telefone
    assert read() == read()


def test_minors_have_somebody_responsible() -> None:
    assert [bool(lido.responsavel) for lido in read()] == [False, False, True, False]


def test_visits_are_on_their_day_in_working_hours_after_their_booking() -> None:
    for lido in read():
        local = lido.data_consulta.astimezone(ZONA)
        assert (local.year, local.month, local.day) == (2016, 5, 9)
        assert local.minute % 10 == 0
        assert lido.agendado_em is not None
        assert lido.data_consulta > lido.agendado_em
    planejadas = [lido.data_consulta.astimezone(ZONA).hour for lido in read()[:3]]
    assert all(7 <= hora <= 17 for hora in planejadas)


@given(st.text("0123456789E-", min_size=1, max_size=15))
def test_phones_are_valid_mobiles_nobody_has(paciente: str) -> None:
    lido = parse_telefone(phone(paciente))
    assert isinstance(lido, Telefone)
    assert lido.tipo is TipoTelefone.CELULAR
    assert lido.e164.startswith("+552790")


def test_row_of_vitoria_without_its_day_is_rejected(tmp_path: Path) -> None:
    arquivo = tmp_path / "v.csv"
    arquivo.write_text(ARQUIVO.read_text().replace("2016-05-09T00:00:00Z", "ontem", 1).replace(",9000002,", ",,"))
    itens = list(read_agenda(arquivo, nome="v.csv", zona=ZONA))
    assert [getattr(item, "motivo", None) for item in itens] == ["data_invalida", "campo_vazio", None, None]
