"""Texts a gateway approved beforehand: which of our values they may use, and whether one can carry a message."""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from app.domain.aprovacao import EstadoAprovacao
from app.domain.modelo import ModeloInvalido
from app.domain.saida import PERGUNTAS


class Impedimento(StrEnum):
    """Why an approved text cannot carry a message."""

    SEM_TEXTO = "sem_texto_aprovado"
    NAO_APROVADO = "texto_nao_aprovado"
    UMA_VISITA = "texto_de_uma_visita"  # of several it would tell one, and a "0" would give up all
    SEM_AVISO = "texto_sem_aviso"  # a slot that does not come back, and the text does not say so
    SEM_VALOR = "valor_ausente"
    LONGO = "valores_longos"


@dataclass(frozen=True, slots=True)
class ModeloAprovado:
    """What a channel's gateway approved for one of our templates; `valores` are (its variable, our value)."""

    nome: str
    idioma: str
    valores: tuple[tuple[str, str], ...] = ()
    botoes: int = 0
    estado: EstadoAprovacao = EstadoAprovacao.APROVADO
    categoria: str | None = None

    @property
    def nomeado(self) -> bool:
        """Its variables have names; otherwise their order counts."""
        return any(not variavel.isdigit() for variavel, _ in self.valores)


@dataclass(frozen=True, slots=True)
class ModeloPreenchido:
    """An approved text with the values of one message, clean as gateways want them."""

    nome: str
    idioma: str
    valores: tuple[tuple[str, str], ...]
    nomeado: bool
    botoes: int


@dataclass(frozen=True, slots=True)
class _Valor:
    """How one value is read, its longest, and whether a part of it does harm."""

    read: Callable[[Mapping[str, Any]], object]
    maximo: int
    inteiro: bool = False


_NOME_MAXIMO: Final = 512
_VALORES_MAXIMO: Final = 800  # of the 1,024 characters of a body: its own words need room
_BOTOES_MAXIMO: Final = 10
_AVISO: Final = "Se você desmarcar, esta vaga passa a outra pessoa e não volta."
_SEM_AVISO: Final = "Se não puder vir, avise: outra pessoa poderá usar a vaga."
# Questions that must say what a "0" cannot take back, as the shipped texts of the same name do.
AVISAM: Final = frozenset({"pedido", "lembrete"})
_AVISOS: Final = frozenset({"aviso", "visitas"})
_NOME: Final = re.compile(r"[^\s\x00-\x1f\x7f]+")
_IDIOMA: Final = re.compile(r"[a-z]{2,3}(_[A-Z]{2})?")
_VARIAVEL: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


def fill_aprovado(
    aprovado: ModeloAprovado | None, modelo: str, contexto: Mapping[str, Any]
) -> ModeloPreenchido | Impedimento:
    """Return the approved text with the values of one message, or why it cannot carry this one.

    `contexto` is what our own template `modelo` would be rendered with
    (`app.domain.mensagem.build_contexto`).
    """
    if aprovado is None:
        return Impedimento.SEM_TEXTO
    if aprovado.estado is not EstadoAprovacao.APROVADO:
        return Impedimento.NAO_APROVADO
    usados = {nome for _, nome in aprovado.valores}
    if contexto["varias"] and "visitas" not in usados:
        return Impedimento.UMA_VISITA
    if modelo in AVISAM and not usados & _AVISOS and any(visita["regulada"] for visita in contexto["visitas"]):
        return Impedimento.SEM_AVISO
    valores = [(variavel, _tell(nome, contexto)) for variavel, nome in aprovado.valores]
    if not all(texto for _, texto in valores):
        return Impedimento.SEM_VALOR
    if sum(len(texto) for _, texto in valores) > _VALORES_MAXIMO:
        return Impedimento.LONGO
    return ModeloPreenchido(aprovado.nome, aprovado.idioma, tuple(valores), aprovado.nomeado, aprovado.botoes)


