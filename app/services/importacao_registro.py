"""From what the hospital wrote to what we store: phones read, the patient identified, a fingerprint of it all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from operator import attrgetter
from typing import Final, TypeGuard
from zoneinfo import ZoneInfo

import msgspec

from app import crypto
from app.connectors.base import AtendimentoImportado, LinhaRejeitada
from app.domain.telefone import Telefone, TipoTelefone, chave_telefone, parse_telefone

_EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
_FARTHEST: Final = timedelta(days=3 * 365 + 1)
_MINUTOS_MAX: Final = 7 * 24 * 60
_ULTIMOS: Final = 4

_TEXTOS: Final = attrgetter(
    "nr_seq_agenda", "nome_paciente", "nome_medico", "especialidade",
    "id_paciente", "telefone", "telefone_2", "responsavel", "email",
    "convenio", "unidade", "sala", "preparo", "observacoes",
)  # fmt: skip
# Neither the line nor the source's version: a file sorted otherwise, or exported again, says nothing new.
_CONTEUDO: Final = attrgetter(
    "nome_paciente", "nome_medico", "especialidade", "data_consulta", "id_paciente", "data_nascimento", "responsavel",
    "email", "tipo", "convenio", "unidade", "sala", "duracao_min", "chegar_antes_min", "preparo", "observacoes",
    "situacao_agenda", "agendado_em",
)  # fmt: skip

_ENCODER: Final = msgspec.json.Encoder()  # what tells None from an empty text, and is four times as fast as str()

_RECUSAS: Final = {
    "data_absurda": "A data da consulta está longe demais para ser verdade.",
    "caracteres_invalidos": "A linha tem caracteres que não podem ser guardados.",
    "campo_vazio": "O campo é obrigatório e está vazio.",
    "numero_invalido": "O número de minutos não é possível.",
}


@dataclass(frozen=True, slots=True)
class Fone:
    """A phone that exists, and the hashes by which it is found."""

    e164: str
    tipo: TipoTelefone
    hash: bytes
    chave: bytes
    final4: bytes


class UnidadeConhecida:
    """A unit's id, and its zone as somebody may have set it."""

    def __init__(self, unidade_id: int, zona: str) -> None:
        self.id = unidade_id
        self.zona = ZoneInfo(zona)


@dataclass(slots=True)
class Registro:
    """One booking ready to be compared and stored. `contato` is the phone to be messaged, None with its `motivo`."""

    item: AtendimentoImportado
    hash: bytes
    dia: date
    unidade_id: int | None
    telefone: str | None
    telefone_2: str | None
    fones: tuple[Fone, ...]
    contato: Fone | None
    motivo: str | None
    paciente: bytes

    @property
    def nascimento(self) -> str | None:
        return self.item.data_nascimento.isoformat() if self.item.data_nascimento else None


def refusal(item: AtendimentoImportado, *, now: datetime) -> LinhaRejeitada | None:
    """Tell why a record cannot be stored, whoever made it."""
    problema = _problem(item, now)
    if problema is None:
        return None
    motivo, coluna = problema
    return LinhaRejeitada(item.linha, coluna, motivo, _RECUSAS[motivo])


def _problem(item: AtendimentoImportado, now: datetime) -> tuple[str, str | None] | None:
    if not _EARLIEST <= item.data_consulta <= now + _FARTHEST:
        return "data_absurda", "data_consulta"
    if not item.nr_seq_agenda or not item.nome_paciente:
        return "campo_vazio", "nome_paciente" if item.nr_seq_agenda else "nr_seq_agenda"
    if item.duracao_min is not None and not 0 < item.duracao_min <= _MINUTOS_MAX:
        return "numero_invalido", "duracao_min"
    if item.chegar_antes_min is not None and not 0 <= item.chegar_antes_min <= _MINUTOS_MAX:
        return "numero_invalido", "chegar_antes_min"
    return None if _is_storable("\n".join(filter(None, _TEXTOS(item)))) else ("caracteres_invalidos", None)


def _is_storable(texto: str) -> bool:
    try:
        return b"\0" not in texto.encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return False


