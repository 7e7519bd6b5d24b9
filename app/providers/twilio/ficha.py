"""What a Twilio account needs to be set up, for WhatsApp and for SMS."""

from typing import Final

from app.providers.ficha import SEGREDO, TAXA, Campo, Ficha, Forma

_ACCOUNT: Final = Campo(
    "account_sid", "Account SID da Twilio, que começa com AC: Console → Account Info.", obrigatorio=True
)
_SERVICE: Final = Campo("messaging_service_sid", "Messaging Service, que começa com MG, no lugar do remetente.")
_PAGES: Final = Campo("max_paginas", "Até onde seguir listas longas; sem isto, 50.", Forma.NUMERO)
_URL: Final = Campo("base_url", "Endereço da API: só muda em outra região ou em testes.")
_CREDENCIAIS: Final = (
    Campo("auth_token", "Auth Token da conta: Console → Account Info.", obrigatorio=True, dispensado_por="api_key_sid"),
    Campo("api_key_sid", "SID de uma API key, no lugar do Auth Token: pode ser revogada sozinha."),
    Campo("api_key_secret", "Segredo da mesma API key."),
)
_SEGREDO: Final = Campo(
    SEGREDO,
    "Auth Token da conta: é com ele que a Twilio assina, mesmo quando o envio usa uma API key.",
    obrigatorio=True,
)
_SIGNED: Final = (
    "A assinatura vem sozinha no cabeçalho X-Twilio-Signature, sobre o endereço público: PUBLIC_BASE_URL precisa ser "
    "exatamente o que a Twilio chama."
)
_RECEIPTS: Final = "Os avisos de entrega não precisam de nada: cada envio já leva o endereço."

FICHA: Final = Ficha(
    titulo="Twilio (WhatsApp)",
    config=(
        _ACCOUNT,
        Campo(
            "remetente",
            "Número do WhatsApp na Twilio, como +553130000000.",
            obrigatorio=True,
            dispensado_por=_SERVICE.nome,
        ),
        _SERVICE,
        Campo("modelos_com_payload", "Conteúdos (HX…) cujos ids de botão são variáveis, com vírgulas.", Forma.LISTA),
        Campo(TAXA, "Mensagens por minuto do remetente; sem isto, 4800, e 20 no sandbox.", Forma.NUMERO),
        _PAGES,
        _URL,
        Campo("content_url", "Endereço da API de conteúdos: só muda em outra região ou em testes."),
    ),
    credenciais=_CREDENCIAIS,
    segredo=_SEGREDO,
    segredo_da_credencial="auth_token",
    cabecalho="X-Twilio-Signature",
    passos=(
        (
            "No remetente do WhatsApp (ou na integração do Messaging Service), em “When a message comes in”, cole o "
            "endereço do webhook, método POST."
        ),
        _RECEIPTS,
        _SIGNED,
    ),
)
FICHA_SMS: Final = Ficha(
    titulo="Twilio (SMS)",
    config=(
        _ACCOUNT,
        Campo(
            "remetente",
            "Número em E.164, número curto, ou nome de até 11 letras e algarismos.",
            obrigatorio=True,
            dispensado_por=_SERVICE.nome,
        ),
        _SERVICE,
        Campo(TAXA, "Mensagens por minuto do remetente; sem isto, 60.", Forma.NUMERO),
        _PAGES,
        _URL,
    ),
    credenciais=_CREDENCIAIS,
    segredo=_SEGREDO,
    segredo_da_credencial="auth_token",
    cabecalho="X-Twilio-Signature",
    passos=(
        "No número (ou no Messaging Service), em “A message comes in”, cole o endereço do webhook, método POST.",
        _RECEIPTS,
        _SIGNED,
    ),
)
