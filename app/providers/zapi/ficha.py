"""What a Z-API instance needs to be set up."""

from typing import Final

from app.providers.ficha import SEGREDO, TAXA, Campo, Ficha, Forma

FICHA: Final = Ficha(
    titulo="Z-API",
    config=(
        Campo("botoes", "Perguntas levam botões; experimente antes. Sem isto, não.", Forma.SIM_NAO),
        Campo(TAXA, "Mensagens por minuto, de 1 a 60; sem isto, 30.", Forma.NUMERO),
        Campo("base_url", "Endereço da API; só muda em testes."),
    ),
    credenciais=(
        Campo("instance_id", "ID da instância, como está no painel da Z-API.", obrigatorio=True),
        Campo("instance_token", "Token da instância, como está no painel da Z-API.", obrigatorio=True),
        Campo("client_token", "Token de segurança da conta: Segurança → Token de segurança da conta, se ativado."),
    ),
    segredo=Campo(
        SEGREDO,
        "Segredo que prova quem chama o webhook: no fim do endereço, ou no cabeçalho z-api-token.",
        gerado=True,
    ),
    cabecalho="z-api-token",
    passos=(
        (
            "Na instância, Webhooks e configurações gerais: cole o endereço do webhook, seguido de ?segredo= e do "
            "segredo, em ao receber, ao enviar, receber status da mensagem, ao desconectar e ao conectar. A Z-API só "
            "aceita HTTPS."
        ),
        "Deixe desligado “notificar as enviadas por mim”.",
        (
            "A Z-API não assina as chamadas: o endereço com o segredo é a prova. Não o ponha em chamados nem em "
            "capturas de tela, e mantenha a consulta (o que vem depois de ?) fora dos registros do proxy."
        ),
    ),
)
