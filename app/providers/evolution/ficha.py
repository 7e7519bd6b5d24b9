"""What an Evolution instance needs to be set up."""

from typing import Final

from app.providers.ficha import SEGREDO, TAXA, Campo, Ficha, Forma

FICHA: Final = Ficha(
    titulo="Evolution API",
    config=(
        Campo("base_url", "Endereço do servidor da Evolution, como https://evolution.hospital.br.", obrigatorio=True),
        Campo("instancia", "Nome da instância, como está na Evolution.", obrigatorio=True),
        Campo("botoes", "Perguntas levam botões; muitos celulares não os mostram. Sem isto, não.", Forma.SIM_NAO),
        Campo("titulo", "O que fica em negrito acima de um texto com botões; sem isto, Confirmação."),
        Campo("digitando_ms", "Por quanto tempo aparece “digitando…”; sem isto, 1200.", Forma.NUMERO),
        Campo(TAXA, "Mensagens por minuto, de 1 a 600; sem isto, 20.", Forma.NUMERO),
    ),
    credenciais=(
        Campo("api_key", "Chave da instância (apikey); a chave global do servidor também serve.", obrigatorio=True),
    ),
    segredo=Campo(SEGREDO, "Segredo que prova quem chama o webhook.", gerado=True),
    cabecalho="X-Webhook-Secret",
    passos=(
        (
            "Na instância, ligue o webhook com o endereço acima e os eventos MESSAGES_UPSERT, MESSAGES_UPDATE, "
            "SEND_MESSAGE e CONNECTION_UPDATE; deixe “webhook by events” e “webhook base64” desligados."
        ),
        (
            "Ponha o segredo nos cabeçalhos do webhook (headers), como X-Webhook-Secret. Se a tela não os tiver, use o "
            "comando da página docs/provedores/evolution.md."
        ),
        "No servidor, mantenha DATABASE_SAVE_DATA_NEW_MESSAGE=true: sem isso não há avisos de entrega.",
    ),
)
