"""All that is kept of one patient, and how it is taken away. Whoever else answers at the same phone keeps theirs."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select, text

from app import crypto
from app.models import Atendimento, Contato, Mensagem, MensagemAtendimento, Paciente, PacienteContato, Recebida
from app.repositories.base import TenantRepository

_HASH: Final = 16
_SOLE: Final = text("""
SELECT pc.contato_id AS id FROM pacientes_contatos pc
WHERE pc.tenant_id = :tenant AND pc.paciente_id = :paciente
  AND NOT EXISTS (SELECT FROM pacientes_contatos o WHERE o.tenant_id = pc.tenant_id AND o.contato_id = pc.contato_id
                  AND o.paciente_id <> pc.paciente_id)
  AND NOT EXISTS (SELECT FROM atendimentos a WHERE a.tenant_id = pc.tenant_id AND a.contato_id = pc.contato_id
                  AND a.paciente_id <> pc.paciente_id)""")
_MESSAGES: Final = """
SELECT ma.mensagem_id FROM mensagens_atendimentos ma JOIN atendimentos a ON a.tenant_id = ma.tenant_id
AND a.id = ma.atendimento_id WHERE ma.tenant_id = :tenant AND a.paciente_id = :paciente"""
_BLANK: Final = tuple(
    text(statement)
    for statement in (
        f"""UPDATE mensagens SET texto = NULL, escrito = NULL, atualizado_em = CAST(:now AS timestamptz),
            estado = CASE WHEN estado = 'agendada' THEN 'cancelada' ELSE estado END,
            motivo = CASE WHEN estado = 'agendada' THEN 'nao_mais_necessaria' ELSE motivo END
            WHERE tenant_id = :tenant AND (id IN ({_MESSAGES}) OR contato_id = ANY(CAST(:sos AS bigint[])))""",  # noqa: S608  constants
        """UPDATE conversas_fatos SET nota = NULL
           WHERE tenant_id = :tenant AND contato_id = ANY(CAST(:sos AS bigint[]))""",
        f"""UPDATE recebidas SET corpo = NULL, texto = NULL WHERE tenant_id = :tenant
            AND (contato_id = ANY(CAST(:sos AS bigint[])) OR mensagem_id IN ({_MESSAGES}))""",  # noqa: S608  constants
        # An answer of somebody else at that phone is about their own visits from here on.
        """DELETE FROM mensagens_atendimentos ma USING atendimentos a
           WHERE ma.tenant_id = :tenant AND a.tenant_id = ma.tenant_id AND a.id = ma.atendimento_id
             AND a.paciente_id = :paciente
             AND EXISTS (SELECT FROM mensagens_atendimentos o JOIN atendimentos b
                         ON b.tenant_id = o.tenant_id AND b.id = o.atendimento_id
                         WHERE o.tenant_id = ma.tenant_id AND o.mensagem_id = ma.mensagem_id
                           AND b.paciente_id <> a.paciente_id)""",
        """UPDATE atendimentos SET telefone = NULL, telefone_2 = NULL, email = NULL, observacoes = NULL,
           resposta_paciente = NULL, preferencia = NULL, contato_id = NULL, conteudo_hash = NULL,
           planejar_em = NULL, corte_em = NULL,
           atencao = NULL, atencao_em = NULL, atualizado_em = CAST(:now AS timestamptz), versao = versao + 1
           WHERE tenant_id = :tenant AND paciente_id = :paciente""",
        """DELETE FROM pacientes_contatos WHERE tenant_id = :tenant AND paciente_id = :paciente""",
        """DELETE FROM contatos_canais WHERE tenant_id = :tenant AND contato_id = ANY(CAST(:sos AS bigint[]))""",
    )
)
_PATIENT: Final = text("""
UPDATE pacientes SET nome = :nome, palavras = '{}', id_paciente = NULL, data_nascimento = NULL, responsavel = NULL,
       chave = :chave
