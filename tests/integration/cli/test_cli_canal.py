"""Channels of every gateway: made, shown, changed and tried from the command line, over real HTTP to the fakes."""

import json
from collections.abc import AsyncIterator

import pytest

from app.providers.registry import PROVIDERS
from app.simulator.botconversa import FakeBotconversa
from app.simulator.gateway import Fault
from tests.integration.cli.apoio import Confirma, Feito, at_a_terminal
from tests.integration.cli.conftest import API_KEY
from tests.integration.cli.contas import SEM_WHATSAPP, Conta, close_contas, open_contas

CELULAR = "(31) 97777-0001"
each_kind = pytest.mark.parametrize("tipo", sorted(PROVIDERS))


@pytest.fixture(scope="module")
async def contas(confirma: Confirma, botconversa: FakeBotconversa) -> AsyncIterator[dict[str, Conta]]:
    """Return the accounts, with a paused channel `c-TIPO` for each: it sends only what an operator sends by hand."""
    opened = await open_contas(botconversa, API_KEY)
    for tipo, conta in opened.items():
        made = await confirma(
            "canal", "criar", f"c-{tipo}", *conta.argv, "--prioridade", "20", "--pausado", "--json", stdin=conta.stdin
        )
        assert made.rc == 0, made.out + made.err
    yield opened
    await close_contas(opened)


async def mostrar(confirma: Confirma, nome: str) -> Feito:
    return await confirma("canal", "mostrar", nome, "--json")


@each_kind
async def test_a_channel_of_every_kind_is_shown_without_its_secrets(
    confirma: Confirma, contas: dict[str, Conta], tipo: str
) -> None:
    shown, people = await mostrar(confirma, f"c-{tipo}"), await confirma("canal", "mostrar", f"c-{tipo}")
    told = shown.out + people.out
    assert (shown.json["tipo"], shown.json["defeito"], shown.json["faltam"]) == (tipo, None, [])
    assert [secret for secret in contas[tipo].credenciais.values() if secret in told] == []
    assert set(shown.json["credenciais"]) >= set(contas[tipo].credenciais) - {"webhook_secret"}
    assert shown.json["segredos_webhook"] == (0 if tipo == "email" else 1)
    assert shown.json["taxa_por_minuto"] > 0
    assert bool(shown.json["passos"]) == (tipo != "email"), "nobody calls back from a mail server"
    assert "pausado até ser retomado: recém-criado" in people.out


@each_kind
async def test_an_account_of_every_kind_answers(confirma: Confirma, contas: dict[str, Conta], tipo: str) -> None:
    done = await confirma("canal", "testar", f"c-{tipo}", "--json")
    assert (done.rc, done.json["ok"]) == (0, True), done.out
    assert tipo in contas


@each_kind
async def test_a_test_message_leaves_through_a_channel_of_every_kind(
    confirma: Confirma, contas: dict[str, Conta], tipo: str
) -> None:
    conta = contas[tipo]
    before = conta.chamadas
    argv = ("canal", "testar", f"c-{tipo}", "--para", conta.destino, "--conversa-aberta", "--sim")
    done, people = await confirma(*argv, "--json"), await confirma(*argv)
    assert (done.rc, done.json["resultado"]) == (0, "aceita"), done.out
    assert conta.chamadas > before
    assert "O gateway aceitou a mensagem." in people.out.replace("\n", " ")
    listed = await confirma("atendimento", "listar", "--telefone", CELULAR, "--json")
    assert listed.json["items"] == []


@pytest.mark.parametrize("tipo", ["evolution", "meta", "zapi"])
async def test_a_phone_without_whatsapp_is_told(confirma: Confirma, contas: dict[str, Conta], tipo: str) -> None:
    done = await confirma(
        "canal", "testar", f"c-{tipo}", "--para", SEM_WHATSAPP, "--conversa-aberta", "--sim", "--json"
    )
    assert (done.rc, done.json["resultado"]) == (1, "numero"), done.out
    assert "não tem WhatsApp" in done.json["mensagem"]
    assert SEM_WHATSAPP not in done.out
    assert tipo in contas


@pytest.mark.parametrize("tipo", ["meta", "twilio"])
async def test_outside_the_24_hours_nothing_leaves_and_a_way_is_told(
    confirma: Confirma, contas: dict[str, Conta], tipo: str
) -> None:
    before = contas[tipo].fake.requests
    done = await confirma("canal", "testar", f"c-{tipo}", "--para", "31 97777-0002", "--sim", "--json")
    assert (done.rc, done.json["resultado"]) == (1, "janela")
    assert "--conversa-aberta" in done.json["mensagem"]
    assert contas[tipo].fake.requests == before


