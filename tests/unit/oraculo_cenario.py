"""A scenario the judge can read: visits, the gateway's log, answers and outcomes, written in one line each."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from app.simulator.oraculo import Veredito, VisitaEntrada, judge

SP = "America/Sao_Paulo"
SEMANA = ("segunda-feira", "terça-feira", "quarta-feira", "quinta-feira", "sexta-feira", "sábado", "domingo")

MARIA, JOAO, ANA, RUI, LIA, FIXO, TEO, EVA, ZE = (
    "+5531987650001",
    "+5531987650002",
    "+5531987650003",
    "+5531987650004",
    "+5531987650005",
    "+553133330006",
    "+5531987650007",
    "+5531987650008",
    "+5531987650009",
)


def at(dia: int, hora: int, minuto: int = 0, zona: str = SP) -> datetime:
    return datetime(2026, 5, dia, hora, minuto, tzinfo=ZoneInfo(zona))


INICIO = at(1, 0)


def words(inicio: datetime, agora: datetime) -> str:
    distancia = (inicio.date() - agora.astimezone(inicio.tzinfo).date()).days
    relativo = {0: "hoje, ", 1: "amanhã, "}.get(distancia, "")
    return f"{relativo}{SEMANA[inicio.weekday()]}, {inicio:%d/%m}"


def question(nome: str, inicios: Sequence[datetime], agora: datetime, abertura: str = "Olá") -> str:
    if len(inicios) == 1:
        quando = f"consulta {words(inicios[0], agora)} às {inicios[0]:%H:%M}"
        return f"{abertura}, {nome}! Você tem {quando}. Responda *1* para confirmar ou *0* para cancelar."
    linhas = "\n".join(f"({letra}) {inicio:%H:%M} consulta" for letra, inicio in zip("ABC", inicios, strict=False))
    return (
        f"{abertura}, {nome}! Você tem {len(inicios)} consultas {words(inicios[0], agora)}:\n{linhas}\n"
        'Responda 1 para confirmar todas, 0 para cancelar, ou "A sim, B não".'
    )


@dataclass
class Cenario:
    visitas: dict[str, VisitaEntrada] = field(default_factory=dict)
    log: list[dict[str, Any]] = field(default_factory=list)
    respostas: list[dict[str, Any]] = field(default_factory=list)
    finais: dict[str, dict[str, Any]] = field(default_factory=dict)

    def visit(self, nr: str, telefone: str, nome: str, inicio: datetime, **mais: Any) -> None:
        zona = str(inicio.tzinfo)
        self.visitas[nr] = VisitaEntrada(nr, telefone, nome, inicio, zona, **mais)
        self.finais[nr] = {"status_confirmacao": "sem_resposta", "situacao_agenda": "agendado", "contato_usavel": True}

    def deliver(self, em: datetime, telefone: str, texto: str) -> None:
        self.log.append(
            {
                "em": em.isoformat(),
                "metodo": "POST",
                "caminho": "/subscriber/7/send_message/",
                "status": 200,
                "subscriber_id": int(telefone[-4:]),
                "telefone": telefone,
                "tipo": "text",
                "texto": texto,
                "campos": {},
                "entregue": True,
            }
        )

    def ask(self, em: datetime, *nrs: str, abertura: str = "Olá") -> None:
        visitas = [self.visitas[nr] for nr in nrs]
        inicios = [
            next((e.novo_inicio for e in v.eventos if e.novo_inicio and e.instante <= em), v.inicio) for v in visitas
        ]
        self.deliver(em, str(visitas[0].telefone), question(visitas[0].nome, inicios, em, abertura))

    def answer(self, em: datetime, telefone: str, rotulo: str, nrs: Sequence[str] = (), **mais: Any) -> None:
        linha = {"em": em.isoformat(), "telefone": telefone, "texto": "…", "rotulo_esperado": rotulo}
        self.respostas.append({**linha, "nr_seqs": list(nrs), **mais})

    def end(self, nr: str, status: str) -> None:
        self.finais[nr]["status_confirmacao"] = status

    def judge(self) -> Veredito:
        return judge(self.visitas.values(), self.log, self.respostas, self.finais, de=at(4, 0), ate=at(16, 0))

    def drop(self, telefone: str, *, desde: datetime = INICIO) -> None:
        self.log = [r for r in self.log if r["telefone"] != telefone or datetime.fromisoformat(r["em"]) < desde]
