"""The manager's figures."""

from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Numeros(BaseModel):
    """Counts of visits. A rate is null where there is nothing to divide by."""

    model_config = ConfigDict(from_attributes=True)

    atendimentos: int
    enviados: int = Field(description="Atendimentos cujo paciente foi perguntado.")
    entregues: int = Field(description="Com recibo de entrega; o Botconversa não dá recibos.")
    respondidos: int
    confirmados: int
    cancelados: int
    reagendar: int
    sem_resposta: int
    taxa_entrega: float | None = None
    taxa_resposta: float | None = Field(None, description="Respondidos entre os perguntados.")
    taxa_confirmacao: float | None = Field(None, description="Confirmados entre todos.")
    taxa_cancelamento: float | None = Field(None, description="Cancelados entre todos: vagas que voltaram a tempo.")

    def with_rates(self) -> "Numeros":
        return self.model_copy(
            update={
                "taxa_entrega": _rate(self.entregues, self.enviados),
                "taxa_resposta": _rate(self.respondidos, self.enviados),
                "taxa_confirmacao": _rate(self.confirmados, self.atendimentos),
                "taxa_cancelamento": _rate(self.cancelados, self.atendimentos),
            }
        )


def _rate(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


class NumerosDe(Numeros):
    chave: str | None = Field(description="O dia, a unidade, a especialidade ou o médico.")


class Periodo(BaseModel):
    de: date
    ate: date


class EstatisticasOut(BaseModel):
    """Figures of the visits between two days, as a whole and by what divides them."""

    periodo: Periodo
    total: Numeros
    por_dia: list[NumerosDe]
    por_unidade: list[NumerosDe]
    por_especialidade: list[NumerosDe]
    por_medico: list[NumerosDe]

    @classmethod
    def of(cls, periodo: Periodo, contagens: Any) -> "EstatisticasOut":
        def by(recorte: str) -> list[Any]:
            rows = [contagem for contagem in contagens if contagem.recorte == recorte]
            return [NumerosDe.model_validate(row, from_attributes=True).with_rates() for row in rows]

        total = next(Numeros.model_validate(c, from_attributes=True) for c in contagens if c.recorte == "total")
        return cls(
            periodo=periodo,
            total=total.with_rates(),
            por_dia=by("dia"),
            por_unidade=by("unidade"),
            por_especialidade=by("especialidade"),
            por_medico=by("medico"),
        )