async def test_an_approved_template_gets_through_at_any_time(confirma: Confirma, contas: dict[str, Conta]) -> None:
    argv = ("canal", "testar", "c-meta", "--para", "31 97777-0003", "--sim", "--json")
    right, wrong = await confirma(*argv, "--modelo", "ola"), await confirma(*argv, "--modelo", "outro")
    without = await confirma("canal", "testar", "c-zapi", "--para", CELULAR, "--modelo", "ola", "--sim", "--json")
    assert (right.rc, right.json["resultado"]) == (0, "aceita"), right.out
    assert (wrong.rc, wrong.json["resultado"]) == (1, "modelo")
    assert (without.rc, without.json["erro"]["codigo"]) == (2, "sem_modelos")
    assert contas["meta"].fake.delivered[-1].kind == "template"


@pytest.mark.parametrize(
    ("fault", "resultado"),
    [(Fault.LOST_ANSWER, "incerta"), (Fault.THROTTLE, "ritmo"), (Fault.ERROR_AFTER, "incerta")],
)
async def test_what_goes_wrong_at_the_gateway_has_a_sentence(
    confirma: Confirma, contas: dict[str, Conta], fault: Fault, resultado: str
) -> None:
    contas["zapi"].fake.fail_next("send", fault)
    done = await confirma("canal", "testar", "c-zapi", "--para", CELULAR, "--sim", "--json")
    assert (done.rc, done.json["resultado"]) == (1, resultado)


async def test_a_message_leaves_only_when_somebody_says_so(confirma: Confirma, contas: dict[str, Conta]) -> None:
    before = contas["zapi"].fake.requests
    unsaid = await confirma("canal", "testar", "c-zapi", "--para", CELULAR, "--json")
    wrong = await confirma("canal", "testar", "c-zapi", "--para", "12", "--sim", "--json")
    nobody = await confirma("canal", "testar", "nenhum", "--para", CELULAR, "--sim", "--json")
    email = await confirma("canal", "testar", "c-zapi", "--para", "maria@exemplo.com", "--sim", "--json")
    assert (unsaid.rc, unsaid.json["erro"]["codigo"]) == (2, "sem_confirmacao")
    assert (wrong.rc, wrong.json["erro"]["codigo"]) == (2, "telefone_curto")
    assert (email.rc, email.json["erro"]["codigo"]) == (2, "destino_errado")
    assert (nobody.rc, nobody.json["erro"]["codigo"]) == (1, "canal_inexistente")
    assert contas["zapi"].fake.requests == before


async def test_a_test_tags_nobody_and_starts_no_flow(
    confirma: Confirma, botconversa: FakeBotconversa, contas: dict[str, Conta]
) -> None:
    argv = (
        "--modo",
        "mensagem_e_fluxo",
        "--fluxo",
        "confirmacao",
        "--etiqueta",
        "confirmacao",
        "--campanha",
        "Confirmações",
    )
    made = await confirma("canal", "criar", "com-fluxo", *argv, "--pausado", "--json")
    done = await confirma("canal", "testar", "com-fluxo", "--para", "31 97777-0004", "--sim", "--json")
    assert (made.rc, done.rc) == (0, 0), made.out + done.out
    assert {step["passo"] for step in done.json["passos"]} == {"contato", "mensagem"}
    assert contas["botconversa"].fake is botconversa


async def test_channels_are_listed_in_the_order_they_are_used(confirma: Confirma, contas: dict[str, Conta]) -> None:
    await confirma("canal", "alterar", "c-evolution", "--prioridade", "11")
    listed = await confirma("canal", "listar", "--json")
    names = [item["nome"] for item in listed.json["items"]]
    assert names.index("c-evolution") < min(names.index(f"c-{tipo}") for tipo in contas if tipo != "evolution")
    people = await confirma("canal", "listar")
    assert "1º" in people.out


async def test_a_change_says_what_was_and_what_is(confirma: Confirma, contas: dict[str, Conta]) -> None:
    assert contas
    done = await confirma(
        *("canal", "alterar", "c-zapi", "--taxa", "12", "--config", "botoes=sim", "--contatos-por-dia", "50", "--json")
    )
    assert done.json["alterado"] == {
        "contatos_por_dia": [None, 50],
        "taxa_por_minuto": [30, 12],
        "botoes": [None, True],
    }
    back = await confirma(
        *("canal", "alterar", "c-zapi", "--config", "taxa_por_minuto=", "--contatos-por-dia", "0", "--json")
    )
    assert back.json["alterado"] == {"contatos_por_dia": [50, None], "taxa_por_minuto": [12, 30]}
    off = await confirma("canal", "alterar", "c-zapi", "--desligar")
    assert "não" in off.out
    assert "desligado" in (await confirma("canal", "mostrar", "c-zapi")).out
    tried = await confirma("canal", "testar", "c-zapi", "--json")
    assert tried.rc == 0, "a channel is tried before it is switched on"
    assert (await confirma("canal", "alterar", "c-zapi", "--ligar")).rc == 0


