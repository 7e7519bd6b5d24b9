"""The hospital's templates: read, changed, taken back, tried on a real visit, and tied to approved texts.

ModeloError
├── ModeloInexistente   no template or version of this name
└── CanalInexistente    not there, or another hospital's: the same answer for both
"""

# ruff: noqa: N818 - exceptions are named for what happened

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.database import Record
from app.domain.agrupamento import letter
from app.domain.aprovacao import EstadoAprovacao
from app.domain.confirmacao import SituacaoAgenda, StatusConfirmacao, TipoMensagem
from app.domain.modelo import ESCRITO, Modelo, render, shipped_modelos
from app.domain.modelo_aprovado import Impedimento, ModeloAprovado, check_aprovado, fill_aprovado, review_aprovado
from app.domain.modelo_regras import review_modelo, tidy_corpo
from app.domain.saida import PERGUNTAS, MotivoSaida, VisitaDaMensagem, decide_saida
from app.models import Canal, ModeloCanal
from app.repositories.hospital import Hospital, HospitalRepository
from app.repositories.modelos import ModeloRepository
from app.services.atendimento_service import AtendimentoInexistente
from app.services.conteudo import build_conteudo

# What we say of our own accord: whether it still may be said is looked at again when it leaves.
_DE_NOSSA_PARTE: Final = PERGUNTAS | {"vespera", "cancelamento_hospital", "cancelamento_automatico"}
_SEM_CELULAR: Final = "sem_celular"


class ModeloError(Exception):
    """The root of this tree."""


class ModeloInexistente(ModeloError):
    def __init__(self, nome: str, versao: int | None = None) -> None:
        super().__init__(nome, versao)


class CanalInexistente(ModeloError):
    def __init__(self, canal_id: int) -> None:
        super().__init__(canal_id)


@dataclass(frozen=True, slots=True)
class ModeloEmVigor:
    """A template as it would be sent now; without `criado_em` it is the shipped text."""

    modelo: Modelo
    criado_em: datetime | None
    aprovados: Sequence[ModeloCanal]


@dataclass(frozen=True, slots=True)
class VersaoGuardada:
    """One version; 0 is the text that came with the program."""

    modelo: Modelo
    criado_em: datetime | None


@dataclass(frozen=True, slots=True)
class Salvo:
    """What is in force after a change; `novo` is false where nothing had to change."""

    modelo: Modelo
    novo: bool
    avisos: Sequence[str]


@dataclass(frozen=True, slots=True)
class Ligado:
    aprovado: ModeloCanal
    avisos: Sequence[str]


@dataclass(frozen=True, slots=True)
class PreviaAprovada:
    """What would leave where a free text does not get through; or why nothing would."""

    canal: Canal
    nome: str
    idioma: str
    valores: Sequence[tuple[str, str]]
    impedimento: Impedimento | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Previa:
    """A message as it would leave now; `versao` is None for a text that is not kept yet."""

    nome: str
    versao: int | None
    texto: str
    atendimentos: Sequence[int]
    motivo: str | None
    aprovados: Sequence[PreviaAprovada]


