"""One row: what each column may hold, what is refused, what is only worth a warning."""

import csv
import io
from datetime import UTC, date, datetime
from unicodedata import normalize
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.connectors.base import AtendimentoImportado, Aviso, ItemAgenda, LinhaRejeitada
from app.connectors.csv_file import read_agenda
from app.domain.confirmacao import SituacaoAgenda, TipoAtendimento

SAO_PAULO = ZoneInfo("America/Sao_Paulo")
BASE = {
    "nr_seq_agenda": "1",
    "nome_paciente": "Maria Souza",
    "telefone": "27 90123-4567",
    "nome_medico": "Dr. Igor",
    "especialidade": "Cardiologia",
    "data_consulta": "05/10/2026 14:30",
}


def read_row(*, em: str = "America/Sao_Paulo", **campos: str) -> list[ItemAgenda]:
    linha = BASE | campos
    texto = io.StringIO(newline="")
    escritor = csv.DictWriter(texto, linha, delimiter=";")
    escritor.writeheader()
    escritor.writerow(linha)
    return list(read_agenda(io.BytesIO(texto.getvalue().encode()), nome="a.csv", zona=ZoneInfo(em)))


def record(**campos: str) -> AtendimentoImportado:
    [lido, *_] = read_row(**campos)
    assert isinstance(lido, AtendimentoImportado), lido
    return lido


def rejection(**campos: str) -> LinhaRejeitada:
    [rejeitada] = read_row(**campos)
    assert isinstance(rejeitada, LinhaRejeitada), rejeitada
    return rejeitada


def warnings(**campos: str) -> list[tuple[str | None, str, str]]:
    return [(item.coluna, item.motivo, item.valor) for item in read_row(**campos) if isinstance(item, Aviso)]


@pytest.mark.parametrize(
    "texto",
    [
        "05/10/2026 14:30",
        "5/10/2026 14:30:00",
        "05-10-2026 14:30",
        "05.10.2026 14h30",
        "05/10/2026 às 14:30",
        "05/10/2026, 14:30",
        "05/10/2026T14:30",
        "2026-10-05 14:30",
        "2026-10-05T14:30",
        "2026-10-05T14:30:00.000",
        "2026-10-05T14:30:00-03:00",
        "2026-10-05T17:30:00Z",
        "2026-10-05 17:30:00+0000",
    ],
)
def test_dates_as_hospitals_write_them(texto: str) -> None:
    assert record(data_consulta=texto).data_consulta == datetime(2026, 10, 5, 17, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("texto", "motivo"),
    [
        ("05/10/2026", "sem_hora"),
        ("2026-10-05", "sem_hora"),
        ("05/10/2026 00:00", "sem_hora"),
        ("2026-10-05T00:00:00Z", "sem_hora"),
        ("2026-10-05T03:00:00Z", "sem_hora"),
        ("31/02/2026 08:00", "data_invalida"),
        ("10/25/2026 08:00", "data_invalida"),
        ("05/10/26 08:00", "data_invalida"),
        ("05/10/2026 25:00", "data_invalida"),
        ("05/10/2026 2:30 PM", "data_invalida"),
        ("05/10/1926 08:00", "data_invalida"),
        ("05-10/2026 08:00", "data_invalida"),
        ("45935,604", "data_invalida"),
        ("2026-W41-1T08:00", "data_invalida"),
        ("amanhã às 8", "data_invalida"),
        ("", "campo_vazio"),
    ],
)
def test_start_that_is_not_sure_is_never_guessed(texto: str, motivo: str) -> None:
    rejeitada = rejection(data_consulta=texto)
    assert (rejeitada.linha, rejeitada.coluna, rejeitada.motivo) == (2, "data_consulta", motivo)


@pytest.mark.parametrize("dia", ["05/10/2026", "05/10/2026 00:00:00", "2026-10-05"])
@pytest.mark.parametrize("hora", ["14:30", "14h30", "14:30:00"])
def test_hour_in_its_own_column_joins_the_day(dia: str, hora: str) -> None:
    lido = record(data_consulta=dia, hora_consulta=hora)
    assert lido.data_consulta == datetime(2026, 10, 5, 17, 30, tzinfo=UTC)


def test_two_hours_that_disagree_leave_the_booking_unknown() -> None:
    lido = record(data_consulta="05/10/2026 14:30", hora_consulta="09:00")
    assert lido.situacao_agenda is SituacaoAgenda.DESCONHECIDO
    assert warnings(data_consulta="05/10/2026 14:30", hora_consulta="09:00") == [
        ("data_consulta", "horario_conflitante", "05/10/2026 14:30")
    ]


@pytest.mark.parametrize(
    ("zona", "hora_utc"),
    [("America/Sao_Paulo", 17), ("America/Manaus", 18), ("America/Rio_Branco", 19), ("America/Noronha", 16)],
)
def test_local_times_are_of_the_hospital_s_zone(zona: str, hora_utc: int) -> None:
    [lido] = read_row(em=zona)
    assert isinstance(lido, AtendimentoImportado)
    assert lido.data_consulta.hour == hora_utc