@pytest.mark.parametrize(
    ("argv", "codigo"),
    [
        pytest.param((), "nada_a_alterar", id="nothing"),
        pytest.param(("--config", "botoes"), "config_invalida", id="without a value"),
        pytest.param(("--config", "botoes=talvez"), "config_invalida", id="neither yes nor no"),
        pytest.param(("--config", "taxa_por_minuto=600"), "canal_invalido", id="faster than the gateway allows"),
        pytest.param(("--config", "fluxo=x"), "config_desconhecida", id="no such setting"),
        pytest.param(("--config", "client_token=x"), "segredo_na_linha", id="a secret on the command line"),
        pytest.param(("--config", "base_url=ftp://x"), "canal_invalido", id="no address"),
        pytest.param(("--config", "responder=ninguem"), "config_invalida", id="a word of ours that is none"),
    ],
)
async def test_a_change_that_cannot_work_is_not_stored(
    confirma: Confirma, contas: dict[str, Conta], argv: tuple[str, ...], codigo: str
) -> None:
    before = await mostrar(confirma, "c-zapi")
    done = await confirma("canal", "alterar", "c-zapi", *argv, "--json")
    assert (done.rc, done.json["erro"]["codigo"]) == (2, codigo)
    assert (await mostrar(confirma, "c-zapi")).json == before.json
    assert contas


@pytest.mark.parametrize(
    ("argv", "stdin", "codigo"),
    [
        pytest.param(("--tipo", "pombo"), "", "tipo_desconhecido", id="no such gateway"),
        pytest.param(("--tipo", "meta"), "", "falta_configuracao", id="a setting lacks"),
        pytest.param(("--tipo", "zapi"), "", "sem_chave", id="a credential lacks"),
        pytest.param(("--tipo", "zapi", "--modo", "oficial"), "", "config_desconhecida", id="another gateway's option"),
        pytest.param(("--tipo", "zapi", "--credencial", "instance_id=I"), "", "segredo_na_linha", id="a secret typed"),
        pytest.param(("--tipo", "zapi", "--credencial", "senha"), "", "credencial_desconhecida", id="no such one"),
        pytest.param(("--tipo", "zapi", "--credenciais-stdin"), "chave", "credenciais_invalidas", id="not JSON"),
        pytest.param(("--tipo", "zapi", "--credenciais-stdin"), '{"x": 1}', "credenciais_invalidas", id="not texts"),
        pytest.param(
            ("--tipo", "zapi", "--credenciais-stdin"), '{"x": "1"}', "credencial_desconhecida", id="another's"
        ),
        pytest.param(
            ("--tipo", "zapi", "--credenciais-stdin"),
            '{"instance_id": "a b", "instance_token": "T"}',
            "canal_invalido",
            id="not an id",
        ),
    ],
)
async def test_a_channel_that_cannot_work_is_not_made(
    confirma: Confirma, argv: tuple[str, ...], stdin: str, codigo: str
) -> None:
    done = await confirma("canal", "criar", "impossivel", *argv, "--json", stdin=stdin)
    assert (done.rc, done.json["erro"]["codigo"]) == (2, codigo), done.out
    assert (await mostrar(confirma, "impossivel")).rc == 1


async def test_a_word_of_ours_is_shown_once_and_never_again(confirma: Confirma, contas: dict[str, Conta]) -> None:
    made = await confirma("canal", "criar", "uma-vez", *contas["meta"].argv, "--json", stdin=contas["meta"].stdin)
    word = made.json["palavras"]["verify_token"]
    assert len(word) > 30
    assert made.json["segredo_webhook"] is None, "the app secret is Meta's, and was given"
    assert word not in (await mostrar(confirma, "uma-vez")).out
    assert (await confirma("canal", "alterar", "uma-vez", "--desligar")).rc == 0


