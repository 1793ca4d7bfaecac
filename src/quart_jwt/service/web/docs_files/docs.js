// The page: the document in groups, an entry to unfold for each operation.

import { line } from "./curl.js";
import { element, prose } from "./elements.js";
import { shown } from "./schema.js";

const METHODS = ["get", "post", "put", "patch", "delete"];
const NEEDS = {
  bearer: "Authorization: Bearer", accessCookie: "access cookie", refreshCookie: "refresh cookie",
  csrf: "X-CSRF-TOKEN", client: "client credentials",
};
const find = (id) => document.getElementById(id);

try {
  const answer = await fetch("openapi.json");
  if (!answer.ok) throw new Error(`${answer.status}`);
  show(await answer.json());
} catch (error) {
  find("fault").textContent = `openapi.json cannot be read: ${error.message}`;
}

function show(api) {
  find("title").textContent = `${api.info.title}: HTTP API`;
  find("version").textContent = api.info.version;
  find("description").append(prose(api.info.description));
  const operations = Object.entries(api.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).map((method) => ({ method, path, ...item[method] })));
  for (const group of api.tags) {
    const members = operations.filter((one) => one.tags.includes(group.name));
    find("index").append(element("div", "group", element("strong", "", group.name), ...members.map(entry)));
    find("operations").append(element("section", "group",
      element("h2", "", group.name), element("p", "hint", group.description),
      ...members.map((one) => card(one, api))));
  }
  find("filter").addEventListener("input", (event) => filter(event.target.value));
  unfold();
  addEventListener("hashchange", unfold);
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
  if (ways.length) parts.push(element("h3", "", "Needs"), needs(ways));
  const parameters = operation.parameters || [];
  if (parameters.length) parts.push(element("h3", "", "Parameters"), table(parameters.map((one) => parameter(one, api))));
  if (operation.requestBody) parts.push(...request(operation.requestBody, api));
  parts.push(element("h3", "", "Answers"), table(answers(operation.responses, api)));
  parts.push(element("h3", "", "curl"), command(line(operation.method, operation.path, operation, api, origin())));
  return parts;
}

function needs(ways) {
  const chips = ways.map((names) => element("span", "chip", names.map((name) => NEEDS[name]).join(" + ")));
  return element("p", "chips", ...chips.flatMap((chip, at) => (at ? ["or", chip] : [chip])));
}

function table(rows) {
  return element("table", "", element("tbody", "", ...rows));
}

function row(first, ...second) {
  return element("tr", "", element("td", "", first), element("td", "", ...second));
}

function parameter(one, api) {
  return row(element("code", "", one.name), `in ${one.in}${one.required ? ", required" : ""}. `,
    one.description || "", shown(one.schema, api));
}

function request(body, api) {
  const [media, { schema }] = Object.entries(body.content)[0];
  return [element("h3", "", "Body"), element("p", "hint", media), shown(schema, api)];
}

function answers(responses, api) {
  return Object.entries(responses).map(([status, answer]) => {
    const [media, content] = Object.entries(answer.content || {})[0] || [];
    const headers = Object.keys(answer.headers || {});
    const isError = Number(status) >= 400;
    return row(element("span", `status s${status[0]}`, status),
      isError ? element("code", "", answer.description) : element("span", "", answer.description),
      headers.length ? element("span", "hint", `  with ${headers.join(", ")}`) : null,
      !isError && media && media !== "application/json" ? element("span", "hint", `  ${media}`) : null,
      !isError && content && content.schema ? shown(content.schema, api) : null);
  });
}

function command(text) {
  const copy = element("button", "", "Copy");
  copy.type = "button";
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(text);
    copy.textContent = "Copied";
  });
  return element("div", "command", element("pre", "", text), copy);
}

function origin() {
  return new URL(".", location.href).href.replace(/\/$/, "");
}

function filter(text) {
  for (const one of document.querySelectorAll("[data-text]")) one.hidden = !one.dataset.text.includes(text.trim().toLowerCase());
  const groups = [...document.querySelectorAll(".group")];
  for (const group of groups) group.hidden = !group.querySelector("[data-text]:not([hidden])");
  find("nothing").textContent = groups.every((group) => group.hidden) ? "Nothing found." : "";
}

function unfold() {
  const wanted = location.hash && find(location.hash.slice(1));
  if (!wanted) return;
  wanted.open = true;
  wanted.scrollIntoView();
}