WHERE tenant_id = :tenant AND id = :paciente""")
_PHONE: Final = text("""
UPDATE contatos c SET telefone = u.telefone, telefone_hash = u.um, chave_hash = u.dois, final4_hash = u.tres
FROM unnest(CAST(:ids AS bigint[]), CAST(:telefones AS bytea[]), CAST(:um AS bytea[]), CAST(:dois AS bytea[]),
            CAST(:tres AS bytea[])) AS u(id, telefone, um, dois, tres)
WHERE c.tenant_id = :tenant AND c.id = u.id""")
REMOVIDO: Final = "Paciente removido"


@dataclass(frozen=True, slots=True)
class TudoDoPaciente:
    """What is kept of one patient."""

    paciente: Paciente
    contatos: Sequence[Contato]
    atendimentos: Sequence[Atendimento]
    mensagens: Sequence[Mensagem]
    recebidas: Sequence[Recebida]


class PrivacidadeRepository(TenantRepository):
    """One patient's data, found by any of their visits."""

    async def patient_of(self, atendimento_id: int) -> int | None:
        """Return the patient of a visit, their rows locked until the transaction ends."""
        found: int | None = await self._session.scalar(
            text("SELECT paciente_id FROM atendimentos WHERE tenant_id = :tenant AND id = :id"),
            {"tenant": self._tenant_id, "id": atendimento_id},
        )
        if found is not None:
            await self._session.execute(
                text("SELECT 1 FROM atendimentos WHERE tenant_id = :t AND paciente_id = :p ORDER BY id FOR UPDATE"),
                {"t": self._tenant_id, "p": found},
            )
        return found

    async def everything(self, paciente_id: int) -> TudoDoPaciente:
        """Read all that is kept of a patient."""
        mine = Atendimento.tenant_id == self._tenant_id, Atendimento.paciente_id == paciente_id
        visits = select(Atendimento.id).where(*mine)
        told = select(MensagemAtendimento.mensagem_id).where(
            MensagemAtendimento.tenant_id == self._tenant_id, MensagemAtendimento.atendimento_id.in_(visits)
        )
        phones = select(PacienteContato.contato_id).where(
            PacienteContato.tenant_id == self._tenant_id, PacienteContato.paciente_id == paciente_id
        )
        [paciente] = await self._all(
            select(Paciente).where(Paciente.tenant_id == self._tenant_id, Paciente.id == paciente_id)
        )
        return TudoDoPaciente(
            paciente,
            await self._all(select(Contato).where(Contato.tenant_id == self._tenant_id, Contato.id.in_(phones))),
            await self._all(select(Atendimento).where(*mine).order_by(Atendimento.data_consulta)),
            await self._all(
                select(Mensagem)
                .where(Mensagem.tenant_id == self._tenant_id, Mensagem.id.in_(told))
                .order_by(Mensagem.id)
            ),
            await self._all(
                select(Recebida)
                .where(Recebida.tenant_id == self._tenant_id, Recebida.mensagem_id.in_(told))
                .order_by(Recebida.id)
            ),
        )

    async def erase(self, paciente_id: int, now: datetime) -> None:
        """Take away who the patient is and what was said; the visits stay, as numbers."""
        sole = [row.id for row in await self._fetch(_SOLE, paciente=paciente_id)]
        given: Mapping[str, Any] = {"tenant": self._tenant_id, "paciente": paciente_id, "sos": sole, "now": now}
        for statement in _BLANK:
            await self._session.execute(statement, given)
        encrypt = crypto.keyring().encrypt
        await self._fetch(
            _PATIENT,
            paciente=paciente_id,
            nome=encrypt(REMOVIDO, "pacientes.nome", self._tenant_id),
            chave=os.urandom(_HASH),
        )
        if sole:
            blanks = [encrypt("", "contatos.telefone", self._tenant_id) for _ in sole]
            hashes = {name: [os.urandom(_HASH) for _ in sole] for name in ("um", "dois", "tres")}
            await self._fetch(_PHONE, ids=sole, telefones=blanks, **hashes)

    async def _all(self, query: Any) -> Sequence[Any]:
        return (await self._session.scalars(query)).all()