async def test_a_key_is_replaced_without_being_shown(confirma: Confirma, contas: dict[str, Conta]) -> None:
    wrong = await confirma(
        *("canal", "credenciais", "c-zapi", "--credenciais-stdin", "--json"),
        stdin=json.dumps({"instance_token": "token-errado"}),
    )
    tried = await confirma("canal", "testar", "c-zapi", "--json")
    sent = await confirma("canal", "testar", "c-zapi", "--para", CELULAR, "--sim", "--json")
    right = await confirma("canal", "credenciais", "c-zapi", "--credenciais-stdin", stdin=contas["zapi"].stdin)
    assert (wrong.json["trocadas"], wrong.json["segredo_webhook"]) == (["instance_token"], None)
    assert "token-errado" not in wrong.out + wrong.err
    assert (tried.rc, tried.json["ok"]) == (1, False)
    assert (sent.rc, sent.json["resultado"]) == (1, "configuracao")
    assert "sem reiniciar" in right.out
    assert (await confirma("canal", "testar", "c-zapi", "--json")).rc == 0


async def test_two_secrets_hold_while_one_replaces_the_other(confirma: Confirma, contas: dict[str, Conta]) -> None:
    argv = ("canal", "credenciais", "c-evolution")
    new = await confirma(*argv, "--novo-segredo", "--json")
    again = await confirma(*argv, "--novo-segredo", "--json")
    dropped = await confirma(*argv, "--descartar", "antigo", "--json")
    last = await confirma(*argv, "--descartar", "antigo", "--json")
    assert (new.json["segredos_webhook"], new.json["webhook_header"]) == (2, "X-Webhook-Secret")
    assert len(new.json["segredo_webhook"]) >= 32
    assert (again.rc, again.json["erro"]["codigo"]) == (1, "troca_em_andamento")
    assert dropped.json["segredos_webhook"] == 1
    assert (last.rc, last.json["erro"]["codigo"]) == (1, "um_so_segredo")
    assert contas


async def test_a_credential_that_proves_calls_is_their_secret(confirma: Confirma, contas: dict[str, Conta]) -> None:
    stdin = json.dumps({"auth_token": "f" * 32})
    changed = await confirma("canal", "credenciais", "c-twilio", "--credenciais-stdin", "--json", stdin=stdin)
    undone = await confirma(
        *("canal", "credenciais", "c-twilio", "--credenciais-stdin", "--descartar", "novo", "--json"),
        stdin=contas["twilio"].stdin,
    )
    assert changed.json["segredos_webhook"] == 2
    assert undone.json["segredos_webhook"] == 1


@pytest.mark.parametrize(
    ("canal", "argv", "codigo", "rc"),
    [
        pytest.param("c-zapi", (), "nada_a_trocar", 2, id="nothing"),
        pytest.param("c-zapi", ("--credencial", "client_token"), "sem_chave", 2, id="nobody to ask"),
        pytest.param("c-meta", ("--novo-segredo",), "sem_chave", 2, id="a secret the gateway gives"),
    ],
)
async def test_what_cannot_be_replaced(
    confirma: Confirma, contas: dict[str, Conta], *, canal: str, argv: tuple[str, ...], codigo: str, rc: int
) -> None:
    done = await confirma("canal", "credenciais", canal, *argv, "--json")
    assert (done.rc, done.json["erro"]["codigo"]) == (rc, codigo)
    assert contas


@each_kind
async def test_every_form_can_be_read_before_there_is_an_account(confirma: Confirma, tipo: str) -> None:
    listed, one = await confirma("canal", "tipos", "--json"), await confirma("canal", "tipos", tipo, "--json")
    people = await confirma("canal", "tipos", tipo)
    assert tipo in {item["tipo"] for item in listed.json["items"]}
    assert one.json["credenciais"]
    assert one.json["credenciais"][0]["nome"] in people.out
    assert "{assinatura}" not in people.out


async def test_at_a_terminal_what_lacks_is_asked_and_secrets_do_not_show(confirma: Confirma) -> None:
    answers = {
        b"phone_number_id: ": "106540352242922",
        b"token: ": "token-digitado",
        b"webhook_secret: ": "segredo-digitado",
    }
    rc, seen = await at_a_terminal(confirma, ("canal", "criar", "perguntado", "--tipo", "meta", "--pausado"), answers)
    shown = await mostrar(confirma, "perguntado")
    assert rc == 0, seen
    assert "digitado" not in seen
    assert (shown.json["config"], shown.json["credenciais"]) == (
        {"phone_number_id": "106540352242922"},
        ["token", "verify_token"],
    )


@pytest.mark.parametrize(("answer", "rc"), [("não", 1), ("", 1), ("sim", 0)])
async def test_at_a_terminal_a_test_is_asked_about(
    confirma: Confirma, contas: dict[str, Conta], answer: str, rc: int
) -> None:
    before = len(contas["zapi"].fake.messages)
    argv = ("canal", "testar", "c-zapi", "--para", CELULAR)
    code, seen = await at_a_terminal(confirma, argv, {b"]: ": answer})
    assert code == rc, seen
    assert len(contas["zapi"].fake.messages) - before == (rc == 0)
