// The card of the access token: its three parts, what they mean, and the time left.

import { copyButton, element } from "./elements.js";
import { language } from "./language.js";
import { example, takeApart } from "./token.js";
import { word } from "./words.js";

const LOW_PERCENT = 34;
const TIMES = ["exp", "iat", "nbf"];

const find = (id) => document.getElementById(id);

/** Show the token that a client holds, or an example while nobody is signed in. */
export function showToken(client) {
  const token = client.access ? takeApart(client.access) : client.signedIn ? null : example(Date.now());
  find("token").classList.toggle("no-token", !token);
  find("token").classList.toggle("cookies", client.cookies);
  find("token-title").textContent = word(client.signedIn ? "token" : "exampleToken");
  find("hidden-token").hidden = !client.cookies;
  find("encoded").replaceChildren(...(token ? segments(token.segments) : []));
  describe(find("header"), token?.header ?? {});
  describe(find("claims"), token?.claims ?? {});
  find("take").replaceChildren(copyButton(word("copyToken"), word("copied"), client.access));
  find("take").firstChild.id = "copy-token";
  showLife(client);
}

function segments(parts) {
  return Object.entries(parts).flatMap(([kind, text], at) => [at ? "." : "", element("span", kind, text)]);
}

function describe(list, members) {
  const rows = Object.entries(members).flatMap(([name, value]) => [
    element("dt", "", name),
    element("dd", "", display(name, value), " ", element("small", "", word("meanings")[name] ?? "")),
  ]);
  list.replaceChildren(...rows);
}

function display(name, value) {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  if (!TIMES.includes(name)) return text;
  return `${text} (${new Date(value * 1000).toLocaleTimeString(language())})`;
}

/** Show how long the token still lives. */
export function showLife(client) {
  const left = client.leftMs();
  const percent = client.lifeMs ? (left / client.lifeMs) * 100 : 0;
  find("bar").style.width = `${percent}%`;
  find("bar").classList.toggle("low", percent < LOW_PERCENT);
  find("bar").parentElement.setAttribute("aria-valuenow", String(Math.round(percent)));
  find("token").classList.toggle("expired", client.signedIn && !left);
  find("life").textContent = client.signedIn ? life(client, left) : "";
  find("to-token").textContent = `${word("signedInAs")(client.name)} · ${life(client, left)}`;
}

function life(client, left) {
  if (client.expiresAt === null) return word("none");
  return left ? word("left")(Math.ceil(left / 1000)) : word("expired");
}
