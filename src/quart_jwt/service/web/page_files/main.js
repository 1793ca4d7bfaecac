// The page: each action of the user becomes a call of the client, and its result is shown.

import { Client } from "./client.js";
import { sentence } from "./codes.js";
import { copyButton, element, press } from "./elements.js";
import { language, onLanguage, translate } from "./language.js";
import { Requests } from "./requests.js";
import { showSessions } from "./sessions.js";
import { showLife, showToken } from "./token_card.js";
import { word, WORDS } from "./words.js";

const TICK_MS = 200;
const CARDS = ["sign-in", "call", "refreshing", "sessions"]; // each has a line for its result
const NEW_PASSWORD = "quart-jwt users set-password demo";

const find = (id) => document.getElementById(id);
const api = document.querySelector('meta[name="api"]').content.replace(/\/$/, "");
const requests = new Requests(find("entries"), find("variables"), api || location.origin);
const client = new Client(api, (sent) => requests.add(sent));
let resultEndsAt = null; // when the token expires with which the protected route was called

// What is shown -----------------------------------------------------------------

function showAll() {
  translate(WORDS[language()]);
  find("reset").replaceChildren(element("code", "", NEW_PASSWORD),
    copyButton(word("copy"), word("copied"), NEW_PASSWORD));
  find("expire").title = word("expireTitle");
  press("tool", requests.tool);
  requests.show();
  showState();
}

function showState() {
  const isIn = client.signedIn;
  document.body.className = isIn ? "signed-in" : "signed-out";
  for (const id of ["sign-out", "refresh", "list"]) find(id).disabled = !isIn;
  find("expire").disabled = !isIn || !(client.access || client.cookies) || !client.leftMs();
  find("forget").disabled = !client.access;
  find("forget").title = client.cookies ? word("forgetHidden") : "";
  if (isIn) say("sign-in", word("signedInAs")(client.name), true);
  showToken(client);
  requests.showVariables(client);
}

function say(card, text, good) {
  const verdict = find(card).querySelector(".verdict");
  verdict.className = `verdict ${good ? "good" : "bad"}`;
  if (verdict.textContent !== text) verdict.textContent = text;
}

function clearResults() {
  for (const card of CARDS) say(card, "", true);
  resultEndsAt = null;
}

/** A result of the past must not look like one of now. */
function ageResult() {
  if (resultEndsAt === null || Date.now() < resultEndsAt) return;
  resultEndsAt = null;
  const verdict = find("call").querySelector(".verdict");
  verdict.classList.add("stale");
  verdict.append(element("small", "", word("stale")));
}

async function tick() {
  showLife(client);
  ageResult();
  find("expire").disabled ||= !client.leftMs();
  // An expired token stays to be looked at; the next call refreshes it.
  if (client.byClock && client.leftMs() && client.isDue()) await attempt("refreshing", refresh);
}

// What the user does ------------------------------------------------------------

/** Run one action of a card, and show the state that it left; the network may be down. */
async function attempt(card, action) {
  const wasSignedIn = client.signedIn;
  try {
    await action();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    say(card, word("unreachable"), false);
  }
  if (wasSignedIn && !client.signedIn) forgetUser();
  showState();
  moveFocus(wasSignedIn);
}

function forgetUser() {
  find("session-list").replaceChildren();
  say("sign-in", "", true);
}

/** The button that was pressed is hidden now: the keyboard goes on at the next step. */
function moveFocus(wasSignedIn) {
  const focused = document.activeElement;
  if (wasSignedIn === client.signedIn || focused === document.body || focused.checkVisibility()) return;
  (client.signedIn ? find("protected") : find("sign-in").elements.password).focus({ preventScroll: true });
}

function resultOf({ response, data }) {
  if (response.ok && data.logged_in_as) return word("welcome")(data.logged_in_as);
  return word("refused")(response.status, sentence(language(), data));
}

function sayFault(card, answer) {
  say(card, answer.response.ok ? "" : resultOf(answer), answer.response.ok);
}

async function signIn() {
  const form = new FormData(find("sign-in"));
  const cookies = form.get("mode") === "cookies";
  clearResults();
  find("session-list").replaceChildren();
  const answer = await client.signIn(form.get("username"), form.get("password"), cookies);
  if (!answer.response.ok) sayFault("sign-in", answer);
}

async function signOut() {
  await client.signOut();
  clearResults();
}

async function recognise() {
  await client.recognise();
  if (client.cookies) find("sign-in").elements.mode.value = "cookies";
}

async function refresh() {
  sayFault("refreshing", await client.refresh());
}

async function callProtected() {
  const answer = await client.call("GET", "/protected");
  say("call", resultOf(answer), answer.response.ok);
  resultEndsAt = answer.response.ok ? client.expiresAt : null;
}

async function expireNow() {
  const answer = await client.expireNow();
  if (!answer.response.ok) sayFault("call", answer);
  else if (resultEndsAt !== null) resultEndsAt = client.expiresAt;
}

async function listSessions() {
  const answer = await client.call("GET", "/sessions");
  sayFault("sessions", answer);
  if (!answer.response.ok) return;
  showSessions(find("session-list"), answer.data.sessions, (session, item) =>
    attempt("sessions", () => endSession(session, item)));
}

async function endSession(session, item) {
  const answer = await client.call("DELETE", `/sessions/${encodeURIComponent(session.id)}`);
  const isGone = answer.response.ok || answer.response.status === 404;
  say("sessions", isGone ? "" : resultOf(answer), isGone);
  if (!isGone) return;
  item.remove();
  if (session.is_current) client.signedOut();
}

const onClick = {
  "sign-out": ["sign-in", signOut],
  protected: ["call", callProtected],
  expire: ["call", expireNow],
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
for (const one of document.querySelectorAll("[data-tool]")) {
  one.addEventListener("click", () => {
    requests.choose(one.dataset.tool);
    showAll();
  });
}
onLanguage(showAll);

showAll();
attempt("sign-in", recognise);
setInterval(tick, TICK_MS);
