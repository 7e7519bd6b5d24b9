"""SEC-41: a patient gets a copy of everything, and can be taken away without those who share the phone."""

import pytest

from app.domain.permissao import Papel
from app.repositories.privacidade import REMOVIDO
from app.services.atendimento_service import AtendimentoInexistente
from app.services.privacidade_service import PrivacidadeService
from tests.cenario import Cenario
from tests.fabricas import FONE, make_agenda
from tests.seguranca.conftest import Porta
from tests.seguranca.test_sec_39_dump import dump, readable
from tests.web.apoio import corpo_atendimento

NOME, MARCAS = "Quitéria Zuanazzi", ("Quit", "Zuanazzi", "98123456", "jaburuna")


async def lived(cenario: Cenario) -> int:
    await cenario.importar(make_agenda(nome_paciente=NOME, email="q@exemplo.org", observacoes="Quitéria usa rampa"))
    await cenario.tick()
    await cenario.reply("não sei, moro no jaburuna")
    number: int = (await cenario.visit())["id"]
    return number


async def test_sec_41_a_copy_of_everything(cenario: Cenario) -> None:
    number = await lived(cenario)
    async with cenario.database.session_scope(cenario.tenant_id) as session:
        tudo = await PrivacidadeService(session, cenario.tenant_id).everything(number)
        assert tudo.paciente.nome == NOME
        assert [contato.telefone[-8:] for contato in tudo.contatos] == [FONE[-8:]]
        assert [visita.email for visita in tudo.atendimentos] == ["q@exemplo.org"]
        assert any("Quitéria" in (mensagem.texto or "") for mensagem in tudo.mensagens)
        assert ["jaburuna" in (recebida.texto or "") for recebida in tudo.recebidas] == [True]


async def test_sec_41_erased_is_erased_and_the_visit_still_counts(cenario: Cenario) -> None:
    number = await lived(cenario)
    async with cenario.database.session_scope(cenario.tenant_id) as session:
        assert await PrivacidadeService(session, cenario.tenant_id).erase(number, now=cenario.relogio()) == 1
    async with cenario.database.session_scope(cenario.tenant_id) as session:
        tudo = await PrivacidadeService(session, cenario.tenant_id).everything(number)
        assert (tudo.paciente.nome, tudo.contatos) == (REMOVIDO, [])
        assert {mensagem.texto for mensagem in tudo.mensagens} == {None}
        assert {(recebida.texto, recebida.corpo) for recebida in tudo.recebidas} == {(None, None)}
    whole = readable(await dump(cenario.database, cenario.tenant_id))
    assert [mark for mark in MARCAS if mark.lower() in whole.lower()] == []
    assert (await cenario.visit())["status_confirmacao"] == "aguardando"
    before = len(cenario.texts())
    cenario.relogio.pass_time(days=2)
    await cenario.tick()
    assert len(cenario.texts()) == before, "nothing more is written to them"
    assert (await cenario.reply("1"))["status"] == "SEM_ATENDIMENTO"


async def test_sec_41_who_shares_the_phone_keeps_theirs(cenario: Cenario) -> None:
    await cenario.importar(make_agenda(nome_paciente=NOME), make_agenda("1002", nome_paciente="Irmão Dela"))
    await cenario.tick()
    number = (await cenario.visit("1001"))["id"]
    async with cenario.database.session_scope(cenario.tenant_id) as session:
        await PrivacidadeService(session, cenario.tenant_id).erase(number, now=cenario.relogio())
    async with cenario.database.session_scope(cenario.tenant_id) as session:
        other = await PrivacidadeService(session, cenario.tenant_id).everything((await cenario.visit("1002"))["id"])
        assert (other.paciente.nome, len(other.contatos)) == ("Irmão Dela", 1)
    await cenario.reply("1")
    assert await cenario.status("1001", "1002") == ["aguardando", "confirmado"]


async def test_sec_41_a_patient_nobody_has_is_told_so(cenario: Cenario) -> None:
    async with cenario.database.session_scope(cenario.tenant_id) as session:
        with pytest.raises(AtendimentoInexistente):
            await PrivacidadeService(session, cenario.tenant_id).everything(999_999_999)


@pytest.mark.parametrize(("papel", "status"), [(Papel.RECEPCAO, 200), (Papel.GESTOR, 403), (Papel.INTEGRACAO, 403)])
async def test_sec_41_over_the_api(porta: Porta, papel: Papel, status: int) -> None:
    reception = await porta.bearer(await porta.user(Papel.RECEPCAO))
    async with porta.client.post("/api/v1/atendimentos", json=corpo_atendimento(), headers=reception) as answer:
        path = f"/api/v1/atendimentos/{(await answer.json())['id']}/paciente"
    headers = await porta.bearer(await porta.user(papel))
    assert await porta.status(path, headers=headers) == status
    assert await porta.status(f"{path}/anonimizar", method="POST", headers=headers) == status
