// A phone with a chat: a list of patients, one conversation, and what you write as the patient.
"use strict";

const BASE = "/demo/telefone/conversas";
const EVERY_MS = 1500;
const find = (name) => document.querySelector(`[data-${name}]`);
const phone = document.querySelector(".aparelho");
const list = find("contatos");
const talk = find("falas");
const search = document.getElementById("busca");
const onlyOpen = document.getElementById("abertas");
const input = document.getElementById("texto");
const hour = new Intl.DateTimeFormat("pt-BR", { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat("pt-BR", { weekday: "long", day: "numeric", month: "long" });
const dayShort = new Intl.DateTimeFormat("pt-BR", { weekday: "short", day: "2-digit", month: "2-digit" });

let chosen = null; // id of the patient whose phone this is
let known = []; // conversations as last read
let shownTalk = "";
let shownList = "";
let chosenByHand = false;

// The server writes times in the unit's zone; the browser's own zone must not move them.
const local = (text) => new Date(text.slice(0, 19));

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

// WhatsApp's own marks: *bold*, _italic_, ~struck~. Only text nodes are made, so nothing a person writes becomes markup.
function rich(text) {
  const tags = { "*": "strong", _: "em", "~": "s" };
  const made = document.createDocumentFragment();
  const mark = /(^|[^\p{L}\p{N}])([*_~])(?=\S)([^\n]*?\S)\2(?![\p{L}\p{N}])/gu;
  let from = 0;
  for (const found of text.matchAll(mark)) {
    made.append(text.slice(from, found.index) + found[1]);
    made.append(element(tags[found[2]], "", found[3]));
    from = found.index + found[0].length;
  }
  made.append(text.slice(from));
  return made;
}

function face(made, contact) {
  made.textContent = contact.nome.slice(0, 1);
  made.style.setProperty("--matiz", String((contact.id * 47) % 360));
}

function showClock(read) {
  const now = local(read.agora);
  find("hora").textContent = hour.format(now);
  find("dia").textContent = read.velocidade ? dayShort.format(now) : `${dayShort.format(now)} · parado`;
}

function row(contact) {
  const item = element("li");
  const button = element("button", "contato");
  button.type = "button";
  const picture = element("span", "rosto");
  picture.setAttribute("aria-hidden", "true");
  face(picture, contact);
  const name = element("span", "contato-nome", `${contact.nome} `);
  name.append(element("span", "contato-fone", contact.telefone));
  const last = contact.ultima;
  const line = (last.minha ? "Você: " : "") + last.texto.replace(/[*_~]/g, "").replace(/\s+/g, " ");
  const state = contact.aberta ? element("span", "contato-aberta", "sem resposta") : element("span");
  button.append(picture, name, element("span", "contato-hora", hour.format(local(last.em))), element("span", "contato-texto", line), state);
  button.addEventListener("click", () => open(contact.id));
  item.append(button);
  return item;
}

function plain(text) {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}

function showList() {
  const words = plain(search.value.trim());
  const digits = words.replace(/\D/g, "");
  const fits = (contact) =>
    plain(contact.nome).includes(words) || (digits.length > 1 && contact.telefone.replace(/\D/g, "").includes(digits));
  const found = known.filter((contact) => (!onlyOpen.checked || contact.aberta) && fits(contact));
  const state = JSON.stringify(found);
  if (state !== shownList) {
    shownList = state;
    const at = [...list.querySelectorAll("button")].indexOf(document.activeElement);
    list.replaceChildren(...found.map(row));
    if (at >= 0) list.querySelectorAll("button")[Math.min(at, found.length - 1)]?.focus();
  }
  const nothing = find("nada");
  nothing.hidden = found.length > 0;
  nothing.textContent = known.length ? "Ninguém com esse nome ou telefone." : "As primeiras mensagens saem em instantes…";
}

function bubble(message) {
  const item = element("li", message.minha ? "fala fala-minha" : "fala");
  item.append(element("span", "so-voz", message.minha ? "Você escreveu: " : "O hospital escreveu: "));
  const text = element("div", "fala-texto");
  text.append(rich(message.texto));
  const time = element("time", "fala-hora", hour.format(local(message.em)));
  time.dateTime = message.em;
  item.append(text, time);
  return item;
}

function showTalk(read) {
  find("nome").textContent = `Telefone de ${read.nome}`;
  find("telefone").textContent = read.telefone;
  face(find("rosto"), read);
  const state = `${read.id}:${read.mensagens.length}`;
  if (state === shownTalk) return;
  shownTalk = state;
  const made = [];
  let last = "";
  for (const message of read.mensagens) {
    const today = day.format(local(message.em));
    if (today !== last) made.push(element("li", "dia", today));
    last = today;
    made.push(bubble(message));
  }
  talk.replaceChildren(...made);
  talk.scrollTop = talk.scrollHeight;
}

async function read(address) {
  const answer = await fetch(address, { cache: "no-store" });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}

async function refresh() {
  if (document.hidden) return;
  try {
    if (chosen === null) {
      const all = await read(BASE);
      known = all.conversas;
      showClock(all);
      showList();
      offer();
    } else {
      const asked = chosen;
      const one = await read(`${BASE}/${asked}`);
      showClock(one);
      if (asked === chosen) showTalk(one);
    }
  } catch {
    find("dia").textContent = "sem conexão";
  }
}

// The first look should not be a list: show somebody who was asked and whom nobody answers for.
function offer() {
  if (chosenByHand || chosen !== null || search.value) return;
  const first = known.find((contact) => contact.livre);
  if (first) open(first.id);
}

async function open(id) {
  chosen = id;
  chosenByHand = true;
  shownTalk = "";
  find("erro").hidden = true;
  phone.dataset.tela = "conversa";
  await refresh();
}

async function back() {
  chosen = null;
  phone.dataset.tela = "lista";
  await refresh();
  search.focus();
}

async function write(text) {
  if (chosen === null || !text.trim()) return false;
  const error = find("erro");
  try {
    const headers = { "Content-Type": "application/json" };
    const answer = await fetch(`${BASE}/${chosen}`, { method: "POST", headers, body: JSON.stringify({ texto: text }) });
    if (!answer.ok) throw new Error(String(answer.status));
    error.hidden = true;
  } catch {
    error.hidden = false;
    return false;
  }
  await refresh();
  setTimeout(refresh, 500); // the hospital's answer
  return true;
}

find("escrever").addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = input.value;
  if (await write(text)) input.value = "";
});
for (const button of document.querySelectorAll("[data-rapida]")) {
  button.addEventListener("click", () => write(button.dataset.rapida));
}
find("voltar").addEventListener("click", back);
search.addEventListener("input", showList);
onlyOpen.addEventListener("change", showList);
document.addEventListener("visibilitychange", refresh);
setInterval(refresh, EVERY_MS);
refresh();
