"""One row of a schedule into one record, with what a person should know about it."""

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from app.connectors.base import AtendimentoImportado, Aviso, ItemAgenda
from app.connectors.csv_file.celulas import (
    ValorInvalido,
    clean,
    is_email,
    mask,
    read_data,
    read_hora,
    read_id,
    read_minutos,
    to_utc,
)
from app.connectors.csv_file.colunas import fold
from app.connectors.csv_file.motivos import CelulaRecusada, reject, warn
from app.connectors.csv_file.registros import Registro
from app.connectors.csv_file.vocabulario import SITUACOES, TIPOS
from app.domain.confirmacao import SituacaoAgenda, TipoAtendimento
from app.domain.telefone import TelefoneRecusado, TipoTelefone, parse_telefone

_TEXTO_MAX: Final = 200
_TEXTO_LONGO_MAX: Final = 4_000
_ID_MAX: Final = 64
_DIA_MIN: Final = 24 * 60
_ANOS: Final = range(2000, 2101)
_NASCIMENTO_MIN: Final = 1900
_MEIA_NOITE: Final = time()
_ASSINANTE: Final = 8  # digits after DDD and ninth digit


class LinhaReader:
    """Read rows laid out as `posicoes` says. Never raises for what a row holds."""

    def __init__(self, posicoes: Mapping[str, int], zona: ZoneInfo) -> None:
        self._posicoes = posicoes
        self._zona = zona

    def read(self, registro: Registro) -> list[ItemAgenda]:
        celulas = _Celulas(registro, self._posicoes)
        try:
            atendimento = _build(celulas, self._zona)
        except CelulaRecusada as recusa:
            return [reject(registro.linha, recusa.motivo, registro.originais, coluna=recusa.coluna, valor=recusa.valor)]
        return [atendimento, *celulas.avisos]


class _Celulas:
    """The cells of one row by our column names, and the warnings given on the way."""

    def __init__(self, registro: Registro, posicoes: Mapping[str, int]) -> None:
        self.linha = registro.linha
        self.avisos: list[Aviso] = []
        celulas = registro.celulas
        self._cheias = {
            coluna: valor
            for coluna, posicao in posicoes.items()
            if posicao < len(celulas) and (valor := celulas[posicao]) != "" and not str(valor).isspace()
        }

    def raw(self, coluna: str) -> object:
        return self._cheias.get(coluna)

    def texto(self, coluna: str, *, limite: int = _TEXTO_MAX, linhas: bool = False) -> str | None:
        valor = self._cheias.get(coluna)
        if valor is None:
            return None
        texto, cortado = clean(valor, limite=limite, linhas=linhas)
        if cortado:
            self.warn(coluna, "texto_cortado")
        return texto or None

    def required(self, coluna: str) -> str:
        texto = self.texto(coluna)
        if texto is None:
            raise CelulaRecusada(coluna, "campo_vazio")
        return texto

    def expected(self, coluna: str) -> str:
        """Return what may be empty in a required column: the visit matters more than whom it is with."""
        texto = self.texto(coluna)
        if texto is None:
            self.warn(coluna, "campo_vazio")
        return texto or ""

    def identificador(self, coluna: str) -> str | None:
        valor = self.raw(coluna)
        if valor is None:
            return None
        texto, cortado = clean(valor, limite=_ID_MAX)
        if cortado:
            raise CelulaRecusada(coluna, "id_invalido", mask(coluna, valor))
        try:
            return read_id(texto) or None
        except ValorInvalido as erro:
            raise CelulaRecusada(coluna, str(erro), mask(coluna, valor)) from erro

    def instante(self, coluna: str, zona: ZoneInfo) -> datetime | None:
        """Return a moment that only informs: a day is its first minute, nonsense is nothing."""
        dia = self.dia(coluna)
        if dia is None:
            return None
        momento = dia if isinstance(dia, datetime) else datetime.combine(dia, _MEIA_NOITE)
        try:
            return to_utc(momento, zona)[0]
        except (ValorInvalido, OverflowError):
            self.warn(coluna, "data_invalida", self.raw(coluna))
            return None

    def dia(self, coluna: str) -> date | None:
        valor = self.raw(coluna)
        if valor is None or not clean(valor, limite=_ID_MAX)[0]:
            return None
        try:
            return read_data(valor)
        except ValorInvalido:
            self.warn(coluna, "data_invalida", valor)
            return None

    def minutos(self, coluna: str, maximo: int) -> int | None:
        texto = self.texto(coluna)
        if texto is None:
            return None
        try:
            return read_minutos(texto, maximo)
        except ValorInvalido:
            self.warn(coluna, "numero_invalido", texto)
            return None

    def warn(self, coluna: str, motivo: str, valor: object = None) -> None:
        self.avisos.append(warn(self.linha, motivo, coluna=coluna, valor=mask(coluna, valor)))


