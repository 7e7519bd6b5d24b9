"""A hospital's own texts: in force at once, never mixed up with a neighbour's, and known for each patient."""

import asyncio
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from app.database import Database
from app.domain.aprovacao import EstadoAprovacao
from app.domain.modelo import ModeloInvalido, shipped_modelos
from app.domain.modelo_aprovado import Impedimento, ModeloAprovado, read_valores
from app.repositories.hospital import Hospital, HospitalRepository
from app.services.atendimento_service import AtendimentoInexistente
from app.services.modelo_service import CanalInexistente, ModeloInexistente, ModeloService, Previa
from tests.cenario import Cenario, add_canal
from tests.fabricas import CONSULTA_EM, make_agenda

VARIAS = "{% for v in visitas %}{{ v.letra }}) {{ v.nome }}: {{ v.quando }}\n{% endfor %}Responda 1 ou 0."
UMA = "Oi, {{ nome }}: {{ visita.tipo_curto }} {{ visita.quando }}. Responda 1 (vou) ou 0 (não vou)."
NOVO = "{% if varias %}" + VARIAS + "{% else %}" + UMA + "{% endif %}"
OUTRO = NOVO.replace("Oi", "Olá")
APROVADO = ModeloAprovado("confirmacao", "pt_BR", read_valores(["nome", "quando"]), botoes=2)


async def save(
    database: Database, hospital: int, corpo: str, now: datetime, *, nome: str = "pedido"
) -> tuple[int, bool]:
    async with database.session_scope(hospital) as session:
        saved = await ModeloService(session, hospital).save(nome, corpo, now=now)
    return saved.modelo.versao, saved.novo


async def go_back(database: Database, hospital: int, versao: int, now: datetime) -> tuple[int, bool]:
    async with database.session_scope(hospital) as session:
        saved = await ModeloService(session, hospital).go_back("pedido", versao, now=now)
    return saved.modelo.versao, saved.novo


async def load(database: Database, hospital: int) -> Hospital:
    async with database.session_scope(hospital) as session:
        return await HospitalRepository(session, hospital).load()


async def link(
    database: Database, hospital: int, canal: int, aprovado: ModeloAprovado = APROVADO, *, modelo: str = "pedido"
) -> None:
    async with database.session_scope(hospital) as session:
        await ModeloService(session, hospital).link(canal, modelo, aprovado)


async def preview(cenario: Cenario, numero: str | int = "1001", nome: str = "pedido", **options: Any) -> Previa:
    atendimento_id = (await cenario.visit(numero))["id"]
    async with cenario.database.session_scope(cenario.tenant_id) as session:
        service = ModeloService(session, cenario.tenant_id)
        return await service.preview(nome, atendimento_id, now=cenario.relogio(), **options)


async def test_a_change_is_in_force_for_what_was_planned_before_it_and_not_sent_yet(cenario: Cenario) -> None:
    await cenario.importar(make_agenda(), make_agenda(1002, telefone="27998123457", nome_paciente="Ana Souza"))
    await cenario.programa.scheduler.run_all()
    assert await save(cenario.database, cenario.tenant_id, NOVO, cenario.relogio()) == (1, True)
    await cenario.send()
    [texto] = cenario.texts()
    assert texto == "Oi, Joaquina: consulta quinta-feira, 05/03, às 10:00. Responda 1 (vou) ou 0 (não vou)."
    rows = await cenario.rows("SELECT DISTINCT modelo, modelo_versao FROM mensagens")
    assert [(row["modelo"], row["modelo_versao"]) for row in rows] == [("pedido", 1)]


async def test_what_was_sent_keeps_the_version_it_was_sent_with(cenario: Cenario) -> None:
    await cenario.importar(make_agenda())
    await cenario.tick()
    await save(cenario.database, cenario.tenant_id, NOVO, cenario.relogio())
    await cenario.importar(make_agenda(1002, telefone="27998123457", nome_paciente="Ana Souza"))
    await cenario.tick()
    rows = await cenario.rows("SELECT modelo_versao FROM mensagens ORDER BY id")
    assert [row["modelo_versao"] for row in rows] == [0, 1]


