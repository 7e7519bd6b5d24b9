"""What an operator changes of a channel is in force without a restart, and never half."""

import json
from typing import Any

import pytest

from app.cli.canal import alterar, credenciais, testar
from app.cli.canal.credenciais import Qual
from app.cli.canal.testar import Trial
from app.cli.erros import UsoErrado
from app.config import Environment
from app.services.atendimento_service import RegraRecusou
from app.workers.canais import CanalPronto
from tests.cenario import Cenario
from tests.fabricas import FONE, make_agenda

CELULAR = f"+55{FONE}"
NOVO = "segredo-novo-000111222333"


async def canal_de(cenario: Cenario) -> str:
    [row] = await cenario.rows("SELECT nome FROM canais WHERE id = :c", c=cenario.canal_id)
    return str(row["nome"])


async def em_vigor(cenario: Cenario) -> CanalPronto:
    await cenario.programa.canais.refresh()
    return (await cenario.programa.canais.all())[cenario.tenant_id, cenario.canal_id]


async def change(cenario: Cenario, **columns: Any) -> None:
    pares = columns.pop("pares", [])
    taxa = columns.pop("taxa", None)
    nome = await canal_de(cenario)
    await alterar.change(cenario.programa, nome=nome, columns=columns, pares=pares, taxa=taxa)


async def replace(cenario: Cenario, *, rotate: str | None = None, drop: Qual | None = None, **values: str) -> None:
    order = credenciais.Order(values, rotate, drop)
    await credenciais.change(cenario.programa, nome=await canal_de(cenario), order=order)


async def test_settings_and_pace_are_in_force_at_once(cenario: Cenario) -> None:
    before = await em_vigor(cenario)
    await change(cenario, pares=["modo=oficial", "flow_id=5"], taxa=77)
    after = await em_vigor(cenario)
    assert after.provider is not before.provider
    assert (after.por_minuto, after.provider.capabilities.rate_per_minute) == (77, 77)


async def test_a_channel_switched_off_sends_nothing_and_still_hears_who_was_asked(cenario: Cenario) -> None:
    await cenario.importar(make_agenda())
    await cenario.tick()
    [asked] = cenario.texts()
    await change(cenario, ativo=False)
    await cenario.programa.canais.refresh()
    status, answer = await cenario.call({"telefone": FONE, "resposta": "1"})
    await cenario.tick()
    assert (status, answer["status"]) == (200, "CONFIRMADO")
    assert cenario.texts() == [asked], "the answer to the patient waits for a channel that sends"


async def test_both_secrets_prove_a_call_until_the_old_one_is_dropped(cenario: Cenario) -> None:
    async def answers() -> list[int]:
        await cenario.programa.canais.refresh()
        body = {"telefone": FONE, "resposta": "1"}
        calls = [{"x-webhook-secret": segredo} for segredo in (cenario.segredo, NOVO)]
        return [(await cenario.call(body, headers=headers))[0] for headers in calls]

    assert await answers() == [200, 401]
    await replace(cenario, rotate=NOVO)
    assert await answers() == [200, 200]
    await replace(cenario, drop=Qual.ANTIGO)
    assert await answers() == [401, 200]


async def test_a_new_key_is_used_and_lies_encrypted(cenario: Cenario) -> None:
    await replace(cenario, api_key="chave-nova-e-secreta")
    assert not (await (await em_vigor(cenario)).provider.check()).ok, "the account knows another key"
    [row] = await cenario.rows("SELECT credenciais FROM canais WHERE id = :c", c=cenario.canal_id)
    assert b"chave-nova" not in row["credenciais"]


async def test_what_cannot_work_leaves_the_channel_as_it_was(cenario: Cenario) -> None:
    before = await em_vigor(cenario)
    with pytest.raises(UsoErrado):
        await change(cenario, prioridade=50, pares=["base_url=ftp://x"])
    with pytest.raises(UsoErrado):
        await replace(cenario, api_key="chave\ninjetada")
    assert (await em_vigor(cenario)) is before
    [row] = await cenario.rows("SELECT prioridade FROM canais WHERE id = :c", c=cenario.canal_id)
    assert row["prioridade"] != 50


async def test_a_test_message_is_nobodys(cenario: Cenario) -> None:
    counted = "SELECT (SELECT count(*) FROM mensagens) + (SELECT count(*) FROM contatos) AS n"
    [before] = await cenario.rows(counted)
    done = await testar.send(cenario.programa, trial=Trial(await canal_de(cenario), CELULAR))
    [after] = await cenario.rows(counted)
    assert done["ok"]
    assert (before, len(cenario.texts())) == (after, 1)
    assert json.dumps(done).find(FONE) == -1


async def test_a_test_is_refused_to_who_asked_for_silence(cenario: Cenario) -> None:
    await cenario.importar(make_agenda())
    await cenario.tick()
    await cenario.reply("sair")
    sent = len(cenario.texts())
    with pytest.raises(RegraRecusou) as refused:
        await testar.send(cenario.programa, trial=Trial(await canal_de(cenario), CELULAR))
    assert refused.value.code == "pediu_para_parar"
    assert len(cenario.texts()) == sent


@pytest.mark.parametrize(("allowed", "leaves"), [((), False), ((CELULAR,), True)])
async def test_staging_tries_only_the_phones_of_its_list(
    cenario: Cenario, *, allowed: tuple[str, ...], leaves: bool
) -> None:
    programa = cenario.programa
    staging = {"environment": Environment.STAGING, "staging_allowed_phones": allowed}
    programa.settings = programa.settings.model_copy(update=staging)
    trial = Trial(await canal_de(cenario), CELULAR)
    if leaves:
        assert (await testar.send(programa, trial=trial))["ok"]
        return
    with pytest.raises(RegraRecusou) as refused:
        await testar.send(programa, trial=trial)
    assert refused.value.code == "fora_da_lista"
    assert cenario.texts() == []


async def test_who_wrote_lately_needs_no_word_for_it(cenario: Cenario) -> None:
    await change(cenario, pares=["modo=oficial"])
    await cenario.importar(make_agenda())
    nome = await canal_de(cenario)
    shut = await testar.send(cenario.programa, trial=Trial(nome, CELULAR))
    await cenario.call({"telefone": FONE, "resposta": "bom dia"})
    wide = await testar.send(cenario.programa, trial=Trial(nome, CELULAR))
    assert (shut["resultado"], wide["resultado"]) == ("configuracao", "aceita"), "no flow is set up; a text needs none"
