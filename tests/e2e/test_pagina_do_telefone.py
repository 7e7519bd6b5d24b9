"""A person plays the patient in a real browser, with the panel open beside the phone."""

from collections.abc import AsyncIterator, Iterator
from typing import Final
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.e2e.comando import ACESSOS, Comando, erase_clusters

pytestmark = pytest.mark.navegador

FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SOON_MS: Final = 30_000


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    pasta = tmp_path_factory.mktemp("telefone")
    arguments = ("demo", "--porta", "0", "--sem-navegador", "--dados", str(pasta / "dados"), "--atendimentos", "60")
    with Comando(*arguments, cwd=pasta) as demo:
        yield demo.wait_for("pronto: ")
        assert demo.end() == 0
    erase_clusters(pasta)


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=list(FLAGS))
        yield opened
        await opened.close()


@pytest.fixture
async def page(browser: Browser, url: str) -> AsyncIterator[Page]:
    """Give a page of somebody who came in; it must not complain: a refused style or script is a defect."""
    opened = await browser.new_page(viewport={"width": 1400, "height": 1050}, locale="pt-BR")
    complaints: list[str] = []
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    opened.set_default_timeout(SOON_MS)
    acesso = ACESSOS[urlsplit(url).netloc]
    await opened.goto(f"{url}/painel")
    await opened.get_by_label("Usuário").fill(acesso["usuario"])
    await opened.get_by_label("Senha").fill(acesso["senha"])
    await opened.get_by_role("button", name="Entrar").click()
    await expect(opened.get_by_role("button", name="Sair")).to_be_visible(timeout=SOON_MS)
    yield opened
    await opened.close()
    assert complaints == []


async def test_an_answer_on_the_phone_changes_the_panel(page: Page, url: str) -> None:
    await page.goto(f"{url}/painel")
    phone = page.frame_locator("iframe")
    title = phone.get_by_role("heading", name="Telefone de")
    await expect(title).to_be_visible(timeout=SOON_MS)
    await page.get_by_role("button", name="Parar").click()  # nobody else answers from here on
    nome = (await title.inner_text()).removeprefix("Telefone de ")
    await phone.get_by_role("button", name="Não poderei ir").click()
    await expect(phone.get_by_text("não virá").last).to_be_visible(timeout=SOON_MS)
    answers = page.get_by_role("region", name="Últimas respostas")
    await expect(answers.get_by_role("listitem").first).to_contain_text(nome, timeout=SOON_MS)
    await expect(answers.get_by_role("listitem").first).to_contain_text("0")
    await page.get_by_role("button", name="Seguir").click()


async def test_the_phone_fits_a_small_screen_and_shows_text_as_text(page: Page, url: str) -> None:
    await page.set_viewport_size({"width": 390, "height": 700})
    await page.goto(f"{url}/demo/telefone")
    await expect(page.get_by_role("heading", name="Telefone de")).to_be_visible(timeout=SOON_MS)
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    await page.get_by_label("Escreva como o paciente").fill("*oi* <img src=x onerror=alert(1)> _tudo_")
    await page.get_by_role("button", name="Enviar").click()
    mine = page.locator(".fala-minha").last
    await expect(mine).to_contain_text("oi <img src=x onerror=alert(1)> tudo", timeout=SOON_MS)
    assert await mine.locator("strong").inner_text() == "oi"
    assert await mine.locator("img").count() == 0
    await expect(page.get_by_label("Escreva como o paciente")).to_have_value("")


async def test_a_patient_is_found_by_name_and_by_digits(page: Page, url: str) -> None:
    await page.goto(f"{url}/demo/telefone")
    await expect(page.get_by_role("heading", name="Telefone de")).to_be_visible(timeout=SOON_MS)
    nome = (await page.locator("[data-nome]").inner_text()).removeprefix("Telefone de ")
    fone = await page.locator("[data-telefone]").inner_text()
    await page.get_by_role("button", name="Voltar").click()
    for sought in (nome.lower(), fone[-9:]):
        await page.get_by_label("Procurar por nome ou telefone").fill(sought)
        await expect(page.get_by_role("button", name=fone)).to_be_visible(timeout=SOON_MS)
    await page.get_by_label("Procurar por nome ou telefone").fill("ninguém se chama assim")
    await expect(page.get_by_text("Ninguém com esse nome")).to_be_visible()
