"""What the page of one appointment shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from app.dashboard.sinais import Sinal, estado_of, reason_to_call, situacao_of, status_of
from app.domain.permissao import Identidade
from app.domain.sigilo import shown_to, text_shown_to
from app.services.atendimento_service import AtendimentoLido
from app.services.explicacao import Explicacao, Linha, Proximo
from app.services.explicacao_textos import name_passo

_TIPOS: Final[Mapping[str, str]] = {
    "consulta": "Consulta",
    "exame": "Exame",
    "retorno": "Retorno",
    "cirurgia": "Cirurgia",
    "teleconsulta": "Teleconsulta",
}
_QUEM: Final[Mapping[str, str]] = {
    "confirma": "Confirma",
    "recepcao": "Recepção",
    "paciente": "Paciente",
    "importacao": "Agenda do hospital",
    "hospital": "Hospital",
}


@dataclass(frozen=True, slots=True)
class Marco:
    """A line of the story and who wrote it."""

    em: datetime
    texto: str
    quem: str


@dataclass(frozen=True, slots=True)
class Mensagem:
    titulo: str
    texto: str | None
    em: datetime
    sinal: Sinal


@dataclass(frozen=True, slots=True)
class Ficha:
    """Everything on the page."""

    id: int
    dia: str
    nome: str
    data_consulta: datetime
    zona: ZoneInfo
    sinal: Sinal
    situacao: str
    atencao: Sinal | None
    telefone: str | None
    outro_telefone: str | None
    fatos: Sequence[tuple[str, str]]
    resposta: str | None
    respondido_em: datetime | None
    proximos: Sequence[Proximo]
    historia: Sequence[Marco]
    mensagens: Sequence[Mensagem]


def build_ficha(lido: AtendimentoLido, explicacao: Explicacao, zona: ZoneInfo, quem: Identidade) -> Ficha:
    registro = shown_to(lido.registro, quem)
    return Ficha(
        id=registro["id"],
        dia=registro["dia"].isoformat(),
        nome=registro["nome_paciente"],
        data_consulta=registro["data_consulta"],
        zona=ZoneInfo(registro["zona"]) if registro["zona"] else zona,
        sinal=status_of(registro),
        situacao=situacao_of(registro),
        atencao=reason_to_call(registro) if registro["atencao"] else None,
        telefone=registro["telefone_contato"] or registro["telefone_escrito"],
        outro_telefone=registro["telefone_2"],
        fatos=_fatos(registro),
        resposta=registro["resposta_paciente"],
        respondido_em=registro["respondido_em"],
        proximos=explicacao.proximos,
        historia=[_marco(linha) for linha in reversed(explicacao.linhas)],
        mensagens=[
            Mensagem(
                name_passo(elo.passo),
                text_shown_to(mensagem.texto, quem),
                mensagem.enviada_em or mensagem.quando,
                estado_of(mensagem.estado),
            )
            for mensagem, elo in reversed(lido.mensagens)
        ],
    )


def _marco(linha: Linha) -> Marco:
    return Marco(linha.em, linha.texto, _QUEM.get(linha.quem, linha.quem))


def _fatos(registro: Mapping[Any, Any]) -> list[tuple[str, str]]:
    minutos = registro["chegar_antes_min"]
    rows = (
        ("Tipo", _TIPOS.get(registro["tipo"], registro["tipo"])),
        ("Especialidade", registro["especialidade"]),
        ("Médico", registro["nome_medico"]),
        ("Unidade", registro["unidade"]),
        ("Sala", registro["sala"]),
        ("Convênio", registro["convenio"]),
        ("Chegar antes", f"{minutos} minutos" if minutos else None),
        ("Preparo", registro["preparo"]),
        ("Prefere", registro["preferencia"]),
        ("Responsável", registro["responsavel"]),
        ("Observações", registro["observacoes"]),
        ("Número na agenda", registro["nr_seq_agenda"]),
    )
    return [(name, value) for name, value in rows if value]