def clean_valor(valor: object) -> str:
    """Return a value without line breaks, tabs, runs of spaces and control characters: gateways refuse them."""
    letras = "" if valor is None else str(valor)
    kept = "".join(letra for letra in letras if letra.isspace() or unicodedata.category(letra) != "Cc")
    return " ".join(kept.split())


def read_valores(guardados: Sequence[Any]) -> tuple[tuple[str, str], ...]:
    """Return (variable, our value) of what is stored: pairs, or our names alone where order counts.

    What cannot be read names no value, so that its text carries nothing.
    """
    return tuple(_read_valor(posicao, item) for posicao, item in enumerate(guardados, start=1))


def check_aprovado(aprovado: ModeloAprovado) -> None:
    """Raise ModeloInvalido, with a sentence, unless an approved text is named and filled with what exists."""
    variaveis = [variavel for variavel, _ in aprovado.valores]
    estranhos = sorted({nome for _, nome in aprovado.valores} - set(VALORES))
    if not _NOME.fullmatch(aprovado.nome) or len(aprovado.nome) > _NOME_MAXIMO:
        raise ModeloInvalido("Informe o nome do texto aprovado como o gateway o escreve, sem espaços.")
    if not _IDIOMA.fullmatch(aprovado.idioma):
        raise ModeloInvalido("Informe o idioma do texto aprovado como pt_BR.")
    if estranhos:
        raise ModeloInvalido(f"Não existe o valor {', '.join(estranhos)}. Os que existem: {', '.join(VALORES)}.")
    if len(set(variaveis)) < len(variaveis):
        raise ModeloInvalido("Uma variável do texto aprovado aparece duas vezes.")
    if not _are_positions(variaveis) and not all(map(_VARIAVEL.fullmatch, variaveis)):
        raise ModeloInvalido("As variáveis do texto aprovado são nomes, ou números de 1 em diante, sem pular nenhum.")
    if not 0 <= aprovado.botoes <= _BOTOES_MAXIMO:
        raise ModeloInvalido(f"Um texto aprovado tem de 0 a {_BOTOES_MAXIMO} botões.")


def review_aprovado(aprovado: ModeloAprovado, modelo: str, *, reguladas: bool) -> tuple[str, ...]:
    """Return what an approved text that may be used leaves open; its own words are not known here."""
    usados = {nome for _, nome in aprovado.valores}
    looks = (
        ("visitas" not in usados, "Sem o valor visitas, o texto não serve para vários atendimentos na mesma mensagem."),
        (
            modelo in PERGUNTAS and not aprovado.botoes,
            "O texto não tem botões: confira se ele diz como responder com 1 (vem) e 0 (não vem).",
        ),
        (
            reguladas and modelo in AVISAM and not usados & _AVISOS,
            "Sem o valor aviso, o texto não serve para especialidades cuja vaga não volta.",
        ),
    )
    return tuple(sentence for applies, sentence in looks if applies)


def _are_positions(variaveis: Sequence[str]) -> bool:
    return sorted(variaveis) == sorted(str(posicao + 1) for posicao in range(len(variaveis)))


def _read_valor(posicao: int, item: object) -> tuple[str, str]:
    match item:
        case str():
            return str(posicao), item
        case [str(variavel), str(nome)]:
            return variavel, nome
        case _:
            return str(posicao), ""


def _tell(nome: str, contexto: Mapping[str, Any]) -> str:
    """Return a value's text; nothing where it is unknown, or too long to be cut without harm."""
    valor = VALORES.get(nome)
    if valor is None:
        return ""
    texto = clean_valor(valor.read(contexto))
    if len(texto) <= valor.maximo:
        return texto
    return "" if valor.inteiro else f"{texto[: valor.maximo - 1].rstrip()}…"