def test_hour_skipped_by_daylight_saving_is_rejected() -> None:
    rejeitada = rejection(data_consulta="04/11/2018 00:30")
    assert rejeitada.motivo == "horario_inexistente"


def test_hour_that_happened_twice_is_the_first_and_said() -> None:
    lido = record(data_consulta="17/02/2018 23:30")
    assert lido.data_consulta == datetime(2018, 2, 18, 1, 30, tzinfo=UTC)
    assert ("data_consulta", "horario_ambiguo", "17/02/2018 23:30") in warnings(data_consulta="17/02/2018 23:30")


@pytest.mark.parametrize(
    ("texto", "lido"), [("000123", "000123"), ("AG-12/7", "AG-12/7"), ("123.0", "123"), (" 12 ", "12"), ("0", "0")]
)
def test_ids_survive(texto: str, lido: str) -> None:
    assert record(nr_seq_agenda=texto, id_paciente=texto).nr_seq_agenda == lido


@pytest.mark.parametrize("coluna", ["nr_seq_agenda", "id_paciente"])
@pytest.mark.parametrize(
    ("texto", "motivo"),
    [
        ("2.98725E+13", "id_notacao_cientifica"),
        ("2,98725E+13", "id_notacao_cientifica"),
        ("3e10", "id_notacao_cientifica"),
        ("9" * 65, "id_invalido"),
    ],
)
def test_ids_that_lost_digits_are_rejected(coluna: str, texto: str, motivo: str) -> None:
    rejeitada = rejection(**{coluna: texto})
    assert (rejeitada.coluna, rejeitada.motivo) == (coluna, motivo)


@pytest.mark.parametrize("coluna", ["nr_seq_agenda", "nome_paciente"])
@pytest.mark.parametrize("texto", ["", "  ", "NULL", "-"])
def test_row_without_id_or_patient_is_rejected(coluna: str, texto: str) -> None:
    rejeitada = rejection(**{coluna: texto})
    assert (rejeitada.coluna, rejeitada.motivo) == (coluna, "campo_vazio")


@pytest.mark.parametrize("coluna", ["nome_medico", "especialidade"])
def test_visit_without_doctor_or_specialty_is_kept(coluna: str) -> None:
    assert getattr(record(**{coluna: ""}), coluna) == ""
    assert warnings(**{coluna: ""}) == [(coluna, "campo_vazio", "")]


@pytest.mark.parametrize(
    ("telefone", "motivo", "valor"),
    [
        ("", "telefone_vazio", "***"),
        ("não tem", "telefone_texto", "***"),
        ("99999999999", "telefone_repetido", "***9999"),
        ("98765-4321", "telefone_curto", "***4321"),
        ("27 3333-4444", "telefone_fixo", "***4444"),
        ("27 8765-4321", "telefone_ajustado", "***4321"),
        ("+351 912 345 678", "telefone_estrangeiro", "***5678"),
        ("27 99999-9999", "telefone_suspeito", "***9999"),
    ],
)
def test_visit_with_a_bad_phone_is_kept_and_said(telefone: str, motivo: str, valor: str) -> None:
    assert record(telefone=telefone).telefone == (telefone or None)
    assert warnings(telefone=telefone) == [("telefone", motivo, valor)]


def test_good_row_has_nothing_to_say() -> None:
    assert len(read_row(telefone_2="", email="ana@exemplo.com.br", situacao_agenda="", tipo="")) == 1


@pytest.mark.parametrize(
    ("texto", "situacao"),
    [
        ("", SituacaoAgenda.AGENDADO),
        ("Agendada", SituacaoAgenda.AGENDADO),
        ("CONFIRMADO", SituacaoAgenda.AGENDADO),
        ("CN", SituacaoAgenda.AGENDADO),
        ("Lista de Espera", SituacaoAgenda.ESPERA),
        ("Em atendimento", SituacaoAgenda.PRESENTE),
        ("atendido", SituacaoAgenda.REALIZADO),
        ("Não compareceu", SituacaoAgenda.FALTA),
        ("Desmarcada", SituacaoAgenda.CANCELADO),
        ("C", SituacaoAgenda.CANCELADO),
        ("entered-in-error", SituacaoAgenda.ERRO_REGISTRO),
        ("Bloqueio", SituacaoAgenda.BLOQUEADO),
        ("XPTO", SituacaoAgenda.DESCONHECIDO),
    ],
)
def test_state_of_the_booking_in_the_hospital_s_words(texto: str, situacao: SituacaoAgenda) -> None:
    assert record(situacao_agenda=texto).situacao_agenda is situacao