async def test_the_text_in_force_saved_again_makes_no_version(database: Database, hospital: int, now: datetime) -> None:
    shipped = shipped_modelos()["pedido"].corpo
    assert await save(database, hospital, shipped.replace("\n", "\r\n") + "\n", now) == (0, False)
    assert await save(database, hospital, NOVO, now) == (1, True)
    assert await save(database, hospital, f"  {NOVO}\n", now) == (1, False)
    assert await save(database, hospital, OUTRO, now) == (2, True)


async def test_back_to_an_earlier_text_is_a_version_of_its_own(
    database: Database, hospital: int, now: datetime
) -> None:
    await save(database, hospital, NOVO, now)
    await save(database, hospital, OUTRO, now)
    assert await go_back(database, hospital, 1, now) == (3, True)
    assert await go_back(database, hospital, 3, now) == (3, False)
    assert await go_back(database, hospital, 0, now) == (4, True)
    assert (await load(database, hospital)).modelos["pedido"].corpo == shipped_modelos()["pedido"].corpo
    async with database.session_scope(hospital) as session:
        versions = await ModeloService(session, hospital).versions("pedido")
    assert [guardada.modelo.versao for guardada in versions] == [4, 3, 2, 1, 0]
    with pytest.raises(ModeloInexistente):
        await go_back(database, hospital, 9, now)


async def test_two_who_save_at_once_make_two_versions(database: Database, hospital: int, now: datetime) -> None:
    made = await asyncio.gather(*(save(database, hospital, corpo, now) for corpo in (NOVO, OUTRO)))
    assert sorted(made) == [(1, True), (2, True)]


async def test_what_breaks_a_rule_is_refused_and_nothing_changes(
    database: Database, hospital: int, now: datetime
) -> None:
    with pytest.raises(ModeloInvalido, match="como responder"):
        await save(database, hospital, NOVO.replace("0 (não vou)", "não"), now)
    with pytest.raises(ModeloInexistente):
        await save(database, hospital, NOVO, now, nome="propaganda")
    assert (await load(database, hospital)).modelos["pedido"].versao == 0


async def test_a_regulated_slot_makes_the_warning_obligatory(cenario: Cenario) -> None:
    await cenario.set_politica(especialidades_reguladas=["Cardiologia"])
    with pytest.raises(ModeloInvalido, match="vaga não volta"):
        await save(cenario.database, cenario.tenant_id, NOVO, cenario.relogio())


async def test_a_neighbour_has_its_own_texts(
    database: Database, hospital: int, outro_hospital: int, now: datetime
) -> None:
    canal = await add_canal(database, hospital, "http://127.0.0.1:1", segredos=[])
    await save(database, hospital, NOVO, now)
    await link(database, hospital, canal)
    neighbour = await load(database, outro_hospital)
    assert (neighbour.modelos["pedido"].versao, neighbour.aprovados) == (0, {})
    async with database.session_scope(outro_hospital) as session:
        service = ModeloService(session, outro_hospital)
        assert len(await service.versions("pedido")) == 1
        assert all(not item.aprovados and item.criado_em is None for item in await service.in_force())
        with pytest.raises(CanalInexistente):
            await service.link(canal, "pedido", APROVADO)
        with pytest.raises(ModeloInexistente):
            await service.unlink(canal, "pedido")
    assert list((await load(database, hospital)).aprovados) == [(canal, "pedido")]


async def test_a_neighbours_visit_is_not_previewed(cenario: Cenario, outro_hospital: int) -> None:
    await cenario.importar(make_agenda())
    atendimento_id = (await cenario.visit())["id"]
    async with cenario.database.session_scope(outro_hospital) as session:
        with pytest.raises(AtendimentoInexistente):
            await ModeloService(session, outro_hospital).preview("pedido", atendimento_id, now=cenario.relogio())


async def test_a_preview_is_what_arrives(cenario: Cenario) -> None:
    await save(cenario.database, cenario.tenant_id, NOVO, cenario.relogio())
    await cenario.importar(make_agenda())
    before = await preview(cenario)
    await cenario.programa.scheduler.run_all()
    planned = await preview(cenario)
    await cenario.send()
    assert [before.texto] == [planned.texto] == cenario.texts()
    assert (before.versao, before.motivo, planned.motivo) == (1, None, None)


