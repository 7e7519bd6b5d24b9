// Keeps the marked region fresh and turns the demonstration's clock without leaving the page.
"use strict";

const EVERY_MS = 4000;
const region = document.querySelector("[data-atualiza]");
const state = document.querySelector("[data-estado]");
let busy = false;

function keep(read) {
  const focused = region.contains(document.activeElement) ? document.activeElement.id : "";
  const places = [...region.querySelectorAll("[data-rola]")].map((one) => [one.scrollLeft, one.scrollTop]);
  region.replaceChildren(...read.body.childNodes);
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  region.querySelectorAll("[data-rola]").forEach((one, index) => {
    [one.scrollLeft, one.scrollTop] = places[index] ?? [0, 0];
  });
}

function turnClock() {
  const told = region?.querySelector("[data-agora]");
  const shown = document.querySelector("[data-relogio]");
  if (!told || !shown) return;
  shown.textContent = told.dataset.agora;
  const pace = told.dataset.passo;
  document.querySelector("[data-ritmo]").textContent = pace;
  const button = document.querySelector("[data-relogio-form] button");
  const stopped = pace === "parado";
  button.value = stopped ? "seguir" : "parar";
  button.textContent = stopped ? "▶ Seguir" : "❚❚ Parar";
}

async function refresh() {
  if (!region || busy || document.hidden || !getSelection().isCollapsed) return;
  busy = true;
  try {
    const answer = await fetch(region.dataset.atualiza, { cache: "no-store" });
    if (answer.status === 401) { location.reload(); return; } // the session ended: the page asks who this is
    if (!answer.ok) throw new Error(String(answer.status));
    keep(new DOMParser().parseFromString(await answer.text(), "text/html"));
    turnClock();
    state.textContent = "Atualizado agora há pouco.";
    state.classList.remove("alerta");
  } catch {
    state.textContent = "Sem contato com o servidor; tentando de novo.";
    state.classList.add("alerta");
  } finally {
    busy = false;
  }
}

document.querySelector("[data-relogio-form]")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { target, submitter } = event;
  const body = new URLSearchParams({ acao: submitter.value, csrf: target.elements.csrf.value });
  const buttons = target.querySelectorAll("button");
  buttons.forEach((button) => { button.disabled = true; }); // a jump takes as long as the day's work does
  await fetch(target.action, { method: "POST", body, redirect: "manual" }).catch(() => undefined);
  buttons.forEach((button) => { button.disabled = false; });
  submitter.focus();
  await refresh();
});

if (region) {
  setInterval(refresh, EVERY_MS);
  document.addEventListener("visibilitychange", refresh);
}

// A password link's secret is in the fragment: it goes back with the form, and to no server before.
const convite = document.querySelector("[data-convite] [name=convite]");
if (convite) convite.value = location.hash.slice(1);
