// The page: the document in groups, an entry to unfold for each operation.

import { CODES } from "./codes.js";
import { line } from "./curl.js";
import { copyButton, element, prose } from "./elements.js";
import { exampleBody } from "./examples.js";
import { language, onLanguage, translate } from "./language.js";
import { shown } from "./schema.js";
import { tryForm } from "./try.js";
import { said, word, WORDS } from "./words.js";

const METHODS = ["get", "post", "put", "patch", "delete"];
const NEEDS = { bearer: "Authorization: Bearer", csrf: "X-CSRF-TOKEN" };
const find = (id) => document.getElementById(id);

translate(WORDS[language()]);
try {
  const answer = await fetch("openapi.json");
  if (!answer.ok) throw new Error(`${answer.status}`);
  const api = await answer.json();
  show(api);
  onLanguage(() => show(api));
  find("filter").addEventListener("input", filter);
  addEventListener("hashchange", unfold);
} catch (error) {
  find("fault").textContent = `openapi.json: ${error.message}`;
}

function show(api) {
  translate(WORDS[language()]);
  find("filter").placeholder = word("filter");
  document.title = find("title").textContent = word("title")(api.info.title);
  find("version").textContent = api.info.version;
  find("description").replaceChildren(prose(said("info", api.info.description)));
  const operations = Object.entries(api.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).map((method) => translated({ method, path, ...item[method] })));
  const groups = api.tags.map(({ name, description }) => {
    const members = operations.filter((one) => one.tags.includes(name));
    return {
      index: element("div", "group", element("strong", "", said(name, name)), ...members.map(entry)),
      section: element("section", "group", element("h2", "", said(name, name)),
        element("p", "hint", said(`${name}.description`, description)), ...members.map((one) => card(one, api))),
    };
  });
  find("index").replaceChildren(...groups.map((one) => one.index));
  find("operations").replaceChildren(...groups.map((one) => one.section));
  filter();
  unfold();
}

function translated(operation) {
  const { operationId: id } = operation;
  return { ...operation, summary: said(id, operation.summary), description: said(`${id}.description`, operation.description) };
}

function entry(operation) {
  const link = element("a", "", badge(operation.method), element("span", "path", operation.path));
  link.href = `#${operation.operationId}`;
  link.dataset.text = `${operation.method} ${operation.path} ${operation.summary}`.toLowerCase();
  return link;
}

function badge(method) {
  return element("span", `method ${method}`, method.toUpperCase());
}

function card(operation, api) {
  const folded = element("details", "operation",
    element("summary", "", badge(operation.method), element("span", "path", operation.path),
      element("span", "says", prose(operation.summary))),
    element("div", "body", ...sections(operation, api)));
  folded.id = operation.operationId;
  folded.dataset.text = `${operation.method} ${operation.path} ${operation.summary}`.toLowerCase();
  return folded;
}

function sections(operation, api) {
  const parts = operation.description ? [element("p", "", prose(operation.description))] : [];
  const ways = (operation.security || []).map((together) => Object.keys(together)).filter((names) => names.length);
  if (ways.length) parts.push(element("h3", "", word("needs")), needs(ways));
  const parameters = operation.parameters || [];
  if (parameters.length) parts.push(element("h3", "", word("parameters")), table(parameters.map((one) => parameter(one, api))));
  if (operation.requestBody) parts.push(...request(operation.requestBody, api));
  parts.push(element("h3", "", word("responses")), table(responses(operation, api)));
  parts.push(element("h3", "", "curl"), command(line(operation.method, operation.path, operation, api, origin())));
  parts.push(element("h3", "", word("tryIt")), tryForm(operation, api, origin()));
  return parts;
}

function needs(ways) {
  const chips = ways.map((names) => element("span", "chip", names.map((name) => NEEDS[name] ?? word(name)).join(" + ")));
  return element("p", "chips", ...chips.flatMap((chip, at) => (at ? [word("or"), chip] : [chip])));
}

function table(rows) {
  return element("table", "", element("tbody", "", ...rows));
}

function row(first, ...second) {
  return element("tr", "", element("td", "", first), element("td", "", ...second));
}

function parameter(one, api) {
  return row(element("code", "", one.name), `${one.in}${one.required ? `, ${word("required")}` : ""}. `,
    said(one.name, one.description), shown(one.schema, api));
}

function request(body, api) {
  const [media, { schema }] = Object.entries(body.content)[0];
  return [element("h3", "", word("body")), element("p", "hint", media), shown(schema, api)];
}

function responses(operation, api) {
  return Object.entries(operation.responses).map(([status, response]) => {
    const [media, content] = Object.entries(response.content || {})[0] || [];
    const headers = Object.keys(response.headers || {});
    const isError = Number(status) >= 400 && content;
    const text = said(`${operation.operationId}.${status}`, said(status, response.description));
    return row(element("span", `status s${status[0]}`, status),
      ...(isError ? codes(response.description) : [prose(text)]),
      headers.length ? element("span", "hint", ` ${word("with")} ${headers.join(", ")}`) : null,
      !isError && media && media !== "application/json" ? element("span", "hint", ` ${media}`) : null,
      !isError && content && content.schema ? shown(content.schema, api) : null,
      content && content.schema ? example(content.schema, api, isError ? response.description : "") : null);
  });
}

/** The codes of an error, each with its meaning where the language has one. */
function codes(description) {
  return description.split(", ").flatMap((code, at) => {
    const meaning = CODES[language()]?.[code];
    return [at ? ", " : "", element("code", "", code), meaning ? ` ${meaning}` : ""];
  });
}

function example(schema, api, description) {
  const [code] = description.split(", ");
  const body = exampleBody(schema, api, code ? { code, error: code, msg: word("message") } : {});
  return element("details", "example", element("summary", "", word("example")),
    element("pre", "", JSON.stringify(body, null, 2)));
}

function command(text) {
  return element("div", "command", element("pre", "", text), copyButton(word("copy"), word("copied"), text));
}

function origin() {
  return new URL(".", location.href).href.replace(/\/$/, "");
}

function filter() {
  const text = find("filter").value.trim().toLowerCase();
  for (const one of document.querySelectorAll("[data-text]")) one.hidden = !one.dataset.text.includes(text);
  const groups = [...document.querySelectorAll(".group")];
  for (const group of groups) group.hidden = !group.querySelector("[data-text]:not([hidden])");
  find("nothing").textContent = groups.every((group) => group.hidden) ? word("nothing") : "";
}

function unfold() {
  const wanted = location.hash && find(location.hash.slice(1));
  if (!wanted) return;
  wanted.open = true;
  wanted.scrollIntoView();
}
