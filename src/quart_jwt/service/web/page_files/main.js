// The page: what a person does becomes calls of the client, what comes of them is shown.

import { Client } from "./client.js";
import { curl, httpie } from "./commands.js";
import { takeApart } from "./token.js";
import { preferred, WORDS } from "./words.js";

const TICK_MS = 200;
const MAX_ENTRIES = 50;
const TOOLS = { curl, httpie };
const CARDS = ["sign-in", "call", "refreshing", "sessions"]; // each has a line for what came of it

const find = (id) => document.getElementById(id);
const api = document.querySelector('meta[name="api"]').content.replace(/\/$/, "");
const origin = api || location.origin;

let language = localStorage.getItem("language") ?? preferred();
let tool = localStorage.getItem("tool") ?? "curl";
const entries = [];
const client = new Client(api, record);
const word = (name) => WORDS[language][name];

// What is said ------------------------------------------------------------------

function translate() {
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("[data-word]")) {
    element.textContent = word(element.dataset.word);
  }
  for (const element of document.querySelectorAll("[data-label]")) {
    element.setAttribute("aria-label", word(element.dataset.label));
  }
  press("language", language);
  press("tool", tool);
  showToken();
  showEntries();
}

function press(kind, chosen) {
  for (const button of document.querySelectorAll(`[data-${kind}]`)) {
    button.setAttribute("aria-pressed", String(button.dataset[kind] === chosen));
  }
}

function choose(kind, value) {
  if (kind === "language") language = value;
  else tool = value;
  localStorage.setItem(kind, value);
  translate();
}

// The token ---------------------------------------------------------------------

function showToken() {
  const token = client.access ? takeApart(client.access) : null;
  find("encoded").replaceChildren(...(token ? segments(token.segments) : []));
  find("hidden-token").hidden = !client.cookies;
  find("copy-token").textContent = word("copyToken");
  find("token").classList.toggle("empty", !token);
  describe(find("header"), token?.header ?? {});
  describe(find("claims"), token?.claims ?? {});
  for (const id of ["sign-out", "forget", "refresh", "list"]) find(id).disabled = !client.signedIn;
  find("forget").disabled = !client.access;
  find("forget").title = client.cookies ? word("forgetHidden") : "";
  showLife();
}

function segments({ header, payload, signature }) {
  const parts = Object.entries({ header, payload, signature });
  return parts.flatMap(([kind, text], index) => [index ? "." : "", part(kind, text)]);
}

function part(kind, text) {
  const element = document.createElement("span");
  element.className = kind;
  element.textContent = text;
  return element;
}

function describe(list, members) {
  const rows = Object.entries(members).flatMap(([name, value]) => [
    make("dt", name),
    make("dd", display(name, value)),
  ]);
  list.replaceChildren(...rows);
}

function display(name, value) {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  if (!["exp", "iat", "nbf"].includes(name)) return text;
  return `${text}  (${new Date(value * 1000).toLocaleTimeString(language)})`;
}

function make(tag, text) {
  const element = document.createElement(tag);
  element.textContent = text;
  return element;
}

function showLife() {
  const left = client.leftMs();
  const share = client.lifeMs ? (left / client.lifeMs) * 100 : 0;
  find("bar").style.width = `${share}%`;
  find("bar").classList.toggle("low", share < 34);
  find("bar").parentElement.setAttribute("aria-valuenow", String(Math.round(share)));
  find("life").textContent = life(left);
}

function life(left) {
  if (client.expiresAt === null) return word("none");
  return left ? word("left")(Math.ceil(left / 1000)) : word("expired");
}

async function tick() {
  showLife();
  if (client.byClock && client.isDue()) await attempt("refreshing", refresh);
}

// The journal -------------------------------------------------------------------

function record(entry) {
  entries.unshift({ ...entry, at: new Date() });
  entries.length = Math.min(entries.length, MAX_ENTRIES);
  showEntries();
}

function showEntries() {
  find("entries").replaceChildren(...entries.map(shownEntry));
}

function shownEntry(entry) {
  const item = document.createElement("li");
  const line = TOOLS[tool](origin, entry);
  const head = make("p", "");
  const status = make("span", String(entry.status));
  status.className = `status ${entry.status < 400 ? "good" : "bad"}`;
  head.append(status, make("strong", `${entry.method} ${entry.path}`));
  head.append(make("time", entry.at.toLocaleTimeString(language)));
  item.append(head, command(line));
  return item;
}