class ModeloService:
    """One hospital's templates. The caller commits."""

    def __init__(self, session: AsyncSession, tenant_id: int) -> None:
        """Take an open transaction of one hospital."""
        self._modelos = ModeloRepository(session, tenant_id)
        self._hospital = HospitalRepository(session, tenant_id)

    async def in_force(self) -> list[ModeloEmVigor]:
        """Return every template as it would be sent now, with the approved texts that stand for it."""
        newest, links = await self._modelos.newest(), await self._modelos.links()
        return [
            ModeloEmVigor(
                Modelo(nome, newest[nome].versao, newest[nome].corpo) if nome in newest else shipped,
                newest[nome].criado_em if nome in newest else None,
                [link for link in links if link.modelo == nome],
            )
            for nome, shipped in shipped_modelos().items()
        ]

    async def versions(self, nome: str) -> list[VersaoGuardada]:
        """Return every version, the one in force first and the shipped text last."""
        shipped = _shipped(nome)
        own = await self._modelos.versions(nome)
        return [
            *(VersaoGuardada(Modelo(row.nome, row.versao, row.corpo), row.criado_em) for row in own),
            VersaoGuardada(shipped, None),
        ]

    async def approved(self, nome: str) -> Sequence[ModeloCanal]:
        """Return the approved texts that stand for one template."""
        return await self._modelos.links(nome)

    async def save(self, nome: str, corpo: str, *, now: datetime) -> Salvo:
        """Put a text in force for every message not rendered yet; raise ModeloInvalido where it breaks a rule.

        The text that is in force already makes no version.
        """
        shipped, tidy = _shipped(nome), tidy_corpo(corpo)
        await self._modelos.lock()
        hospital = await self._hospital.load()
        avisos = review_modelo(nome, tidy, reguladas=bool(hospital.politica.especialidades_reguladas))
        current = hospital.modelos.get(nome, shipped)
        if current.corpo == tidy:
            return Salvo(current, novo=False, avisos=avisos)
        saved = Modelo(nome, current.versao + 1, tidy)
        await self._modelos.add(nome, saved.versao, tidy, now=now)
        return Salvo(saved, novo=True, avisos=avisos)

    async def go_back(self, nome: str, versao: int, *, now: datetime) -> Salvo:
        """Put an earlier text in force again, as a version of its own: which one a patient got stays known."""
        corpo = _shipped(nome).corpo
        if versao:
            earlier = await self._modelos.version(nome, versao)
            if earlier is None:
                raise ModeloInexistente(nome, versao)
            corpo = earlier.corpo
        return await self.save(nome, corpo, now=now)

    async def preview(self, nome: str, atendimento_id: int, *, now: datetime, corpo: str | None = None) -> Previa:
        """Return what would be sent now about one visit, by the text in force or by `corpo`; nothing is written."""
        shipped = _shipped(nome)
        hospital = await self._hospital.load()
        modelo = hospital.modelos.get(nome, shipped)
        if corpo is not None:
            modelo = Modelo(nome, modelo.versao, tidy_corpo(corpo))
            review_modelo(nome, modelo.corpo, reguladas=bool(hospital.politica.especialidades_reguladas))
        rows = await self._modelos.visits(atendimento_id, nome)
        if not rows:
            raise AtendimentoInexistente(atendimento_id)
        visitas, motivo = _leaving(nome, rows, hospital, now)
        by_id = {row.id: row for row in rows}
        if motivo is not None:  # shown all the same: of the visit that was asked for
            visitas = [_visita(by_id[atendimento_id], 0)]
        contexto = build_conteudo(hospital, [(by_id[visita.atendimento_id], visita) for visita in visitas], now)
        contexto |= {"escrito": ESCRITO}
        return Previa(
            nome=nome,
            versao=modelo.versao if corpo is None else None,
            texto=render(modelo, contexto),
            atendimentos=[visita.atendimento_id for visita in visitas],
            motivo=motivo,
            aprovados=await self._preview_approved(nome, hospital, contexto),
        )

    async def link(self, canal_id: int, modelo: str, aprovado: ModeloAprovado) -> Ligado:
        """Let what a channel's gateway approved stand for a template; raise ModeloInvalido where it cannot."""
        _shipped(modelo)
        check_aprovado(aprovado)
        if canal_id not in {canal.id for canal in await self._modelos.canais()}:
            raise CanalInexistente(canal_id)
        await self._modelos.link(canal_id, modelo, _columns(aprovado))
        politica = (await self._hospital.load()).politica
        avisos = review_aprovado(aprovado, modelo, reguladas=bool(politica.especialidades_reguladas))
        [row] = [row for row in await self._modelos.links(modelo) if row.canal_id == canal_id]
        return Ligado(row, avisos)

    async def unlink(self, canal_id: int, modelo: str) -> None:
        """Let go of an approved text; raise ModeloInexistente where there is none."""
        _shipped(modelo)
        if not await self._modelos.unlink(canal_id, modelo):
            raise ModeloInexistente(modelo)

    async def _preview_approved(self, nome: str, hospital: Hospital, contexto: dict[str, Any]) -> list[PreviaAprovada]:
        canais = {canal.id: canal for canal in await self._modelos.canais()}
        return [
            _fill(canais[canal_id], aprovado, nome, contexto)
            for (canal_id, modelo), aprovado in sorted(hospital.aprovados.items(), key=lambda item: item[0])
            if modelo == nome
        ]


def _shipped(nome: str) -> Modelo:
    """Return the text that came with the program: only what it sends has a template."""
    try:
        return shipped_modelos()[nome]
    except KeyError:
        raise ModeloInexistente(nome) from None


def _leaving(
    nome: str, rows: Sequence[Record], hospital: Hospital, now: datetime
) -> tuple[Sequence[VisitaDaMensagem], str | None]:
    """Return the visits the message would leave with, or why it would not; its hours do not count here."""
    if rows[0].contato_id is None:
        return (), _SEM_CELULAR
    saida = decide_saida(
        nome,
        [_visita(row, posicao) for posicao, row in enumerate(rows)],
        tipo=TipoMensagem.MANUAL if nome in _DE_NOSSA_PARTE else TipoMensagem.RESPOSTA,
        optout=rows[0].optout_em is not None,
        planned=now,
        ate=datetime.max.replace(tzinfo=now.tzinfo),
        janela=hospital.janela,
        now=now,
    )
    motivo: MotivoSaida | None = saida.motivo
    return saida.visitas, motivo


def _visita(row: Record, posicao: int) -> VisitaDaMensagem:
    return VisitaDaMensagem(
        atendimento_id=row.id,
        letra=row.letra or letter(posicao),
        status=StatusConfirmacao(row.status_confirmacao),
        situacao=SituacaoAgenda(row.situacao_agenda),
        data_consulta=row.data_consulta,
        horario_versao=row.horario_versao,
        perguntada=row.perguntada,
        calado=row.calado,
    )


def _fill(canal: Canal, aprovado: ModeloAprovado, nome: str, contexto: dict[str, Any]) -> PreviaAprovada:
    filled = fill_aprovado(aprovado, nome, contexto)
    if isinstance(filled, Impedimento):
        return PreviaAprovada(canal, aprovado.nome, aprovado.idioma, (), filled)
    return PreviaAprovada(canal, filled.nome, filled.idioma, filled.valores, None)


def _columns(aprovado: ModeloAprovado) -> dict[str, Any]:
    return {
        "nome": aprovado.nome,
        "idioma": aprovado.idioma,
        "valores": [list(par) for par in aprovado.valores],
        "botoes": aprovado.botoes,
        "estado": EstadoAprovacao(aprovado.estado).value,
        "categoria": aprovado.categoria,
        "motivo": None,
        "sincronizado_em": None,
    }