@pytest.mark.parametrize("numero", [1001, 1002])
async def test_a_preview_of_one_of_two_visits_is_the_message_about_both(cenario: Cenario, numero: int) -> None:
    irmao = make_agenda(1002, nome_paciente="Bento Araújo", data_consulta=CONSULTA_EM.replace(hour=14))
    await cenario.importar(make_agenda(), irmao)
    before = await preview(cenario, numero)
    await cenario.programa.scheduler.run_all()
    planned = await preview(cenario, numero)
    await cenario.send()
    assert [before.texto] == [planned.texto] == cenario.texts()
    assert len(before.atendimentos) == 2
    assert "*A)* Joaquina" in before.texto
    assert "*B)* Bento" in before.texto


async def test_a_text_not_kept_yet_can_be_tried(cenario: Cenario) -> None:
    await cenario.importar(make_agenda())
    tried = await preview(cenario, corpo=NOVO)
    assert tried.texto.startswith("Oi, Joaquina")
    assert tried.versao is None
    assert (await load(cenario.database, cenario.tenant_id)).modelos["pedido"].versao == 0
    with pytest.raises(ModeloInvalido):
        await preview(cenario, corpo="{{ cpf }}")


async def test_a_preview_says_why_nothing_would_leave(cenario: Cenario) -> None:
    mudo = make_agenda(1002, telefone=None, nome_paciente="Sem Celular")
    await cenario.importar(make_agenda(), mudo)
    await cenario.tick()
    assert (await preview(cenario, 1002)).motivo == "sem_celular"
    await cenario.reply("1")
    answered = await preview(cenario)
    assert (answered.motivo, len(answered.atendimentos)) == ("nada_a_dizer", 1)
    assert "10:00" in answered.texto
    assert (await preview(cenario, nome="confirmado")).motivo is None
    await cenario.reply("SAIR")
    assert (await preview(cenario)).motivo == "pediu_para_parar"


async def test_a_preview_shows_what_an_approved_text_would_say(cenario: Cenario) -> None:
    await link(cenario.database, cenario.tenant_id, cenario.canal_id)
    irmao = make_agenda(1002, nome_paciente="Bento Araújo", data_consulta=CONSULTA_EM.replace(hour=14))
    await cenario.importar(make_agenda(1003, telefone="27998123457", nome_paciente="Ana Souza"), make_agenda(), irmao)
    [one] = (await preview(cenario, 1003)).aprovados
    [two] = (await preview(cenario, 1001)).aprovados
    assert list(one.valores) == [("1", "Ana"), ("2", "quinta-feira, 05/03, às 10:00")]
    assert (one.canal.id, one.impedimento, two.impedimento) == (cenario.canal_id, None, Impedimento.UMA_VISITA)
    assert (await preview(cenario, 1003, nome="lembrete")).aprovados == []


async def test_the_approved_texts_come_with_the_hospital(database: Database, hospital: int) -> None:
    canal = await add_canal(database, hospital, "http://127.0.0.1:1", segredos=[])
    named = replace(APROVADO, valores=(("paciente", "nome"), ("data", "quando")), estado=EstadoAprovacao.DESCONHECIDO)
    await link(database, hospital, canal, named)
    await link(database, hospital, canal, APROVADO, modelo="lembrete")
    assert (await load(database, hospital)).aprovados == {(canal, "pedido"): named, (canal, "lembrete"): APROVADO}
    await link(database, hospital, canal, APROVADO)  # another in its place
    assert (await load(database, hospital)).aprovados[canal, "pedido"] == APROVADO
    async with database.session_scope(hospital) as session:
        await ModeloService(session, hospital).unlink(canal, "pedido")
    assert list((await load(database, hospital)).aprovados) == [(canal, "lembrete")]


async def test_a_link_that_cannot_work_is_refused(database: Database, hospital: int) -> None:
    canal = await add_canal(database, hospital, "http://127.0.0.1:1", segredos=[])
    with pytest.raises(ModeloInvalido, match="cpf"):
        await link(database, hospital, canal, replace(APROVADO, valores=(("1", "cpf"),)))
    with pytest.raises(ModeloInexistente):
        await link(database, hospital, canal, modelo="propaganda")
    assert (await load(database, hospital)).aprovados == {}