def test_every_state_of_ours_is_read_back() -> None:
    for situacao in SituacaoAgenda:
        assert record(situacao_agenda=situacao).situacao_agenda is situacao
    for tipo in TipoAtendimento:
        assert record(tipo=tipo.upper()).tipo is tipo


def test_optional_columns() -> None:
    lido = record(
        id_paciente="000777",
        data_nascimento="01/02/1980",
        telefone_2="2733334444",
        responsavel="José Souza",
        email="maria@exemplo.com.br",
        tipo="Exame",
        convenio="SUS",
        unidade="Unidade Centro",
        sala="12",
        duracao_min="30 min",
        chegar_antes_min="15",
        preparo="Jejum  de 8 horas.\r\n\r\nTraga exames.",
        observacoes="ok",
        origem_versao="2026-09-01T10:00:00Z",
        agendado_em="01/09/2026",
    )
    assert lido.id_paciente == "000777"
    assert lido.data_nascimento == date(1980, 2, 1)
    assert (lido.duracao_min, lido.chegar_antes_min, lido.tipo) == (30, 15, TipoAtendimento.EXAME)
    assert lido.preparo == "Jejum de 8 horas.\n\nTraga exames."
    assert lido.origem_versao == datetime(2026, 9, 1, 10, tzinfo=UTC)
    assert lido.agendado_em == datetime(2026, 9, 1, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("coluna", "texto", "motivo", "valor"),
    [
        ("data_nascimento", "30/02/1980", "data_invalida", "3***"),
        ("data_nascimento", "01/01/2030", "data_invalida", "0***"),
        ("duracao_min", "meia hora", "numero_invalido", "m*** h***"),
        ("duracao_min", "9999", "numero_invalido", "9999"),
        ("email", "maria arroba exemplo", "email_invalido", "m*** a*** e***"),
        ("tipo", "Mutirão", "tipo_desconhecido", "Mutirão"),
        ("situacao_agenda", "XPTO", "situacao_desconhecida", "XPTO"),
        ("situacao_agenda", "Maria Souza da Silva", "situacao_desconhecida", "M*** S*** d*** S***"),
        ("agendado_em", "ontem", "data_invalida", "o***"),
        ("sala", "x" * 300, "texto_cortado", ""),
    ],
)
def test_optional_column_that_is_not_understood_is_said(coluna: str, texto: str, motivo: str, valor: str) -> None:
    assert warnings(**{coluna: texto}) == [(coluna, motivo, valor)]


def test_text_is_cleaned_of_what_cannot_be_seen() -> None:
    lido = record(nome_paciente=" Jo\u0061\u0303o\u00a0 \u202eda\u200b\x07 Silva\t", nome_medico="'=Dr. Igor")
    assert (lido.nome_paciente, lido.nome_medico) == ("João da Silva", "=Dr. Igor")


def test_masked_value_keeps_names_and_phones_out() -> None:
    rejeitada = rejection(data_consulta="Maria Souza 27 90123-4567")
    assert rejeitada.valor == "M*** S*** 2*** 9***"
    assert "Souza" not in repr(rejeitada)


INICIO = datetime(2020, 1, 1, tzinfo=UTC).replace(tzinfo=None)
FIM = datetime(2099, 1, 1, tzinfo=UTC).replace(tzinfo=None)
VISIVEL = st.text(
    st.characters(codec="utf-8", categories=["L", "N", "P", "S"], exclude_characters="'\ufeff"), min_size=1, max_size=30
)


@given(
    nome=VISIVEL,
    medico=VISIVEL,
    preparo=st.lists(VISIVEL, min_size=1, max_size=3).map("\n".join),
    quando=st.datetimes(INICIO, FIM).map(lambda momento: momento.replace(second=0, microsecond=0)),
    separador=st.sampled_from(";,\t"),
    codificacao=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
@settings(deadline=None)
def test_what_is_written_is_read_back(
    *, nome: str, medico: str, preparo: str, quando: datetime, separador: str, codificacao: str
) -> None:
    texto = io.StringIO(newline="")
    escritor = csv.writer(texto, delimiter=separador)
    escritor.writerow([*BASE, "preparo"])
    escritor.writerow(["0007", f"n{nome}", "27901234567", f"m{medico}", "e", quando.isoformat(), f"p{preparo}"])
    itens = list(read_agenda(io.BytesIO(texto.getvalue().encode(codificacao)), nome="a", zona=SAO_PAULO))
    if quando.hour == quando.minute == 0:
        assert isinstance(itens[0], LinhaRejeitada)
        return
    lido = itens[0]
    assert isinstance(lido, AtendimentoImportado)
    assert (lido.nr_seq_agenda, lido.nome_paciente) == ("0007", normalize("NFC", f"n{nome}"))
    assert (lido.nome_medico, lido.preparo) == (normalize("NFC", f"m{medico}"), normalize("NFC", f"p{preparo}"))
    assert lido.data_consulta.astimezone(SAO_PAULO).replace(tzinfo=None) == quando
