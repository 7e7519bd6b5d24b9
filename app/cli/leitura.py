"""`confirma ler` and `confirma leitura …`: replies read from a file, and the model that helps to read them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from app.cli.erros import Falha, Saida, UsoErrado
from app.cli.saida import facts, table
from app.cli.sessao import Terminal, comando
from app.domain.resposta.tipos import Intencao, Leitura
from app.interpreters.leitor import Leitor
from app.interpreters.local.exemplos import PADRAO as EXEMPLOS
from app.interpreters.local.exemplos import ExemploInvalido, load_exemplos
from app.interpreters.local.modelo import PADRAO as MODELO
from app.interpreters.local.modelo import ModeloInvalido, ModeloLocal

grupo = typer.Typer(help="Leitura das respostas: o modelo local.", no_args_is_help=True)

_SEM_ATO: Final = frozenset({Intencao.QUESTION, Intencao.GREETING, Intencao.UNCLEAR})

Arquivo = Annotated[
    Path, typer.Argument(metavar="ARQUIVO", help="JSONL com id e text por linha.", exists=True, dir_okay=False)
]
Destino = Annotated[Path, typer.Option("--saida", metavar="F", help="Onde escrever as leituras, em JSONL.")]
Modelo = Annotated[Path, typer.Option("--modelo", metavar="NPZ", help="Outro modelo local em vez do que vem pronto.")]
Exemplos = Annotated[Path, typer.Option("--exemplos", metavar="JSONL", help="Respostas rotuladas para treinar.")]


def ler(tela: Terminal, arquivo: Arquivo, *, saida: Destino, modelo: Modelo = MODELO) -> int:
    """Lê um arquivo de respostas e escreve o que cada uma quer dizer."""
    leitor = Leitor(_open(modelo))
    lidas, ruins = [], []
    for numero, linha in enumerate(_lines(arquivo), start=1):
        if not linha.strip():
            continue
        pergunta = _parse(linha)
        if pergunta is None:
            ruins.append(numero)
        else:
            lidas.append(reading_of(pergunta["id"], leitor.read(pergunta["text"])))
    _write(saida, lidas)
    resumo: dict[str, Any] = {"lidas": len(lidas), "rejeitadas": len(ruins), "arquivo": str(saida)}
    tela.show(resumo, facts(None, {"Lidas": len(lidas), "Rejeitadas": len(ruins), "Arquivo": saida}))
    if ruins:
        tela.note(f"Sem id e text: linha {', '.join(map(str, ruins[:10]))}{'…' if len(ruins) > 10 else ''}.")  # noqa: PLR2004
    return Saida.EM_PARTE if ruins else Saida.FEITO


def reading_of(ident: object, leitura: Leitura) -> dict[str, Any]:
    """Return one line of what `ler` writes; `acts` tells whether something would be done without asking back."""
    return {
        "id": ident,
        "label": leitura.intencao.value,
        "secondary": leitura.secundaria.value if leitura.secundaria else None,
        "confidence": round(leitura.confianca, 4),
        "stage": leitura.etapa,
        "acts": leitura.age and leitura.intencao not in _SEM_ATO,
    }


def _lines(arquivo: Path) -> Iterator[str]:
    try:
        with arquivo.open(encoding="utf-8-sig") as linhas:
            yield from linhas
    except UnicodeDecodeError as error:
        raise UsoErrado("arquivo_ilegivel", "O arquivo não está em UTF-8.") from error


def _parse(linha: str) -> dict[str, Any] | None:
    try:
        dados = json.loads(linha)
    except (ValueError, RecursionError):
        return None
    inteira = isinstance(dados, dict) and "id" in dados and isinstance(dados.get("text"), str)
    return dados if inteira else None


def _write(saida: Path, lidas: list[dict[str, Any]]) -> None:
    try:
        with saida.open("w", encoding="utf-8") as arquivo:
            arquivo.writelines(json.dumps(lida, ensure_ascii=False) + "\n" for lida in lidas)
    except OSError as error:
        raise UsoErrado("saida_recusada", f"Não consegui escrever em {saida}.") from error


def _open(modelo: Path) -> ModeloLocal:
    try:
        return ModeloLocal.load(modelo)
    except ModeloInvalido as error:
        raise Falha("modelo_invalido", f"Não dá para usar {modelo.name}: {error}.") from error


@comando(grupo, "treinar")
def treinar(tela: Terminal, *, exemplos: Exemplos = EXEMPLOS, saida: Destino = MODELO) -> None:
    """Treina o modelo local com respostas rotuladas e mostra o que a validação cruzada viu."""
    from app.interpreters.local.treino import train  # noqa: PLC0415  a second of libraries no other command needs

    try:
        lidos = load_exemplos(exemplos)
    except (OSError, ExemploInvalido) as error:
        raise UsoErrado("exemplos_invalidos", f"Não dá para treinar com {exemplos.name}: {error}.") from error
    try:
        treinado = train(lidos)
    except ValueError as error:
        raise UsoErrado("exemplos_poucos", "São poucos exemplos: cada intenção precisa de pelo menos cinco.") from error
    saida.write_bytes(treinado.conteudo)
    tela.show(*_report(treinado.relatorio, saida))


def _report(relatorio: Any, saida: Path) -> tuple[Any, ...]:
    limiares = {intencao.value: round(valor, 3) for intencao, valor in relatorio.limiares.items()}
    resumo = {
        "exemplos": relatorio.exemplos,
        "grupos": relatorio.grupos,
        "temperatura": round(relatorio.temperatura, 3),
        "atos": relatorio.atos,
        "atos_errados": relatorio.errados,
        "teto_de_erro": round(relatorio.teto, 5),
        "limiares": limiares,
        "arquivo": str(saida),
    }
    quadro = facts(
        "Modelo local",
        {
            "Exemplos": relatorio.exemplos,
            "Grupos sem repetição": relatorio.grupos,
            "Confirmações e cancelamentos lidos": relatorio.atos,
            "Lidos errado": relatorio.errados,
            "Erro no máximo (95 %)": f"{relatorio.teto:.2%}",
            "Arquivo": saida,
        },
    )
    return resumo, quadro, table("Certeza exigida", ("Intenção", "Mínimo"), list(limiares.items()))


@comando(grupo, "ficha")
def ficha(tela: Terminal, *, modelo: Modelo = MODELO) -> None:
    """Mostra o que se sabe de um modelo local."""
    sabido = _open(modelo).ficha
    resumo = {
        "versao": sabido.versao,
        "exemplos": sabido.exemplos,
        "temperatura": sabido.temperatura,
        "limiares": {intencao.value: valor for intencao, valor in sabido.limiares.items()},
    }
    tela.show(resumo, facts("Modelo local", {"Versão": sabido.versao, "Exemplos": sabido.exemplos}))
