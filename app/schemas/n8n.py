"""The flat call that n8n, or a Botconversa block, makes with a patient's answer."""

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from app.schemas.campos import Escrito, Instante, Inteiro, Texto


class N8NWebhookData(BaseModel):
    """Every field may be missing: n8n drops keys without a value."""

    model_config = ConfigDict(
        extra="ignore",
        frozen=True,
        json_schema_extra={
            "example": {
                "telefone": "5531987654321",
                "subscriber_id": "701234567",
                "resposta": "1",
                "id_tabela": "15",
                "nr_seq_agenda": "51177197",
                "nome_paciente": "Maria Souza",
                "mensagem_original": "1",
            }
        },
    )

    telefone: Texto = None
    subscriber_id: Texto = None
    resposta: Escrito = None
    id_tabela: Inteiro = None
    nr_seq_agenda: Texto = Field(
        None, validation_alias=AliasChoices("nr_seq_agenda", "nr_sequencia", "nr_sequencia_agenda")
    )
    nome_paciente: Texto = None
    mensagem_original: Escrito = None
    mensagem_id: Texto = None
    enviada_em: Instante = None
    status: Texto = None
    """Without `resposta`: a flow telling that it runs (`fluxo_iniciado`), or news of a message."""
