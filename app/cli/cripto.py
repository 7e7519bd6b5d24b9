"""`confirma cripto …`: the keys that protect what is stored."""

from collections import Counter

import typer

from app import crypto
from app.cli.erros import Saida
from app.cli.saida import facts, table
from app.cli.sessao import Terminal, comando
from app.services.giro_service import GiroService
from app.wiring import Programa

grupo = typer.Typer(help="Chaves que cifram os dados gravados.", no_args_is_help=True)


@comando(grupo, "estado")
def estado(tela: Terminal) -> None:
    """Mostra quantos valores cada chave guarda, e quais chaves já podem sair de ENCRYPTION_KEYS."""

    async def read(programa: Programa) -> Counter[str]:
        total: Counter[str] = Counter()
        for tenant_id in await programa.tenants():
            total.update(await GiroService(programa.database, tenant_id).state())
        return total

    total = tela.run(read)
    atual = crypto.keyring().current
    linhas = [(chave, quantos, "cifra" if chave == atual else "só decifra") for chave, quantos in sorted(total.items())]
    tela.show({"atual": atual, "valores": dict(total)}, table("Chaves", ("Chave", "Valores", "Uso"), linhas))


@comando(grupo, "girar")
def girar(tela: Terminal) -> int:
    """Regrava com a primeira chave de ENCRYPTION_KEYS tudo o que as outras guardam; o programa segue no ar."""

    async def rotate(programa: Programa) -> Counter[str]:
        total: Counter[str] = Counter()
        for tenant_id in await programa.tenants():
            giro = await GiroService(programa.database, tenant_id).rotate()
            total.update(lidos=giro.lidos, girados=giro.girados, mudaram=giro.mudaram)
            for chave, quantos in (await GiroService(programa.database, tenant_id).state()).items():
                total[f"chave {chave}"] += quantos
        return total

    total = tela.run(rotate)
    atual = crypto.keyring().current
    restam = {nome.removeprefix("chave "): n for nome, n in total.items() if nome.startswith("chave ")}
    velhas = sorted(chave for chave, quantos in restam.items() if chave != atual and quantos)
    resumo = {"atual": atual, "lidos": total["lidos"], "girados": total["girados"], "restam": restam, "velhas": velhas}
    tela.show(resumo, facts("Chaves giradas", {"Lidos": total["lidos"], "Regravados": total["girados"]}))
    if velhas:
        tela.note(f"Ainda há valores das chaves {', '.join(velhas)}: rode de novo antes de retirá-las.")
        return Saida.EM_PARTE
    tela.note(
        "Só a primeira chave guarda valores: refaça as cópias de segurança e retire as outras de ENCRYPTION_KEYS."
    )
    return Saida.FEITO
