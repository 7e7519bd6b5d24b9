"""The public schedule of Vitória (2016) has no names, phones, doctors or hours: they follow from its ids.

The same id gives the same person, phone and hour on every machine and in every run. No phone given
here can be anybody's: mobiles beginning `90` are valid in form and not in use.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zlib import crc32
from zoneinfo import ZoneInfo

from app.connectors.base import AtendimentoImportado, ItemAgenda
from app.connectors.csv_file.celulas import ValorInvalido, as_text, clean, read_data
from app.connectors.csv_file.motivos import CelulaRecusada, reject
from app.connectors.csv_file.registros import Registro

_OBRIGATORIAS: Final = ("PatientId", "AppointmentID", "ScheduledDay", "AppointmentDay", "Age", "Neighbourhood")
_COLUNAS: Final = (*_OBRIGATORIAS, "Gender")
_ZONA: Final = ZoneInfo("America/Sao_Paulo")
_MAIORIDADE: Final = 18
_PRIMEIRO: Final = 7 * 60  # minutes of the day
_ULTIMO: Final = 17 * 60
_PASSO: Final = 10

_MULHERES: Final = (
    "Ana", "Beatriz", "Camila", "Daniela", "Elisa", "Fernanda", "Gabriela", "Helena", "Isabel", "Joana", "Karina",
    "Larissa", "Mariana", "Natália", "Olívia", "Patrícia", "Raquel", "Sandra", "Tatiana", "Úrsula", "Vanessa",
    "Yasmin", "Conceição", "Luzia", "Aparecida", "Cecília", "Débora", "Íris", "Lívia", "Noemi",
)  # fmt: skip
_HOMENS: Final = (
    "André", "Bruno", "Carlos", "Diego", "Eduardo", "Felipe", "Gustavo", "Henrique", "Igor", "João", "Leonardo",
    "Marcelo", "Nelson", "Otávio", "Paulo", "Rafael", "Sérgio", "Tiago", "Ubirajara", "Vinícius", "Wagner", "Antônio",
    "Benedito", "Cláudio", "Davi", "Elias", "Fábio", "Geraldo", "Hugo", "Ítalo",
)  # fmt: skip
_SOBRENOMES: Final = (
    "Almeida", "Barbosa", "Cardoso", "Dias", "Esteves", "Ferreira", "Gomes", "Henriques", "Ibiapina", "Jardim",
    "Lacerda", "Machado", "Nascimento", "Oliveira", "Pereira", "Queiroz", "Ribeiro", "Santana", "Teixeira", "Uchoa",
    "Vasconcelos", "Xavier", "Zanetti", "Araújo", "Brandão", "Corrêa", "Damasceno", "Evangelista", "Fonseca",
    "Guimarães", "Loureiro", "Mendonça", "Novaes", "Pimentel", "Rezende", "Siqueira", "Tavares", "Vidal",
)  # fmt: skip
_PARTICULAS: Final = ("DA", "DE", "DO", "DAS", "DOS")
_ESPECIALIDADES: Final = (
    "Clínica Médica", "Pediatria", "Ginecologia", "Cardiologia", "Ortopedia", "Dermatologia",
    "Oftalmologia", "Psicologia",
)  # fmt: skip


def match_vitoria(titulos: Sequence[str]) -> dict[str, int] | None:
    """Return where its columns stand, or None when this is another file."""
    limpos = [titulo.strip() for titulo in titulos]
    if not all(coluna in limpos for coluna in _OBRIGATORIAS):
        return None
    return {coluna: limpos.index(coluna) for coluna in _COLUNAS if coluna in limpos}


class VitoriaReader:
    def __init__(self, posicoes: Mapping[str, int]) -> None:
        self._posicoes = posicoes

    def read(self, registro: Registro) -> list[ItemAgenda]:
        try:
            return [self._build(registro)]
        except CelulaRecusada as recusa:
            return [reject(registro.linha, recusa.motivo, registro.originais, coluna=recusa.coluna)]

    def _build(self, registro: Registro) -> AtendimentoImportado:
        campos = {coluna: self._cell(registro, coluna) for coluna in self._posicoes}
        paciente, agenda = campos["PatientId"], campos["AppointmentID"]
        agendado_em = _instant("ScheduledDay", campos)
        dia = _day("AppointmentDay", campos)
        menor = campos["Age"].isdigit() and int(campos["Age"]) < _MAIORIDADE
        unidade = place(campos["Neighbourhood"])
        vaga = _seed("vaga", agenda)
        especialidade = "Pediatria" if menor else _ESPECIALIDADES[vaga % len(_ESPECIALIDADES)]
        return AtendimentoImportado(
            linha=registro.linha,
            nr_seq_agenda=agenda,
            id_paciente=paciente,
            nome_paciente=person(paciente, homem=campos.get("Gender") == "M"),
            responsavel=person(f"responsavel {paciente}", homem=False) if menor else None,
            telefone=phone(paciente),
            nome_medico=person(f"{unidade} {especialidade} {vaga % 2}", homem=bool(vaga % 2)),
            especialidade=especialidade,
            unidade=unidade,
            data_consulta=start(agenda, dia, agendado_em=agendado_em),
            agendado_em=agendado_em,
        )

    def _cell(self, registro: Registro, coluna: str) -> str:
        posicao = self._posicoes[coluna]
        valor = registro.celulas[posicao] if posicao < len(registro.celulas) else None
        texto, _ = clean(as_text(valor), limite=64)
        if not texto:
            raise CelulaRecusada(coluna, "campo_vazio")
        return texto


def person(semente: str, *, homem: bool) -> str:
    numero = _seed("nome", semente)
    nomes = _HOMENS if homem else _MULHERES
    nome, numero = nomes[numero % len(nomes)], numero // len(nomes)
    meio, numero = _SOBRENOMES[numero % len(_SOBRENOMES)], numero // len(_SOBRENOMES)
    return f"{nome} {meio} {_SOBRENOMES[numero % len(_SOBRENOMES)]}"


def place(bairro: str) -> str:
    return " ".join(p.lower() if p in _PARTICULAS else p.capitalize() for p in bairro.split())


def phone(paciente: str) -> str:
    return f"+552790{_seed('telefone', paciente) % 10_000_000:07d}"


def start(agenda: str, dia: date, *, agendado_em: datetime) -> datetime:
    """Spread visits over the day's ten-minute slots; what was booked that same day comes after its booking."""
    primeiro = _PRIMEIRO
    marcado = agendado_em.astimezone(_ZONA)
    if marcado.date() == dia:
        primeiro = max(primeiro, (marcado.hour * 60 + marcado.minute) // _PASSO * _PASSO + _PASSO)
    vagas = max(1, (_ULTIMO - primeiro) // _PASSO + 1)
    minuto = primeiro + _seed("hora", agenda) % vagas * _PASSO
    return (datetime.combine(dia, time(), tzinfo=_ZONA) + timedelta(minutes=minuto)).astimezone(UTC)


def _seed(assunto: str, valor: str) -> int:
    return crc32(f"{assunto}:{valor}".encode())


def _read(coluna: str, campos: Mapping[str, str]) -> date:
    try:
        lida = read_data(campos[coluna])
    except ValorInvalido as erro:
        raise CelulaRecusada(coluna, "data_invalida") from erro
    return lida


def _day(coluna: str, campos: Mapping[str, str]) -> date:
    lida = _read(coluna, campos)
    return lida.date() if isinstance(lida, datetime) else lida  # its hour is always 00:00: there is none


def _instant(coluna: str, campos: Mapping[str, str]) -> datetime:
    lida = _read(coluna, campos)
    if not isinstance(lida, datetime):
        return datetime(lida.year, lida.month, lida.day, tzinfo=UTC)
    return lida if lida.tzinfo else lida.replace(tzinfo=UTC)
