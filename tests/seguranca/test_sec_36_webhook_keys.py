"""SEC-36: a gateway's call proves itself by an API key with the scope for it, and by no other."""

import json

import pytest

from app.auth.chaves import Chaves
from app.domain.permissao import Permissao
from tests.cenario import Cenario
from tests.fabricas import FONE, make_agenda


def _chaves(cenario: Cenario, tenant_id: int) -> Chaves:
    return Chaves(cenario.database, tenant_id, cenario.programa.contas.now)


async def answer(cenario: Cenario, chave: str) -> tuple[int, str]:
    body = json.dumps({"telefone": FONE, "resposta": "1"}).encode()
    status, told = await cenario.call(body, headers={"x-webhook-secret": "", "x-api-key": chave})
    return status, str(told.get("status") or told.get("code"))


async def test_sec_36_a_key_for_webhooks_brings_answers(cenario: Cenario) -> None:
    nova = await Chaves(cenario.database, cenario.tenant_id, cenario.programa.contas.now).create(
        "n8n", [Permissao.WEBHOOK_RECEBER]
    )
    await cenario.importar(make_agenda())
    await cenario.tick()
    assert await answer(cenario, nova.texto) == (200, "CONFIRMADO")


@pytest.mark.parametrize("kind", ["another scope", "another hospital", "revoked", "none"])
async def test_sec_36_any_other_key_is_a_stranger(cenario: Cenario, outro_hospital: int, kind: str) -> None:
    dono = outro_hospital if kind == "another hospital" else cenario.tenant_id
    escopo = Permissao.AGENDA_LER if kind == "another scope" else Permissao.WEBHOOK_RECEBER
    nova = await _chaves(cenario, dono).create("n8n", [escopo])
    if kind == "revoked":
        await _chaves(cenario, dono).revoke("n8n")
    await cenario.importar(make_agenda())
    await cenario.tick()
    assert await answer(cenario, "cfm_1_x" if kind == "none" else nova.texto) == (401, "nao_autorizado")
    assert await cenario.status() == ["aguardando"]
