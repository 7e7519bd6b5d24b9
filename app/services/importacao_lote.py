"""One batch of bookings in one transaction: compared with what we have, stored, and what changed followed up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.agenda import Consequencia, EstadoAgenda, Planejamento, compare
from app.domain.confirmacao import SituacaoAgenda, StatusConfirmacao
from app.repositories.base import FatoHistorico, HistoricoRepository
from app.repositories.efeitos import EfeitoRepository
from app.repositories.importacao import Conhecido, ImportacaoRepository
from app.repositories.importacao_atendimentos import (
    Alteracao,
    AtendimentosImportadosRepository,
    Guardado,
    LinhaAtendimento,
)
from app.services.efeitos import EfeitoService, Mudanca
from app.services.importacao_pessoas import Encontradas, PessoasConhecidas
from app.services.importacao_registro import Registro

# What a person calls a field of the booking, where its column is called otherwise.
_CAMPOS: Final[Mapping[str, str]] = {
    **{
        name: name
        for name in (
            "data_consulta", "situacao_agenda", "nome_medico", "especialidade", "tipo", "convenio", "sala",
            "duracao_min", "chegar_antes_min", "preparo", "observacoes", "telefone", "telefone_2", "email",
            "agendado_em",
        )
    },
    "unidade_id": "unidade",
    "paciente_id": "paciente",
}  # fmt: skip


@dataclass(slots=True)
class ResultadoLote:
    atualizados: int = 0
    inalterados: int = 0
    criados: dict[str, int] = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class _Triagem:
    """A batch sorted by what must be done; `versoes` are repetitions that came with a newer version."""

    novos: list[Registro] = field(default_factory=list)
    mudados: dict[int, Registro] = field(default_factory=dict)
    versoes: dict[int, datetime] = field(default_factory=dict)

    @property
    def registros(self) -> list[Registro]:
        """What must be written: the new ones, then the changed ones."""
        return [*self.novos, *self.mudados.values()]


@dataclass(slots=True)
class _Mudado:
    """A booking that reads otherwise than it is stored."""

    registro: Registro
    guardado: Guardado
    linha: LinhaAtendimento
    campos: list[str]
    consequencia: Consequencia


class LoteService:
    """Takes the batches of one origin."""

    def __init__(
        self, session: AsyncSession, tenant_id: int, *, origem: str, quem: str, pessoas: PessoasConhecidas
    ) -> None:
        """Take an open transaction of one hospital, and whom the import has met."""
        self._session = session
        self._pessoas = pessoas
        self._origem = origem
        self._quem = quem
        self._importacao = ImportacaoRepository(session, tenant_id)
        self._atendimentos = AtendimentosImportadosRepository(session, tenant_id)
        self._historico = HistoricoRepository(session, tenant_id)
        self._mensagens = EfeitoRepository(session, tenant_id)
        self._efeitos = EfeitoService(session, tenant_id)

    async def meet(self, lote: Sequence[Registro]) -> Encontradas:
        """Store the people of a batch ahead of it, out of turn; what this finds known may change until its turn."""
        return await self._pessoas.meet(self._session, _triage(lote, await self._known(lote)).registros)

    async def apply(self, lote: Sequence[Registro], pessoas: Encontradas, *, now: datetime) -> ResultadoLote:
        """Bring our bookings to what the batch says; `pessoas` were met ahead. The caller commits."""
        await self._importacao.lock()
        known = await self._known(lote)
        triagem = _triage(lote, known)
        await self._atendimentos.lock(triagem.mudados.keys() | triagem.versoes.keys())
        await self._importacao.touch_versions(triagem.versoes)
        guardados = await self._atendimentos.load(triagem.mudados) if triagem.mudados else {}
        linhas = await self._linhas(triagem.registros, pessoas, now=now)
        criados = await self._create(linhas[: len(triagem.novos)], now=now)
        mudados = [
            _changed(registro, guardados[atendimento_id], linha, now=now)
            for (atendimento_id, registro), linha in zip(
                triagem.mudados.items(), linhas[len(triagem.novos) :], strict=True
            )
        ]
        atualizados = await self._change(mudados, now=now)
        return ResultadoLote(
            atualizados=atualizados,
            inalterados=len(lote) - len(criados) - atualizados,
            criados=criados,
            ids={numero: conhecido.id for numero, conhecido in known.items()} | criados,
        )

    async def _known(self, lote: Sequence[Registro]) -> dict[str, Conhecido]:
        return await self._importacao.known(self._origem, [registro.item.nr_seq_agenda for registro in lote])

    async def _linhas(
        self, registros: Sequence[Registro], pessoas: Encontradas, *, now: datetime
    ) -> list[LinhaAtendimento]:
        faltam = [registro for registro in registros if not pessoas.has(registro)]
        if faltam:
            pessoas.add(await self._pessoas.meet(self._session, faltam))
        return [_linha(registro, pessoas, now=now) for registro in registros]

    async def _create(self, linhas: Sequence[LinhaAtendimento], *, now: datetime) -> dict[str, int]:
        if not linhas:
            return {}
        return await self._atendimentos.insert(linhas, origem=self._origem, quem=self._quem, now=now)

    async def _change(self, mudados: Sequence[_Mudado], *, now: datetime) -> int:
        """Store what changed and follow it up; return how many did.

        A fingerprint of another version of this program may differ over the same content: that is no change.
        """
        iguais = [mudado for mudado in mudados if not mudado.campos]
        await self._importacao.refresh({m.guardado.id: (m.linha.conteudo_hash, m.linha.versao_origem) for m in iguais})
        diferentes = [mudado for mudado in mudados if mudado.campos]
        if diferentes:
            await self._atendimentos.update([_alteracao(mudado) for mudado in diferentes], now=now)
            await self._mensagens.withdraw([m.guardado.id for m in diferentes if m.consequencia.retira], now=now)
            await self._historico.add([fato for m in diferentes for fato in _historia(m, now, self._quem)])
            await self._efeitos.apply(
                [mudanca for mudanca in map(_mudanca, diferentes) if mudanca], now=now, quem=self._quem
            )
        return len(diferentes)


def _triage(lote: Sequence[Registro], known: Mapping[str, Conhecido]) -> _Triagem:
    triagem = _Triagem()
    for registro in lote:
        conhecido = known.get(registro.item.nr_seq_agenda)
        versao = registro.item.origem_versao
        if conhecido is None:
            triagem.novos.append(registro)
        elif versao and conhecido.versao_origem and versao < conhecido.versao_origem:
            continue  # old news, whatever it says
        elif conhecido.hash != registro.hash:
            triagem.mudados[conhecido.id] = registro
        elif versao and versao != conhecido.versao_origem:
            triagem.versoes[conhecido.id] = versao
    return triagem


def _linha(registro: Registro, pessoas: Encontradas, *, now: datetime) -> LinhaAtendimento:
    item = registro.item
    contato_id = pessoas.contato_id(registro)
    return LinhaAtendimento(
        nr_seq_agenda=item.nr_seq_agenda,
        paciente_id=pessoas.pacientes[registro.paciente],
        contato_id=contato_id,
        unidade_id=registro.unidade_id,
        telefone=registro.telefone,
        telefone_2=registro.telefone_2,
        telefone_motivo=registro.motivo,
        email=item.email,
        nome_medico=item.nome_medico,
        especialidade=item.especialidade,
        tipo=item.tipo,
        convenio=item.convenio,
        sala=item.sala,
        data_consulta=item.data_consulta,
        dia=registro.dia,
        duracao_min=item.duracao_min,
        chegar_antes_min=item.chegar_antes_min,
        preparo=item.preparo,
        observacoes=item.observacoes,
        situacao_agenda=item.situacao_agenda,
        agendado_em=item.agendado_em,
        planejar_em=EstadoAgenda(item.data_consulta, item.situacao_agenda, contato_id).first_look(now),
        conteudo_hash=registro.hash,
        versao_origem=item.origem_versao,
    )


def _changed(registro: Registro, guardado: Guardado, linha: LinhaAtendimento, *, now: datetime) -> _Mudado:
    antes = guardado.linha
    campos = [nome for column, nome in _CAMPOS.items() if getattr(antes, column) != getattr(linha, column)]
    pessoais = (
        ("nome_paciente", registro.item.nome_paciente, guardado.nome),
        ("data_nascimento", registro.nascimento, guardado.data_nascimento),
        ("responsavel", registro.item.responsavel, guardado.responsavel),
    )
    campos += [nome for nome, novo, velho in pessoais if novo and novo != velho]
    consequencia = compare(
        EstadoAgenda(antes.data_consulta, SituacaoAgenda(antes.situacao_agenda), antes.contato_id),
        EstadoAgenda(linha.data_consulta, registro.item.situacao_agenda, linha.contato_id),
        now=now,
    )
    if consequencia.contato_mudou and not {"telefone", "telefone_2"} & set(campos):
        campos.append("telefone")
    return _Mudado(registro, guardado, linha, campos, consequencia)


def _alteracao(mudado: _Mudado) -> Alteracao:
    return Alteracao(
        id=mudado.guardado.id,
        linha=mudado.linha,
        horario_novo=mudado.consequencia.horario_novo,
        replaneja=mudado.consequencia.planejamento is not Planejamento.MANTEM,
    )


def _historia(mudado: _Mudado, now: datetime, quem: str) -> list[FatoHistorico]:
    """Return the lines of one change: names of fields, never what they hold; times and situations are nobody's."""
    antes, depois = mudado.guardado.linha, mudado.linha
    dados: dict[str, Any] = {"campos": mudado.campos}
    if antes.data_consulta != depois.data_consulta:
        dados["data_consulta"] = [antes.data_consulta.isoformat(), depois.data_consulta.isoformat()]
    if antes.situacao_agenda != depois.situacao_agenda:
        dados["situacao_agenda"] = [antes.situacao_agenda, str(depois.situacao_agenda)]
    fatos = [FatoHistorico(atendimento_id=mudado.guardado.id, em=now, fato="atualizado", quem=quem, dados=dados)]
    if mudado.consequencia.contato_mudou:
        fatos.append(
            FatoHistorico(
                atendimento_id=mudado.guardado.id,
                em=now,
                fato="contato_mudou",
                quem=quem,
                porque=depois.telefone_motivo,
            )
        )
    return fatos


def _mudanca(mudado: _Mudado) -> Mudanca | None:
    consequencia = mudado.consequencia
    status = StatusConfirmacao(mudado.guardado.status)
    decisao = consequencia.decide(status)
    if consequencia.fato is None or decisao is None:
        return None
    return Mudanca(
        atendimento_id=mudado.guardado.id,
        fato=consequencia.fato,
        de=status,
        decisao=decisao,
        porque=consequencia.porque,
    )