class Preparador:
    """Prepares the records of one import; what repeats within it (phones, days) is worked out once."""

    def __init__(
        self, finder: crypto.Finder, *, origem: str, zona: ZoneInfo, unidades: Mapping[str, UnidadeConhecida]
    ) -> None:
        """Take the hospital's hashes and zone, and the units its file names."""
        self._finder = finder
        self._origem = origem
        self._zona = zona
        self._unidades = unidades
        self._fones: dict[str, Fone | str] = {}
        self._finais: dict[str, bytes] = {}

    def prepare_all(self, itens: Sequence[AtendimentoImportado]) -> list[Registro]:
        return [self.prepare(item) for item in itens]

    def prepare(self, item: AtendimentoImportado) -> Registro:
        unidade = self._unidades.get(item.unidade) if item.unidade else None
        primeiro, segundo = self._read(item.telefone), self._read(item.telefone_2)
        fones = tuple([fone for fone in (primeiro, segundo) if isinstance(fone, Fone)])
        contato = next((fone for fone in (primeiro, segundo) if _is_reachable(fone)), None)
        telefone, telefone_2 = _stored(item.telefone, primeiro), _stored(item.telefone_2, segundo)
        return Registro(
            item=item,
            hash=crypto.digest((_ENCODER.encode((_CONTEUDO(item), telefone, telefone_2)).decode(),)),
            dia=item.data_consulta.astimezone(unidade.zona if unidade else self._zona).date(),
            unidade_id=unidade.id if unidade else None,
            telefone=telefone,
            telefone_2=telefone_2,
            fones=fones,
            contato=contato,
            motivo=None if contato else _motivo(primeiro, segundo),
            paciente=self._paciente(item, fones[0] if fones else None),
        )

    def _read(self, texto: str | None) -> Fone | str:
        """Return the phone, or why there is none."""
        if not texto:
            return "vazio"
        lido = self._fones.get(texto)
        if lido is None:
            telefone = parse_telefone(texto)
            lido = self._hashed(telefone) if isinstance(telefone, Telefone) else telefone.motivo
            self._fones[texto] = lido
        return lido

    def _hashed(self, telefone: Telefone) -> Fone:
        of = self._finder.of
        return Fone(
            telefone.e164,
            telefone.tipo,
            of("telefone", telefone.e164),
            of("chave", chave_telefone(telefone.e164)),
            self._final4(telefone.e164[-_ULTIMOS:]),
        )

    def _final4(self, ultimos: str) -> bytes:
        """Ten thousand of them serve any number of phones."""
        found = self._finais.get(ultimos)
        if found is None:
            found = self._finais[ultimos] = self._finder.of("final4", ultimos)
        return found

    def _paciente(self, item: AtendimentoImportado, fone: Fone | None) -> bytes:
        """Return who it is: the hospital's id, else name and birth, else name and phone.

        A name alone is nobody: two Maria da Silva without a phone stay two patients, one for each booking.
        """
        of = self._finder.of
        if item.id_paciente:
            return of("paciente", f"{self._origem}\x1f{item.id_paciente}")
        nome = " ".join(crypto.plain_words(item.nome_paciente)) or item.nome_paciente
        if item.data_nascimento:
            return of("paciente_nascimento", f"{nome}\x1f{item.data_nascimento.isoformat()}")
        if fone:
            return of("paciente_telefone", f"{nome}\x1f{chave_telefone(fone.e164)}")
        return of("paciente_agenda", f"{nome}\x1f{self._origem}\x1f{item.nr_seq_agenda}")


def _is_reachable(fone: Fone | str) -> TypeGuard[Fone]:
    return isinstance(fone, Fone) and fone.tipo is TipoTelefone.CELULAR


def _stored(texto: str | None, fone: Fone | str) -> str | None:
    """Return the number itself, else what was written: reception may still make sense of it."""
    return fone.e164 if isinstance(fone, Fone) else texto or None


def _motivo(primeiro: Fone | str, segundo: Fone | str) -> str:
    """Return the reason that helps reception most: a phone that can be called, else what is wrong with the first."""
    for tipo in (TipoTelefone.FIXO, TipoTelefone.ESTRANGEIRO):
        if any(isinstance(fone, Fone) and fone.tipo is tipo for fone in (primeiro, segundo)):
            return f"telefone_{tipo}"
    recusas = [fone for fone in (primeiro, segundo) if isinstance(fone, str) and fone != "vazio"]
    return recusas[0] if recusas else "sem_telefone"
