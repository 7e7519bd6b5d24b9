"""What an appointment tells of itself: its messages, its story, what comes next."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from app.connectors.base import AtendimentoImportado
from app.database import Database
from app.domain.confirmacao import EstadoMensagem
from app.repositories.consulta import Cursor
from app.repositories.painel import PainelRepository
from app.repositories.planejamento import MensagemNova, PlanejamentoRepository, key_of
from app.services.atendimento_service import AtendimentoInexistente
from app.services.explicacao import Explicacao, ExplicacaoService
from app.services.explicacao_textos import name_passo, tell_fato
from app.services.importacao_service import ImportacaoService

CONSULTA_EM = datetime(2026, 3, 6, 17, 30, tzinfo=UTC)


async def book(database: Database, tenant_id: int, now: datetime, **changes: object) -> int:
    values: dict[str, object] = {
        "nr_seq_agenda": "1",
        "nome_paciente": "Maria Souza",
        "nome_medico": "Dra. Helena Prado",
        "especialidade": "Cardiologia",
        "data_consulta": CONSULTA_EM,
        "telefone": "31987654321",
        **changes,
    }
    registro = AtendimentoImportado(**values, linha=1)  # type: ignore[arg-type]
    service = ImportacaoService(database, tenant_id, zona=ZoneInfo("America/Sao_Paulo"))
    resultado = await service.importar([registro], origem="hospital", now=now)
    return resultado.ids[registro.nr_seq_agenda]


async def send(database: Database, tenant_id: int, ident: int, *, passo: str, quando: datetime, estado: str) -> None:
    """Write one message about the visit as it stands after its life."""
    async with database.session_scope(tenant_id) as session:
        row = (
            await session.execute(
                text("SELECT contato_id, dia, horario_versao FROM atendimentos WHERE id = :i"), {"i": ident}
            )
        ).one()
        tipo = "pedido" if passo == "pedido" else "lembrete"
        nova = MensagemNova(
            contato_id=row.contato_id, dia=row.dia, tipo=tipo, passo=passo, modelo=tipo, versao=1, prioridade=4,
            quando=quando, ate=CONSULTA_EM, itens=[(ident, "A", passo, row.horario_versao)],
        )  # fmt: skip
        ids = await PlanejamentoRepository(session, tenant_id).add([nova], quando)
        if estado != EstadoMensagem.AGENDADA:
            await session.execute(
                text("""UPDATE mensagens SET estado = :e, iniciada_em = quando, enviada_em = quando, tentativas = 1
                     WHERE id = :i"""),
                {"e": estado, "i": ids[key_of(nova)]},
            )


async def explain(database: Database, tenant_id: int, ident: int, now: datetime) -> Explicacao:
    async with database.session_scope(tenant_id) as session:
        _, explicacao = await ExplicacaoService(session, tenant_id).explain(ident, now=now)
    return explicacao


async def test_reminders_are_read_from_the_messages(database: Database, hospital: int, now: datetime) -> None:
    ident = await book(database, hospital, now)
    await send(database, hospital, ident, passo="pedido", quando=now, estado="enviada")
    await send(database, hospital, ident, passo="lembrete_48h", quando=now + timedelta(days=1), estado="entregue")
    await send(database, hospital, ident, passo="lembrete_12h", quando=now + timedelta(days=3), estado="agendada")
    async with database.session_scope(hospital) as session:
        lido, explicacao = await ExplicacaoService(session, hospital).explain(ident, now=now + timedelta(days=2))
    registro = lido.registro
    assert (registro["enviado_em"], registro["lembrete_48h_enviado_em"]) == (now, now + timedelta(days=1))
    assert (registro["lembrete_12h_enviado_em"], registro["tentativas"]) == (None, 2)
    assert [elo.passo for _, elo in lido.mensagens] == ["pedido", "lembrete_48h", "lembrete_12h"]
    assert explicacao.proximos[0].code == "mensagem_agendada"
    assert explicacao.proximos[0].em == now + timedelta(days=3)


async def test_what_was_said_of_the_old_time_does_not_count_for_the_new(
    database: Database, hospital: int, now: datetime
) -> None:
    ident = await book(database, hospital, now)
    await send(database, hospital, ident, passo="pedido", quando=now, estado="enviada")
    await book(database, hospital, now, data_consulta=CONSULTA_EM + timedelta(days=3))
    async with database.session_scope(hospital) as session:
        lido, explicacao = await ExplicacaoService(session, hospital).explain(ident, now=now)
    assert (lido.registro["enviado_em"], lido.registro["tentativas"]) == (None, 0)
    assert "O hospital mudou o horário." in " ".join(linha.texto for linha in explicacao.linhas)


@pytest.mark.parametrize(
    ("table", "column", "code"),
    [
        ("contatos", "optout_em", "pediu_para_parar"),
        ("pacientes", "falecido_em", "obito"),
        ("pacientes_contatos", "numero_errado_em", "numero_errado"),
    ],
)
async def test_silence_has_its_reason(
    *, database: Database, hospital: int, now: datetime, table: str, column: str, code: str
) -> None:
    ident = await book(database, hospital, now)
    async with database.session_scope(hospital) as session:
        await session.execute(text(f"UPDATE {table} SET {column} = :n"), {"n": now})  # noqa: S608  names from the cases
    explicacao = await explain(database, hospital, ident, now)
    assert [(proximo.code, proximo.em) for proximo in explicacao.proximos] == [(code, None)]


async def test_the_next_step_and_the_cut_off_are_told_with_their_times(
    database: Database, hospital: int, now: datetime
) -> None:
    ident = await book(database, hospital, now - timedelta(days=2))
    explicacao = await explain(database, hospital, ident, now - timedelta(days=2))
    (pedido, corte) = explicacao.proximos
    assert (pedido.code, pedido.em) == ("passo_pedido", CONSULTA_EM - timedelta(hours=72))
    assert corte.code == "corte"
    assert corte.em is not None
    assert pedido.em is not None
    assert pedido.em < corte.em < CONSULTA_EM


async def test_another_hospitals_visit_does_not_exist(
    database: Database, hospital: int, outro_hospital: int, now: datetime
) -> None:
    ident = await book(database, hospital, now)
    with pytest.raises(AtendimentoInexistente):
        await explain(database, outro_hospital, ident, now)


async def test_the_figures_of_a_day_add_up(database: Database, hospital: int, now: datetime) -> None:
    for number, telefone in enumerate(("31987654321", "31987654322", "3133334444", None)):
        await book(database, hospital, now, nr_seq_agenda=str(number), telefone=telefone)
    gone = await book(database, hospital, now, nr_seq_agenda="9", situacao_agenda="cancelado")
    assert gone
    dia = CONSULTA_EM.date()
    async with database.session_scope(hospital) as session:
        contado = (await PainelRepository(session, hospital).count_days(dia, dia))[dia]
    assert (contado.total, contado.pendente, contado.sem_celular) == (4, 2, 2)


@pytest.mark.parametrize(
    "written", ["", "abc", "§", "MjAyNi0wMy0wNlQxNzozMDowMHww", "MjAyNi0wMy0wNnwx", "====", "a" * 5]
)
def test_a_cursor_we_did_not_write_is_none(written: str) -> None:
    assert Cursor.decode(written) is None


def test_a_cursor_comes_back_as_it_left() -> None:
    cursor = Cursor(CONSULTA_EM, 2**62)
    assert Cursor.decode(cursor.encode()) == cursor


@pytest.mark.parametrize(
    ("fato", "porque", "dados", "sentence"),
    [
        ("mensagem_planejada", "no_prazo", {"passo": "lembrete_48h"},
         "Lembrete de 48 h programado. No prazo combinado."),
        ("passo_pulado", "sem_janela", {"passo": "pedido"},
         "Pedido de confirmação não foi enviado. Não há horário permitido antes da consulta."),
        ("resposta_recebida", "pergunta", {}, "O paciente escreveu. Fez uma pergunta."),
        ("paciente_confirmou", "digito:sim", {}, "O paciente confirmou. Respondeu com o número da opção."),
        ("resposta_recebida", "contexto:saudacao", {}, "O paciente escreveu."),
        ("mensagem_falhou", "etiqueta não existe na conta: vip", {},
         "A mensagem não pôde ser enviada. Motivo: etiqueta não existe na conta: vip."),
        ("mensagem_falhou", "modelo_invalido", {}, "A mensagem não pôde ser enviada. O texto do modelo tem um erro."),
        ("coisa_nova", "motivo_novo", {}, "Coisa nova. Motivo: motivo novo."),
        ("chaves_{estranhas}", None, {}, "Chaves {estranhas}."),
    ],
)  # fmt: skip
def test_each_line_of_the_history_is_a_sentence(
    fato: str, porque: str | None, dados: dict[str, str], sentence: str
) -> None:
    assert tell_fato(fato, de=None, para=None, porque=porque, dados=dados) == sentence


def test_a_step_nobody_named_is_shown_by_its_own_words() -> None:
    assert name_passo("aviso_especial") == "Aviso especial"
