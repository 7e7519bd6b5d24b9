"""The story of one phone, replayed in order: deliveries and answers against the visits of the input."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from app.simulator.oraculo.calendario import Calendario, to_local
from app.simulator.oraculo.entrada import Entrega, Regras, Respondida, Rotulo, Visita, is_celular
from app.simulator.oraculo.ficha import Achado, Ficha
from app.simulator.oraculo.texto import canonical

Citada = tuple[Ficha, int]  # a visit and the life whose start the text names
_HORIZONTE = timedelta(days=30)


@dataclass(slots=True)
class Linha:
    """Everything about one phone. `read` is called once."""

    chave: str
    fichas: Sequence[Ficha]
    regras: Regras
    calendario: Calendario
    achados: list[Achado] = field(default_factory=list)
    proprias: list[datetime] = field(default_factory=list)
    parado_em: datetime | None = None
    pessoas_paradas: dict[str, datetime] = field(default_factory=dict)
    _ultima: list[Ficha] = field(default_factory=list)
    _letras: dict[str, Ficha] = field(default_factory=dict)
    _textos: dict[str, datetime] = field(default_factory=dict)
    _dias: set[date] = field(default_factory=set)

    def read(self, entregas: Sequence[Entrega], respostas: Sequence[Respondida]) -> None:
        em_resposta = _replies(entregas, respostas, self.regras)
        # At the same instant the patient's word comes first: the reply follows it.
        passos = sorted(
            [(resposta.em, 0, i) for i, resposta in enumerate(respostas)]
            + [(entrega.em, 1, i) for i, entrega in enumerate(entregas)]
        )
        for instante, especie, indice in passos:
            for ficha in self.fichas:
                ficha.advance(instante)
            if especie == 0:
                self._answer(respostas[indice])
            elif indice in em_resposta:
                self._reply(entregas[indice])
            else:
                self._own(entregas[indice])

    def usable(self, de: datetime, ate: datetime, zona: str) -> timedelta:
        """Return the open time, less what followed on a day when the phone had its one message of the day."""
        total = timedelta()
        for inicio, fim in self.calendario.stretches(de, ate, zona):
            dia = to_local(inicio, zona).date()
            gastas = [em for em in self.proprias if to_local(em, zona).date() == dia]
            total += max(min([fim, *gastas]) - inicio, timedelta())
        return total

    # --- what the patient wrote -------------------------------------------------------------------------------

    def _answer(self, resposta: Respondida) -> None:
        rotulos = self._targets(resposta)
        self._stop(resposta, rotulos)
        firme = resposta.inequivoca and self._is_clear_which(resposta, rotulos)
        for ficha, rotulo in rotulos:
            ficha.answer(rotulo, resposta.em, firme=firme, regras=self.regras)

    def _targets(self, resposta: Respondida) -> list[tuple[Ficha, str]]:
        """Return what was said about which visit; without ids, the last question on the screen was answered."""
        if resposta.por_letra and self._letras:
            letras = self._letras
            return [(letras[letra], rotulo) for letra, rotulo in resposta.por_letra.items() if letra in letras]
        nomeadas = [ficha for ficha in self.fichas if ficha.visita.nr in resposta.nr_seqs]
        return [(ficha, resposta.rotulo) for ficha in (nomeadas or self._ultima)]

    def _is_clear_which(self, resposta: Respondida, rotulos: Sequence[tuple[Ficha, str]]) -> bool:
        """Tell whether no other question was open; the program must ask which, so nothing is expected of it."""
        abertas = [f for f in self.fichas if f.is_open(resposta.em)]
        candidatas = abertas or [f for f in self.fichas if f.is_asked(resposta.em)]
        alcance = {ficha.visita.nr for ficha, _ in rotulos}
        if resposta.por_letra:
            alcance |= {ficha.visita.nr for ficha in self._letras.values()}
        return {ficha.visita.nr for ficha in candidatas} <= alcance

    def _stop(self, resposta: Respondida, rotulos: Sequence[tuple[Ficha, str]]) -> None:
        if not resposta.inequivoca:
            return
        if resposta.rotulo == Rotulo.OPT_OUT and self.parado_em is None:
            self.parado_em = resposta.em
        if resposta.rotulo in {Rotulo.WRONG_NUMBER, Rotulo.DECEASED}:
            for ficha, _ in rotulos:
                self.pessoas_paradas.setdefault(ficha.visita.entrada.nome, resposta.em)

    # --- what reached the phone -------------------------------------------------------------------------------

    def _reply(self, entrega: Entrega) -> None:
        self._textos[canonical(entrega.texto)] = entrega.em
        citadas = self._cited(entrega)
        if entrega.leitura.pergunta and citadas:  # "não entendi" may name no visit: the question before it still stands
            self._ask(citadas, entrega, propria=False)

    def _own(self, entrega: Entrega) -> None:
        citadas = self._cited(entrega)
        nr = citadas[0][0].visita.nr if citadas else "sem visita"
        aviso = entrega.leitura.aviso and any(ficha.indice > 0 for ficha, _ in citadas)
        achados = [
            ("irrelevantes", self._irrelevant(entrega, citadas, aviso=aviso)),
            ("palavra_errada", _wrong_word(entrega, citadas, aviso=aviso)),
            ("fora_da_janela", self._closed(entrega, citadas)),
            ("mais_de_uma_por_dia", self._second_today(entrega, citadas, aviso=aviso)),
        ]
        if entrega.leitura.pergunta:
            self._ask(citadas, entrega, propria=True)
        achados.append(("dobradas", self._doubled(entrega, citadas, aviso=aviso)))
        self._note(entrega, citadas, aviso=aviso)
        self.achados += [Achado(criterio, codigo, nr) for criterio, codigo in achados if codigo]

    def _cited(self, entrega: Entrega) -> list[Citada]:
        citadas: list[Citada] = []
        for ficha in self.fichas:
            vidas = ficha.visita.vidas[: ficha.indice + 1]
            iguais = [i for i, vida in enumerate(vidas) if self._names(entrega, ficha.visita, vida.inicio)]
            if iguais:
                citadas.append((ficha, iguais[-1]))
        return citadas

    @staticmethod
    def _names(entrega: Entrega, visita: Visita, inicio: datetime) -> bool:
        leitura = entrega.leitura
        if leitura.dias or leitura.horas:
            return leitura.cites(inicio, visita.zona, entrega.em)
        return entrega.campos.get("nr_seq_agenda") == visita.nr

    def _ask(self, citadas: Sequence[Citada], entrega: Entrega, *, propria: bool) -> None:
        perguntadas = [f for f, i in citadas if i == f.indice and f.vida and f.vida.viva and f.firme_em is None]
        for ficha in perguntadas:
            ficha.ask(entrega.em, propria=propria)
        self._ultima = perguntadas or [f for f, i in citadas if i == f.indice]
        self._letras = _by_letter(entrega, self._ultima)

    def _note(self, entrega: Entrega, citadas: Sequence[Citada], *, aviso: bool) -> None:
        self._textos[canonical(entrega.texto)] = entrega.em
        self.proprias.append(entrega.em)
        for ficha, indice in citadas:
            if aviso or (entrega.leitura.pergunta and indice == ficha.indice):
                ficha.avisos.append(entrega.em)

    def _irrelevant(self, entrega: Entrega, citadas: Sequence[Citada], *, aviso: bool) -> str | None:
        regras, leitura = self.regras, entrega.leitura
        if not is_celular(self.chave):
            return "telefone_fixo"
        if self.parado_em is not None and entrega.em - self.parado_em > regras.folga_voo:
            return "apos_sair"
        if not citadas:
            return "desconhecida" if leitura.pergunta else "sem_visita"
        if leitura.aviso and not aviso and not leitura.pergunta:
            return "aviso_sem_motivo"
        if aviso and not leitura.pergunta:
            return None  # it speaks of the old time, as it must
        return self._worst(entrega, citadas, aviso=aviso)

    def _worst(self, entrega: Entrega, citadas: Sequence[Citada], *, aviso: bool) -> str | None:
        """Return what is wrong with a named start; visits at the very same start vouch for one another."""
        por_inicio: dict[datetime, list[str | None]] = {}
        for ficha, indice in citadas:
            problema = ficha.problem(indice, entrega.em, pergunta=entrega.leitura.pergunta, regras=self.regras)
            parada = self.pessoas_paradas.get(ficha.visita.entrada.nome)
            if parada is not None and entrega.em - parada > self.regras.folga_voo:
                problema = problema or "pessoa_parada"
            por_inicio.setdefault(ficha.visita.vidas[indice].inicio, []).append(problema)
        piores = [problemas[0] for problemas in por_inicio.values() if None not in problemas]
        if aviso and len(piores) < len(por_inicio):
            return None  # a notice that asks about the new time also names the old one
        return piores[0] if piores else None

    def _closed(self, entrega: Entrega, citadas: Sequence[Citada]) -> str | None:
        em, calendario = entrega.em, self.calendario
        zona = self._zone(citadas)
        if calendario.is_open(em, zona) or calendario.is_open(em - self.regras.folga_janela, zona):
            return None
        if calendario.is_exception(em, zona) and any(self._no_other_time(f, i, em) for f, i in citadas):
            return None
        return "fechado"

    def _no_other_time(self, ficha: Ficha, indice: int, em: datetime) -> bool:
        """Tell whether the window never opened between the news and the next step of this visit."""
        atual, inicio = ficha.visita.vidas[ficha.indice], ficha.visita.vidas[indice].inicio
        passos = [inicio - antes for antes in self.regras.passos if inicio - antes > em]
        ate = min([*passos, max(inicio, em)])
        aberto = self.usable(max(atual.de, em - _HORIZONTE), ate, ficha.visita.zona)
        return aberto <= self.regras.folga_voo

    def _second_today(self, entrega: Entrega, citadas: Sequence[Citada], *, aviso: bool) -> str | None:
        if aviso and self._is_urgent(entrega.em, citadas):
            return None
        dia = to_local(entrega.em, self._zone(citadas)).date()
        if dia in self._dias:
            return "segunda_do_dia"
        self._dias.add(dia)
        return None

    def _is_urgent(self, em: datetime, citadas: Sequence[Citada]) -> bool:
        """Tell whether a changed visit would begin before tomorrow ends, or before the next opening has settled."""
        zona = self._zone(citadas)
        inicios = [vida.inicio for ficha, _ in citadas for vida in ficha.visita.vidas[: ficha.indice + 1]]
        limite = self.calendario.next_opening(em, zona) + self.regras.minimo_antes
        amanha = to_local(em, zona).date() + timedelta(days=1)
        return any(em < inicio and (inicio < limite or to_local(inicio, zona).date() <= amanha) for inicio in inicios)

    def _doubled(self, entrega: Entrega, citadas: Sequence[Citada], *, aviso: bool) -> str | None:
        anterior = self._textos.get(canonical(entrega.texto))
        if anterior is not None and entrega.em - anterior <= self.regras.repetida_ate:
            return "mesmo_texto"
        if entrega.leitura.pergunta:
            limite = len(self.regras.passos)
            return "passos_demais" if any(ficha.proprias > limite for ficha, _ in citadas) else None
        if aviso:
            return None
        for ficha, _ in citadas:
            ficha.notas += 1
        return "nota_repetida" if any(ficha.notas > 1 for ficha, _ in citadas) else None

    def _zone(self, citadas: Sequence[Citada]) -> str:
        return citadas[0][0].visita.zona if citadas else self.fichas[0].visita.zona


def _wrong_word(entrega: Entrega, citadas: Sequence[Citada], *, aviso: bool) -> str | None:
    """Return a code when hoje, amanhã or the weekday is not true of a visit named; a notice may name the old day."""
    dias = frozenset(
        to_local(vida.inicio, ficha.visita.zona).date()
        for ficha, indice in citadas
        for vida in ficha.visita.vidas[0 if aviso else indice : indice + 1]
    )
    if not dias:
        return None
    hoje = to_local(entrega.em, citadas[0][0].visita.zona).date()
    return None if entrega.leitura.words_fit(dias, hoje) else "dia_errado"


def _replies(entregas: Sequence[Entrega], respostas: Sequence[Respondida], regras: Regras) -> frozenset[int]:
    """Return which deliveries answer the patient: one for each thing written, a statement before a question.

    The last thing written chooses first: the reply to it may seem to answer what was written a little earlier too.
    """
    escolhidas: set[int] = set()
    for resposta in sorted(respostas, key=lambda resposta: resposta.em, reverse=True):
        perto = [
            (entrega.leitura.pergunta, entrega.em, i)
            for i, entrega in enumerate(entregas)
            if i not in escolhidas and timedelta() <= entrega.em - resposta.em <= regras.resposta_ate
        ]
        escolhidas |= {min(perto)[2]} if perto else set()
    return frozenset(escolhidas)


def _by_letter(entrega: Entrega, fichas: Iterable[Ficha]) -> dict[str, Ficha]:
    livres = list(fichas)
    letras: dict[str, Ficha] = {}
    for letra, hora in sorted(entrega.leitura.letras.items()):
        for ficha in livres:
            vida = ficha.vida
            if vida is not None and to_local(vida.inicio, ficha.visita.zona).time().replace(second=0) == hora:
                letras[letra] = ficha
                livres.remove(ficha)
                break
    return letras
