"""From what a client sends to what the import takes: each row judged by itself."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from app.api.errors import InvalidParameter, fields_of
from app.connectors.base import AtendimentoImportado, LinhaRejeitada
from app.connectors.csv_file.celulas import ValorInvalido, mask, read_data, to_utc
from app.connectors.csv_file.motivos import REJEICOES
from app.schemas.api.atendimento import AtendimentoIn
from app.schemas.api.problema import CampoRecusado
from app.schemas.campos import clean_text


def to_importado(entrada: AtendimentoIn, *, linha: int, zona: ZoneInfo) -> AtendimentoImportado:
    """Return the booking, or raise InvalidParameter when its time cannot be read."""
    values = entrada.model_dump(exclude={"origem", "data_consulta"})
    return AtendimentoImportado(
        **_without_blanks(values), data_consulta=_instant(entrada.data_consulta, zona), linha=linha
    )


def read_rows(
    rows: Sequence[Mapping[str, Any]], *, origem: str, zona: ZoneInfo
) -> tuple[dict[str, list[AtendimentoImportado]], list[LinhaRejeitada]]:
    """Return the good rows by where they come from, and what is wrong with the others; rows are counted from 1."""
    taken: defaultdict[str, list[AtendimentoImportado]] = defaultdict(list)
    refused: list[LinhaRejeitada] = []
    for linha, row in enumerate(rows, start=1):
        try:
            entrada = AtendimentoIn.model_validate({"origem": origem, **row})
            taken[entrada.origem].append(to_importado(entrada, linha=linha, zona=zona))
        except ValidationError as error:
            refused.append(_refuse(linha, next(fields_of(error.errors(include_input=False))), row))
        except InvalidParameter as error:
            refused.append(_refuse(linha, error.recusado, row))
    return taken, refused


def _refuse(linha: int, why: CampoRecusado, row: Mapping[str, Any]) -> LinhaRejeitada:
    valor = row.get(why.campo)
    shown = clean_text(mask(why.campo, valor)) if isinstance(valor, str | int | float) else ""
    return LinhaRejeitada(linha, why.campo, why.code, why.mensagem, shown)


_EMPTY_IS_ABSENT: Final = frozenset({
    "telefone", "telefone_2", "id_paciente", "responsavel", "email", "convenio", "unidade", "sala", "preparo",
    "observacoes",
})  # fmt: skip


def _without_blanks(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: None if name in _EMPTY_IS_ABSENT and not value else value for name, value in values.items()}


def _instant(text: str, zona: ZoneInfo) -> datetime:
    motivo = "sem_hora"
    try:
        read = read_data(text)
        if isinstance(read, datetime):
            return to_utc(read, zona)[0].astimezone(UTC)
    except (ValorInvalido, OverflowError) as error:
        motivo = str(error) if str(error) in REJEICOES else "data_invalida"
    raise InvalidParameter("data_consulta", motivo, REJEICOES[motivo])
