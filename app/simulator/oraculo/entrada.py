"""What the oracle is given: the schedule, the gateway's log, the patients' answers and the published outcome."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Final, Literal

from app.simulator.oraculo.calendario import to_local
from app.simulator.oraculo.texto import Leitura, read_texto

Registro = Mapping[str, Any]
_INICIO: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Evento:
    """What the hospital did to a visit, at the instant the program could know it."""

    instante: datetime
    tipo: Literal["cancelado", "movido", "reativado"]
    novo_inicio: datetime | None = None


@dataclass(frozen=True, slots=True)
class VisitaEntrada:
    """One row of the input schedule with its later changes. `agendado_em` None: known from the first day."""

    nr_seq_agenda: str
    telefone: str | None
    nome: str
    inicio: datetime
    zona: str
    agendado_em: datetime | None = None
    eventos: Sequence[Evento] = ()


@dataclass(frozen=True, slots=True)
class Regras:
    """What the judge holds the program to. The defaults are the default policy."""

    uf: str | None = None
    facultativos: bool = False
    feriados_locais: frozenset[date] = frozenset()
    passos: tuple[timedelta, ...] = (timedelta(hours=72), timedelta(hours=48), timedelta(hours=12))
    minimo_antes: timedelta = timedelta(hours=4)
    folga_perdida: timedelta = timedelta(hours=2)  # open time that must have been there to call a visit lost
    folga_voo: timedelta = timedelta(minutes=5)  # a message already on its way when the facts changed
    folga_janela: timedelta = timedelta()
    resposta_ate: timedelta = timedelta(minutes=10)  # a message this soon after the patient wrote is an answer
    repetida_ate: timedelta = timedelta(hours=12)
    # In `message_then_flow` the flow only waits for the answer to the text that went before it.
    fluxo_apos_texto: timedelta = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Vida:
    """A visit between two changes of the hospital: one start, known over [de, ate)."""

    de: datetime
    ate: datetime
    inicio: datetime
    viva: bool


@dataclass(slots=True)
class Visita:
    """A visit of the input with its lives in order."""

    entrada: VisitaEntrada
    vidas: tuple[Vida, ...]

    @property
    def nr(self) -> str:
        return self.entrada.nr_seq_agenda

    @property
    def zona(self) -> str:
        return self.entrada.zona

    def life_at(self, instante: datetime) -> int | None:
        """Return the index of the life at an instant, None before the visit is known."""
        atual = [i for i, vida in enumerate(self.vidas) if vida.de <= instante]
        return atual[-1] if atual else None

    def has_hour(self, indice: int) -> bool:
        """Tell whether somebody entered the hour: a visit at local midnight has none."""
        return to_local(self.vidas[indice].inicio, self.zona).time() != time()

    def changed_within(self, de: datetime, ate: datetime) -> bool:
        return any(de < vida.de <= ate for vida in self.vidas[1:])


@dataclass(frozen=True, slots=True)
class Entrega:
    """A message that reached a phone."""

    em: datetime
    chave: str
    texto: str
    leitura: Leitura
    campos: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tentativa:
    """A request about a phone that delivered nothing: the evidence of a refusal or of a lost send."""

    em: datetime
    recusada: bool  # a 4xx to a POST that a retry does not cure


class Rotulo(StrEnum):
    """The labels that have an effect on the judge; the others change nothing."""

    CONFIRM = "confirm"
    CANCEL = "cancel"
    RESCHEDULE = "reschedule"
    OPT_OUT = "opt_out"
    WRONG_NUMBER = "wrong_number"
    DECEASED = "deceased"


@dataclass(frozen=True, slots=True)
class Respondida:
    """What a patient wrote. `inequivoca`: a careful reader could act on it; only such answers must have an effect."""

    em: datetime
    chave: str
    rotulo: str
    nr_seqs: frozenset[str]
    inequivoca: bool
    por_letra: Mapping[str, str]


def build_visita(entrada: VisitaEntrada) -> Visita:
    vidas = [Vida(entrada.agendado_em or _INICIO, datetime.max.replace(tzinfo=UTC), entrada.inicio, viva=True)]
    for evento in sorted(entrada.eventos, key=lambda evento: evento.instante):
        ultima = vidas[-1]
        vidas[-1] = Vida(ultima.de, evento.instante, ultima.inicio, ultima.viva)
        inicio = evento.novo_inicio or ultima.inicio
        vidas.append(Vida(evento.instante, datetime.max.replace(tzinfo=UTC), inicio, evento.tipo != "cancelado"))
    return Visita(entrada, tuple(vidas))


def phone_key(telefone: str | None) -> str | None:
    """Return DDD and number without the ninth digit, or None for what is no phone."""
    digitos = re.sub(r"\D", "", telefone or "")
    if digitos.startswith("55") and len(digitos) in {12, 13}:
        digitos = digitos[2:]
    if len(digitos) not in {10, 11}:
        return None
    ddd, resto = digitos[:2], digitos[2:]
    return ddd + (resto[1:] if re.fullmatch(r"9[6-9]\d{7}", resto) else resto)


def is_celular(chave: str) -> bool:
    """Tell whether a key of `phone_key` is of a mobile line."""
    return re.fullmatch(r"\d{2}(?:[6-9]\d{7}|9\d{8})", chave) is not None


def read_entregas(registros: Iterable[Registro], regras: Regras) -> dict[str, list[Entrega]]:
    """Return what was delivered, by phone and in order; the flow that only waits for an answer is left out."""
    por_telefone: dict[str, list[Entrega]] = {}
    for em, chave, registro in sorted(_by_phone(registros), key=lambda linha: linha[0]):
        if not registro.get("entregue") or registro.get("tipo") not in {"text", "flow"}:
            continue
        anteriores = por_telefone.setdefault(chave, [])
        texto = str(registro.get("texto") or "")
        if not texto and anteriores and em - anteriores[-1].em <= regras.fluxo_apos_texto:
            continue
        anteriores.append(_entrega(em, chave, texto, registro))
    return por_telefone


def read_tentativas(registros: Iterable[Registro]) -> dict[str, list[Tentativa]]:
    por_telefone: dict[str, list[Tentativa]] = {}
    for em, chave, registro in _by_phone(registros):
        if registro.get("metodo") == "POST" and not registro.get("entregue"):
            status = int(registro.get("status") or 0)
            recusada = 400 <= status < 500 and status not in {401, 403, 429}  # noqa: PLR2004 - HTTP
            if recusada or _is_send(registro):
                por_telefone.setdefault(chave, []).append(Tentativa(em, recusada))
    return por_telefone


def read_respostas(linhas: Iterable[Registro]) -> dict[str, list[Respondida]]:
    """Return what reached the webhook, by phone; a line with `recebida` false never arrived."""
    por_telefone: dict[str, list[Respondida]] = {}
    for linha in linhas:
        chave = phone_key(str(linha["telefone"]))
        if chave is None or not linha.get("recebida", True):
            continue
        resposta = Respondida(
            em=read_instante(linha["em"]),
            chave=chave,
            rotulo=str(linha["rotulo_esperado"]),
            nr_seqs=frozenset(str(nr) for nr in linha.get("nr_seqs") or ()),
            inequivoca=bool(linha.get("inequivoca", True)),
            por_letra=dict(linha.get("por_letra") or {}),
        )
        por_telefone.setdefault(chave, []).append(resposta)
    return por_telefone


def read_instante(valor: datetime | str) -> datetime:
    return valor if isinstance(valor, datetime) else datetime.fromisoformat(valor)


def _entrega(em: datetime, chave: str, texto: str, registro: Registro) -> Entrega:
    campos = {str(nome): str(valor) for nome, valor in (registro.get("campos") or {}).items()}
    # A flow's message is made of the contact's fields; its buttons are the two options.
    lido = texto or " ".join(campos.values()) + "\n1 - Sim\n0 - Não"
    return Entrega(em, chave, texto or lido, read_texto(lido), campos)


def _by_phone(registros: Iterable[Registro]) -> list[tuple[datetime, str, Registro]]:
    """Pair each request with its phone; a request that names the subscriber alone is found by an earlier one."""
    linhas = list(registros)
    telefones = {
        str(linha["subscriber_id"]): str(linha["telefone"])
        for linha in linhas
        if linha.get("subscriber_id") and linha.get("telefone")
    }
    pares = []
    for linha in linhas:
        telefone = linha.get("telefone") or telefones.get(str(linha.get("subscriber_id")))
        chave = phone_key(str(telefone)) if telefone else None
        if chave is not None:
            pares.append((read_instante(linha["em"]), chave, linha))
    return pares


def _is_send(registro: Registro) -> bool:
    caminho = str(registro.get("caminho") or "")
    return caminho.rstrip("/").endswith(("send_message", "send_flow"))
