"""What a Botconversa account needs to be set up."""

from typing import Final

from app.providers.botconversa.config import Modo
from app.providers.ficha import SEGREDO, TAXA, Campo, Ficha, Forma

FICHA: Final = Ficha(
    titulo="Botconversa",
    config=(
        Campo("modo", "Como a mensagem chega ao paciente.", opcoes=tuple(Modo)),
        Campo("flow_id", "Número do fluxo padrão.", Forma.NUMERO),
        Campo("flow_name", "Nome do fluxo padrão, no lugar do número."),
        Campo("tag", "Etiqueta posta em cada contato.", fora_do_teste=True),
        Campo("campanha", "Campanha em que cada contato é incluído.", fora_do_teste=True),
        Campo("campos", "Campos personalizados a gravar, na forma nosso=deles.", Forma.PARES),
        Campo(TAXA, "Requisições por minuto da chave; sem isto, 600.", Forma.NUMERO),
        Campo("max_paginas", "Até onde seguir listas longas; sem isto, 50.", Forma.NUMERO),
        Campo("base_url", "Endereço da API; só muda em testes."),
    ),
    credenciais=(
        Campo(
            "api_key",
            "Chave da API da Botconversa: Configurações → Integrações → Webhook.",
            obrigatorio=True,
        ),
    ),
    segredo=Campo(SEGREDO, "Segredo que prova quem chama o webhook.", gerado=True),
    cabecalho="X-Webhook-Secret",
    passos=(
        (
            "No bloco de integração do fluxo, método POST, use o endereço do webhook e ponha o segredo no cabeçalho "
            "X-Webhook-Secret."
        ),
        "Se quem chama é o n8n, ele assina o corpo com o mesmo segredo: HMAC-SHA256 no cabeçalho {assinatura}.",
    ),
)
