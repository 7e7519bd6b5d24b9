"""The columns we read, the other names hospitals give them, and the match of a file's header."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from app.connectors.base import ArquivoRecusado

OBRIGATORIAS: Final = ("nr_seq_agenda", "nome_paciente", "telefone", "nome_medico", "especialidade", "data_consulta")

# Synonyms as `fold` leaves them; the first header that matches wins, our own name before any synonym.
_SINONIMOS: Final[Mapping[str, tuple[str, ...]]] = {
    "nr_seq_agenda": (
        "nr_sequencia", "nr_sequencia_agenda", "seq_agenda", "sequencia", "id_agenda", "id_agendamento", "id_externo",
        "codigo_agendamento", "cod_agendamento", "cd_it_agenda_central", "numero_agendamento", "protocolo",
        "agendamento",
    ),
    "nome_paciente": ("paciente", "nm_paciente", "nome_do_paciente", "nome", "nome_completo", "nm_pessoa_fisica"),
    "telefone": (
        "celular", "telefone_celular", "telefone_1", "telefone1", "fone", "tel", "whatsapp", "nr_telefone",
        "nr_celular", "celular_paciente", "telefone_paciente", "telefone_do_paciente", "contato",
    ),
    "nome_medico": (
        "medico", "nm_medico", "nome_do_medico", "profissional", "nome_profissional", "prestador", "nm_prestador",
        "medica", "doutor", "medico_a",
    ),
    "especialidade": ("ds_especialidade", "nome_especialidade", "servico", "procedimento", "clinica"),
    "data_consulta": (
        "data_hora", "data_hora_consulta", "data_e_hora", "dt_consulta", "dt_agenda", "data_agenda",
        "data_da_consulta", "data_atendimento", "inicio", "data",
    ),
    "hora_consulta": ("hora", "horario", "hr_agenda", "hr_inicio", "hora_da_consulta", "hora_inicio"),
    "id_paciente": ("cd_paciente", "codigo_paciente", "cod_paciente", "prontuario", "cd_pessoa_fisica"),
    "data_nascimento": ("nascimento", "dt_nascimento", "data_de_nascimento", "nasc"),
    "telefone_2": (
        "telefone2", "celular_2", "celular2", "telefone_residencial", "telefone_fixo", "telefone_recado",
        "outro_telefone", "telefone_alternativo", "fone_2",
    ),
    "responsavel": ("nome_responsavel", "nm_responsavel", "responsavel_legal", "nome_do_responsavel"),
    "email": ("e_mail", "ds_email", "correio_eletronico", "email_paciente"),
    "tipo": ("tipo_atendimento", "tipo_agenda", "tp_atendimento", "tipo_de_atendimento"),
    "convenio": ("plano", "ds_convenio", "nm_convenio", "plano_de_saude"),
    "unidade": ("unidade_atendimento", "estabelecimento", "local", "ds_unidade", "nome_unidade"),
    "sala": ("consultorio", "ds_sala", "sala_consultorio"),
    "duracao_min": ("duracao", "nr_minuto_duracao", "duracao_minutos", "minutos"),
    "chegar_antes_min": ("chegar_antes", "antecedencia", "antecedencia_min"),
    "preparo": ("orientacao", "orientacoes", "ds_preparo", "instrucoes"),
    "observacoes": ("observacao", "obs", "ds_observacao"),
    "situacao_agenda": ("situacao", "status", "status_agenda", "situacao_origem", "ie_status_agenda", "tp_situacao"),
    "origem_versao": ("versao_origem", "dt_atualizacao", "data_atualizacao", "atualizado_em", "ultima_atualizacao"),
    "agendado_em": ("dt_agendamento", "data_agendamento", "data_do_agendamento", "marcado_em", "data_marcacao"),
}  # fmt: skip
COLUNAS: Final = tuple(_SINONIMOS)

_NAO_ALFANUMERICO: Final = re.compile(r"[^a-z0-9]+")
_MAX_MOSTRADAS: Final = 30


@dataclass(frozen=True, slots=True)
class Layout:
    """Where each of our columns stands in the file."""

    posicoes: Mapping[str, int]
    largura: int

    @property
    def faltando(self) -> tuple[str, ...]:
        return tuple(coluna for coluna in OBRIGATORIAS if coluna not in self.posicoes)


def fold(texto: str) -> str:
    """Compare without case, accents, spaces and punctuation."""
    sem_acentos = "".join(c for c in unicodedata.normalize("NFKD", texto) if not unicodedata.combining(c))
    return _NAO_ALFANUMERICO.sub("_", sem_acentos.lower()).strip("_")


def check_mapa(mapa: Mapping[str, str]) -> None:
    erradas = sorted({coluna for coluna in mapa.values() if coluna not in COLUNAS})
    if erradas:
        raise ArquivoRecusado(
            "mapa_invalido", f"O mapa de colunas aponta para colunas que não existem: {', '.join(erradas)}."
        )


def match_header(celulas: Sequence[str], mapa: Mapping[str, str]) -> Layout:
    """Find our columns in one row: the hospital's map first, then our names, then synonyms."""
    titulos = [fold(celula) for celula in celulas]
    proprios = {fold(titulo): coluna for titulo, coluna in mapa.items()}
    posicoes: dict[str, int] = {}
    for posicao, titulo in enumerate(titulos):
        if titulo in proprios:
            posicoes.setdefault(proprios[titulo], posicao)
    for coluna in COLUNAS:
        _place(posicoes, coluna, (coluna,), titulos)
    for coluna, sinonimos in _SINONIMOS.items():
        _place(posicoes, coluna, sinonimos, titulos)
    _place(posicoes, "telefone_2", _SINONIMOS["telefone"], titulos)  # "telefone" and "celular" side by side
    largura = max((posicao for posicao, titulo in enumerate(titulos, 1) if titulo), default=0)
    return Layout(posicoes, largura)


def _place(posicoes: dict[str, int], coluna: str, nomes: Sequence[str], titulos: Sequence[str]) -> None:
    if coluna in posicoes:
        return
    usadas = set(posicoes.values())
    for nome in nomes:
        if nome in titulos and titulos.index(nome) not in usadas:
            posicoes[coluna] = titulos.index(nome)
            return


def require(layout: Layout, celulas: Sequence[str]) -> None:
    """Refuse a file that lacks columns, in one sentence.

    A first row in which nothing is recognised may be a patient: then its cells are not repeated.
    """
    titulos = [fold(celula) for celula in celulas if fold(celula)]
    repetidas = sorted({titulos_repetido for titulos_repetido in titulos if titulos.count(titulos_repetido) > 1})
    ambiguas = [coluna for coluna in OBRIGATORIAS if coluna in repetidas]
    if ambiguas:
        raise ArquivoRecusado("coluna_repetida", f"O cabeçalho repete a coluna {', '.join(ambiguas)}.")
    if not layout.faltando:
        return
    faltam = f"Faltam as colunas {', '.join(layout.faltando)}."
    if not layout.posicoes:
        achado = f"Nenhum dos {len(titulos)} títulos da primeira linha foi reconhecido."
    else:
        nomes = [" ".join(celula.split())[:40] for celula in celulas if celula.strip()]
        resto = f" e mais {len(nomes) - _MAX_MOSTRADAS}" if len(nomes) > _MAX_MOSTRADAS else ""
        achado = f"O arquivo tem: {', '.join(nomes[:_MAX_MOSTRADAS])}{resto}."
    raise ArquivoRecusado("colunas_faltando", f"{faltam} {achado}")