def _build(celulas: _Celulas, zona: ZoneInfo) -> AtendimentoImportado:
    nr_seq_agenda = celulas.identificador("nr_seq_agenda")
    if nr_seq_agenda is None:
        raise CelulaRecusada("nr_seq_agenda", "campo_vazio")
    data_consulta, conflito = _read_data_consulta(celulas, zona)
    situacao = _read_situacao(celulas)
    return AtendimentoImportado(
        linha=celulas.linha,
        nr_seq_agenda=nr_seq_agenda,
        id_paciente=celulas.identificador("id_paciente"),
        nome_paciente=celulas.required("nome_paciente"),
        data_nascimento=_read_nascimento(celulas, data_consulta),
        telefone=_read_telefone(celulas, "telefone"),
        telefone_2=_read_telefone(celulas, "telefone_2"),
        responsavel=celulas.texto("responsavel"),
        email=_read_email(celulas),
        nome_medico=celulas.expected("nome_medico"),
        especialidade=celulas.expected("especialidade"),
        tipo=_read_tipo(celulas),
        convenio=celulas.texto("convenio"),
        unidade=celulas.texto("unidade"),
        sala=celulas.texto("sala"),
        data_consulta=data_consulta,
        duracao_min=celulas.minutos("duracao_min", _DIA_MIN),
        chegar_antes_min=celulas.minutos("chegar_antes_min", _DIA_MIN),
        preparo=celulas.texto("preparo", limite=_TEXTO_LONGO_MAX, linhas=True),
        observacoes=celulas.texto("observacoes", limite=_TEXTO_LONGO_MAX, linhas=True),
        situacao_agenda=SituacaoAgenda.DESCONHECIDO if conflito else situacao,
        origem_versao=celulas.instante("origem_versao", zona),
        agendado_em=celulas.instante("agendado_em", zona),
    )


def _read_data_consulta(celulas: _Celulas, zona: ZoneInfo) -> tuple[datetime, bool]:
    """Return the start, and whether its two time fields disagree.

    Midnight is how exports write a missing hour, and no visit starts then: it never passes for one.
    """
    coluna = "data_consulta"
    valor = celulas.raw(coluna)
    if valor is None:
        raise CelulaRecusada(coluna, "campo_vazio")
    try:
        momento, conflito = _with_hora(read_data(valor), celulas)
        instante, ambiguo = to_utc(momento, zona)
        _check_plausible(momento, instante.astimezone(zona))
    except ValorInvalido as erro:
        raise CelulaRecusada(coluna, str(erro), mask(coluna, valor)) from erro
    if ambiguo:
        celulas.warn(coluna, "horario_ambiguo", valor)
    if conflito:
        celulas.warn(coluna, "horario_conflitante", valor)
    return instante, conflito


def _check_plausible(escrito: datetime, local: datetime) -> None:
    if local.year not in _ANOS:
        raise ValorInvalido("data_invalida")
    if _MEIA_NOITE in (escrito.time(), local.time()):
        raise ValorInvalido("sem_hora")


def _with_hora(escrita: date, celulas: _Celulas) -> tuple[datetime, bool]:
    """Join the column of the hour, when the file has one, to a day without."""
    valor = celulas.raw("hora_consulta")
    hora = None if valor is None else read_hora(valor)
    com_hora = isinstance(escrita, datetime) and escrita.time() != _MEIA_NOITE
    if isinstance(escrita, datetime) and com_hora:
        return escrita, hora not in (None, _MEIA_NOITE, escrita.time())
    if hora is None:
        raise ValorInvalido("sem_hora")
    return datetime.combine(date(escrita.year, escrita.month, escrita.day), hora), False


def _read_nascimento(celulas: _Celulas, data_consulta: datetime) -> date | None:
    lida = celulas.dia("data_nascimento")
    if lida is None:
        return None
    nascimento = lida.date() if isinstance(lida, datetime) else lida
    if nascimento.year < _NASCIMENTO_MIN or nascimento > data_consulta.date():
        celulas.warn("data_nascimento", "data_invalida", celulas.raw("data_nascimento"))
        return None
    return nascimento


def _read_telefone(celulas: _Celulas, coluna: str) -> str | None:
    """Keep the phone as written; say now what reception will have to know about it."""
    texto = celulas.texto(coluna)
    if texto is None and coluna != "telefone":
        return None
    lido = parse_telefone(texto)
    if isinstance(lido, TelefoneRecusado):
        valor = mask(coluna, texto)
        celulas.avisos.append(Aviso(celulas.linha, coluna, f"telefone_{lido.motivo}", lido.mensagem, valor))
    elif lido.tipo is not TipoTelefone.CELULAR:
        celulas.warn(coluna, f"telefone_{lido.tipo}", texto)
    elif lido.ajustado:
        celulas.warn(coluna, "telefone_ajustado", texto)
    elif len(set(lido.e164[-_ASSINANTE:])) == 1:
        celulas.warn(coluna, "telefone_suspeito", texto)
    return texto


def _read_email(celulas: _Celulas) -> str | None:
    texto = celulas.texto("email")
    if texto is None or is_email(texto):
        return texto
    celulas.warn("email", "email_invalido", texto)
    return None


def _read_situacao(celulas: _Celulas) -> SituacaoAgenda:
    texto = celulas.texto("situacao_agenda")
    if texto is None:
        return SituacaoAgenda.AGENDADO
    situacao = SITUACOES.get(texto.lower()) or SITUACOES.get(fold(texto))
    if situacao is None:
        celulas.warn("situacao_agenda", "situacao_desconhecida", texto)
        return SituacaoAgenda.DESCONHECIDO
    return situacao


def _read_tipo(celulas: _Celulas) -> TipoAtendimento:
    texto = celulas.texto("tipo")
    tipo = TipoAtendimento.CONSULTA if texto is None else TIPOS.get(texto.lower()) or TIPOS.get(fold(texto))
    if tipo is None:
        celulas.warn("tipo", "tipo_desconhecido", texto)
        return TipoAtendimento.CONSULTA
    return tipo
