"""The verdict over one simulated run."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from app.simulator.oraculo.calendario import Calendario
from app.simulator.oraculo.entrada import (
    Entrega,
    Registro,
    Regras,
    Respondida,
    VisitaEntrada,
    build_visita,
    phone_key,
    read_entregas,
    read_respostas,
    read_tentativas,
)
from app.simulator.oraculo.ficha import PENDENTES, Achado, Ficha
from app.simulator.oraculo.linha import Linha
from app.simulator.oraculo.perdas import Periodo, find_perdidas

CRITERIOS: Final = (
    "perdidas",
    "dobradas",
    "fora_da_janela",
    "irrelevantes",
    "mais_de_uma_por_dia",
    "sem_efeito",
    "palavra_errada",
)
_MAX_EXEMPLOS: Final = 20
_SAIRAM: Final = frozenset({"em_envio", "enviada", "entregue", "lida", "incerta"})


@dataclass(frozen=True, slots=True)
class Veredito:
    achados: tuple[Achado, ...]

    @property
    def ok(self) -> bool:
        return not self.achados

    def count(self, criterio: str) -> int:
        return sum(achado.criterio == criterio for achado in self.achados)

    def as_dict(self) -> dict[str, Any]:
        """Return the `oraculo` object of `confirma simular --json`."""
        quantos = Counter(achado.criterio for achado in self.achados)
        exemplos = [f"{achado.nr}: {achado.codigo}" for achado in self.achados[:_MAX_EXEMPLOS]]
        return {"ok": self.ok, **{criterio: quantos[criterio] for criterio in CRITERIOS}, "exemplos": exemplos}


def judge(
    visitas: Iterable[VisitaEntrada],
    registros: Iterable[Registro],
    respostas: Iterable[Registro],
    finais: Mapping[str, Registro],
    *,
    de: datetime,
    ate: datetime,
    regras: Regras | None = None,
) -> Veredito:
    """Judge the run of [de, ate) from the input, the gateway's log, the answers and the published outcome alone.

    `registros`: rows of the fake gateway (`em, metodo, caminho, status, subscriber_id, telefone, tipo, texto,
    campos, entregue`). `respostas`: `em, telefone, rotulo_esperado` and, when known, `nr_seqs` (else the visits
    of the last question delivered), `inequivoca` (true), `por_letra` ({"A": "confirm"}), `recebida` (true).
    `finais`: by nr_seq_agenda, `status_confirmacao`, `mensagens` ([{"estado"}]), `contato_usavel`.
    """
    regras = regras or Regras()
    linhas_log = list(registros)
    entregas = read_entregas(linhas_log, regras)
    tentativas = read_tentativas(linhas_log)
    ouvidas = read_respostas(respostas)
    periodo = Periodo(de, ate)
    calendario = Calendario(regras.uf, facultativos=regras.facultativos, locais=regras.feriados_locais)
    achados: list[Achado] = []
    grupos = _by_phone(visitas)
    for chave, fichas in sorted(grupos.items()):
        linha = Linha(chave, fichas, regras, calendario)
        linha.read(entregas.get(chave, ()), ouvidas.get(chave, ()))
        achados += linha.achados
        achados += _judge_outcome(linha, ouvidas.get(chave, ()), finais, periodo=periodo)
        proprios = {f.visita.nr: finais[f.visita.nr] for f in fichas if f.visita.nr in finais}
        achados += find_perdidas(
            linha, ouvidas.get(chave, ()), tentativas.get(chave, ()), periodo=periodo, final=proprios
        )
    achados += _strangers(entregas, grupos)
    return Veredito(tuple(achados))


def _by_phone(visitas: Iterable[VisitaEntrada]) -> dict[str, list[Ficha]]:
    """Group the visits; one without a readable phone stands alone, under a key no delivery can have."""
    grupos: dict[str, list[Ficha]] = defaultdict(list)
    for entrada in sorted(visitas, key=lambda entrada: (entrada.inicio, entrada.nr_seq_agenda)):
        chave = phone_key(entrada.telefone) or f"sem telefone {entrada.nr_seq_agenda}"
        grupos[chave].append(Ficha(build_visita(entrada)))
    return grupos


def _judge_outcome(
    linha: Linha, respostas: Sequence[Respondida], finais: Mapping[str, Registro], *, periodo: Periodo
) -> Iterator[Achado]:
    for ficha in linha.fichas:
        ficha.advance(periodo.ate)
        final = finais.get(ficha.visita.nr)
        if final is None:
            if finais and ficha.vida is not None and ficha.vida.de + linha.regras.folga_voo < periodo.ate:
                yield Achado("perdidas", "sumida", ficha.visita.nr)
            continue
        codigo = _wrong_effect(ficha, str(final["status_confirmacao"]))
        no_fim = any(periodo.ate - resposta.em <= linha.regras.folga_voo for resposta in respostas)
        if codigo and not no_fim:
            yield Achado("sem_efeito", codigo, ficha.visita.nr)
        if _is_sent_twice(ficha, final):
            yield Achado("dobradas", "mesma_mensagem", ficha.visita.nr)


def _wrong_effect(ficha: Ficha, status: str) -> str | None:
    vida = ficha.vida
    if vida is None or not vida.viva or status in ficha.possiveis:
        return None  # a hospital's cancellation beats any answer
    if ficha.firme_em is None:
        return "efeito_sem_resposta"
    return "resposta_ignorada" if status in PENDENTES else "resposta_trocada"


def _is_sent_twice(ficha: Ficha, final: Registro) -> bool:
    """Tell whether more questions arrived than message rows say they left."""
    mensagens = final.get("mensagens") or ()
    sairam = sum(str(mensagem["estado"]) in _SAIRAM for mensagem in mensagens)
    return bool(mensagens) and ficha.total_proprias > sairam


def _strangers(entregas: Mapping[str, Sequence[Entrega]], grupos: Mapping[str, object]) -> Iterator[Achado]:
    for chave in sorted(set(entregas) - set(grupos)):
        for _ in entregas[chave]:
            yield Achado("irrelevantes", "telefone_desconhecido", "sem visita")