def _of_visita(campo: str, ausente: str | None = None) -> Callable[[Mapping[str, Any]], object]:
    """Read a fact of the visits, if it is the same for all of them; `ausente` is said where nothing is known."""

    def read(contexto: Mapping[str, Any]) -> object:
        fatos = {clean_valor(visita[campo] or ausente) for visita in contexto["visitas"]}
        return fatos.pop() if len(fatos) == 1 else None

    return read


def _place(*campos: str) -> Callable[[Mapping[str, Any]], object]:
    """Read where the visits are: a visit nobody said more of is at the hospital."""

    def read(contexto: Mapping[str, Any]) -> object:
        places = {
            next(filter(None, (visita[campo] for campo in campos)), contexto["hospital"])
            for visita in contexto["visitas"]
        }
        return places.pop() if len(places) == 1 else None

    return read


def _preparation(contexto: Mapping[str, Any]) -> object:
    """Read how to prepare, whole or not at all: half an instruction does harm."""
    texto = _of_visita("preparo", "nenhum preparo informado")(contexto)
    return texto if len(str(texto)) <= _PREPARO_MAXIMO else "pergunte à recepção"


def _names(contexto: Mapping[str, Any]) -> str:
    """Join the first names: who answers for two children is greeted by both."""
    nomes = list(dict.fromkeys(visita["nome"] for visita in contexto["visitas"])) or ["paciente"]
    return " e ".join(filter(None, (", ".join(nomes[:-1]), nomes[-1])))


def _visits(contexto: Mapping[str, Any]) -> str:
    """Put every visit into one line; where that is too long without the places, and never without one of the visits."""
    whole, brief = (_line(contexto["visitas"], places=places) for places in (True, False))
    return whole if len(whole) <= _VISITAS_MAXIMO else brief


def _line(visitas: Sequence[Mapping[str, Any]], *, places: bool) -> str:
    return "; ".join(_visit(visita, named=len(visitas) > 1, place=places) for visita in visitas)


def _visit(visita: Mapping[str, Any], *, named: bool, place: bool) -> str:
    who = f"{visita['letra']}) {visita['nome']}: " if named else ""
    where = f", em {visita['unidade']}" if place and visita["unidade"] else ""
    warning = " (se desmarcar, a vaga não volta)" if visita["regulada"] else ""
    return clean_valor(f"{who}{visita['tipo_curto']} {visita['quando']}{where}{warning}")


def _warning(contexto: Mapping[str, Any]) -> str:
    return _AVISO if any(visita["regulada"] for visita in contexto["visitas"]) else _SEM_AVISO


_VISITAS_MAXIMO: Final = 600
_PREPARO_MAXIMO: Final = 300
VALORES: Final[Mapping[str, _Valor]] = {
    "nome": _Valor(_names, 60),
    "hospital": _Valor(lambda contexto: contexto["hospital"], 80),
    "telefone_hospital": _Valor(lambda contexto: contexto["telefone_hospital"] or "a recepção", 40),
    "quando": _Valor(_of_visita("quando"), 60, inteiro=True),
    "data": _Valor(_of_visita("data"), 10, inteiro=True),
    "hora": _Valor(_of_visita("hora"), 5, inteiro=True),
    "tipo": _Valor(_of_visita("tipo"), 40, inteiro=True),
    "tipo_curto": _Valor(_of_visita("tipo_curto"), 40, inteiro=True),
    "unidade": _Valor(_place("unidade"), 80),
    "endereco": _Valor(_place("endereco", "unidade"), 160),
    "especialidade": _Valor(_of_visita("especialidade", "atendimento"), 60),
    "medico": _Valor(_of_visita("medico", "a equipe"), 60),
    "preparo": _Valor(_preparation, _PREPARO_MAXIMO, inteiro=True),
    "chegar_antes_min": _Valor(_of_visita("chegar_antes_min", "alguns"), 10, inteiro=True),
    "aviso": _Valor(_warning, 100, inteiro=True),
    "visitas": _Valor(_visits, _VISITAS_MAXIMO, inteiro=True),
}