function command(line) {
  const box = document.createElement("div");
  box.className = "command";
  const button = make("button", word("copy"));
  button.type = "button";
  button.addEventListener("click", () => copy(button, line));
  box.append(make("code", line), button);
  return box;
}

async function copy(button, text) {
  await navigator.clipboard.writeText(text);
  button.textContent = word("copied");
}

// The sessions ------------------------------------------------------------------

async function listSessions() {
  const { response, data } = await client.call("GET", "/sessions");
  say("sessions", response.ok ? "" : answerOf({ response, data }), response.ok);
  if (!response.ok) return;
  find("session-list").replaceChildren(...data.sessions.sort(byNearness).map(shownSession));
}

/** This session first, then the newest. */
function byNearness(one, other) {
  return other.is_current - one.is_current || other.created_at.localeCompare(one.created_at);
}

function shownSession(session) {
  const item = document.createElement("li");
  const since = new Date(session.created_at).toLocaleString(language);
  const name = make("span", session.user_agent ?? session.address ?? session.id);
  name.title = session.id;
  const when = make("small", `${word("since")} ${since}`);
  if (session.is_current) when.append(make("em", word("thisSession")));
  const end = make("button", word("endSession"));
  end.type = "button";
  end.addEventListener("click", () =>
    attempt("sessions", () => endSession(session, item)),
  );
  item.append(name, end, when);
  return item;
}

async function endSession(session, item) {
  const answer = await client.call("DELETE", `/sessions/${encodeURIComponent(session.id)}`);
  const isGone = answer.response.ok || answer.response.status === 404;
  say("sessions", isGone ? "" : answerOf(answer), isGone);
  if (!isGone) return;
  item.remove();
  if (session.is_current) client.signedOut();
}

// What a person does ------------------------------------------------------------

/** Run one action of a card, and show the state that it left; the network may be away. */
async function attempt(card, action) {
  const wasSignedIn = client.signedIn;
  try {
    await action();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    say(card, word("unreachable"), false);
  }
  if (wasSignedIn && !client.signedIn) find("session-list").replaceChildren();
  showToken();
}

function say(card, text, good) {
  const verdict = find(card).querySelector(".verdict");
  verdict.textContent = text;
  verdict.className = `verdict ${good ? "good" : "bad"}`;
}

function answerOf({ response, data }) {
  if (response.ok && data.logged_in_as) return word("welcome")(data.logged_in_as);
  return word("refused")(response.status, data.msg ?? "");
}

async function signIn() {
  const form = new FormData(find("sign-in"));
  const cookies = form.get("mode") === "cookies";
  for (const card of CARDS) say(card, "", true);
  find("session-list").replaceChildren();
  const answer = await client.signIn(form.get("username"), form.get("password"), cookies);
  if (!answer.response.ok) say("sign-in", answerOf(answer), false);
}

async function signOut() {
  await client.signOut();
  for (const card of CARDS) say(card, "", true);
}

async function recognise() {
  await client.recognise();
  if (client.cookies) find("sign-in").elements.mode.value = "cookies";
}

async function refresh() {
  const answer = await client.refresh();
  say("refreshing", answer.response.ok ? "" : answerOf(answer), answer.response.ok);
}

async function callProtected() {
  const answer = await client.call("GET", "/protected");
  say("call", answerOf(answer), answer.response.ok);
}

const onClick = {
  "sign-out": ["sign-in", signOut],
  protected: ["call", callProtected],
  forget: ["call", () => (client.access = null)],
  refresh: ["refreshing", refresh],
  list: ["sessions", listSessions],
};

for (const [id, [card, action]] of Object.entries(onClick)) {
  find(id).addEventListener("click", () => attempt(card, action));
}
find("sign-in").addEventListener("submit", (event) => {
  event.preventDefault();
  attempt("sign-in", signIn);
});
find("by-clock").addEventListener("change", ({ target }) => (client.byClock = target.checked));
find("on-401").addEventListener("change", ({ target }) => (client.onRefusal = target.checked));
find("copy-token").addEventListener("click", ({ target }) => copy(target, client.access));
for (const kind of ["language", "tool"]) {
  for (const button of document.querySelectorAll(`[data-${kind}]`)) {
    button.addEventListener("click", () => choose(kind, button.dataset[kind]));
  }
}

translate();
attempt("sign-in", recognise);
setInterval(tick, TICK_MS);
