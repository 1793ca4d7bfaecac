// A form that sends an operation's request and shows the response.

import { element } from "./elements.js";
import { resolved } from "./schema.js";
import { word } from "./words.js";

const held = { access: "", refresh: "" }; // tokens of the last response, in memory only
const SECRET = /password|secret/;

/** Make the form of an operation. */
export function tryForm(operation, api, origin) {
  const security = (operation.security ?? []).flatMap((together) => Object.keys(together));
  const fields = [...tokenField(security), ...operation.parameters.map(parameterField), ...bodyFields(operation, api)];
  const output = element("pre");
  output.hidden = true;
  output.tabIndex = 0; // a long body scrolls
  output.setAttribute("role", "status");
  const send = element("button", "primary", word("send"));
  const form = element("form", "try", ...fields.map((field) => field.label), send, output);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    output.textContent = await sent(request(operation, api, origin, fields, security));
    output.hidden = false;
  });
  return form;
}

function tokenField(security) {
  if (!security.includes("bearer")) return [];
  const kind = security.includes("refreshCookie") ? "refresh" : "access";
  const field = input("Authorization: Bearer", "token");
  field.input.dataset.token = kind;
  field.input.value = held[kind];
  return [field];
}

function parameterField(parameter) {
  const field = input(parameter.name, parameter.in);
  field.input.required = Boolean(parameter.required);
  return field;
}

function bodyFields(operation, api) {
  if (!operation.requestBody) return [];
  const { schema } = Object.values(operation.requestBody.content)[0];
  const target = resolved(schema, api);
  return Object.entries(target.properties).map(([name, { type }]) => {
    const field = input(name, "body", type === "boolean" ? "checkbox" : SECRET.test(name) ? "password" : "text");
    field.input.required = target.required.includes(name);
    return field;
  });
}

function input(name, where, type = "text") {
  const made = element("input");
  Object.assign(made, { type, name, autocomplete: "off" });
  const isChoice = type === "checkbox";
  return { name, where, input: made, label: element("label", isChoice ? "choice" : "", ...(isChoice ? [made, name] : [name, made])) };
}

function request(operation, api, origin, fields, security) {
  const of = (where) => fields.filter((one) => one.where === where && (one.input.checked || (one.input.type !== "checkbox" && one.input.value)));
  const path = of("path").reduce((text, { name, input }) => text.replace(`{${name}}`, encodeURIComponent(input.value)), operation.path);
  const headers = Object.fromEntries(of("header").map(({ name, input }) => [name, input.value]));
  const [token] = of("token");
  if (token) headers.Authorization = `Bearer ${token.input.value}`;
  else if (security.includes("csrf")) headers["X-CSRF-TOKEN"] = csrf(security);
  return { url: origin + path, method: operation.method.toUpperCase(), headers, ...body(operation, of("body"), headers) };
}

function body(operation, members, headers) {
  if (!operation.requestBody) return {};
  const [media] = Object.keys(operation.requestBody.content);
  headers["Content-Type"] = media;
  const values = members.map(({ name, input }) => [name, input.type === "checkbox" || input.value]);
  return { body: media === "application/json" ? JSON.stringify(Object.fromEntries(values)) : new URLSearchParams(values).toString() };
}

function csrf(security) {
  const name = `csrf_${security.includes("refreshCookie") ? "refresh" : "access"}_token=`;
  return document.cookie.split("; ").find((pair) => pair.startsWith(name))?.slice(name.length) ?? "";
}

/** Send a request; keep the tokens of the response for the other forms. */
async function sent({ url, ...options }) {
  try {
    const response = await fetch(url, options);
    const text = await response.text();
    return `${response.status} ${response.statusText}\n\n${readable(text)}`;
  } catch (error) {
    if (error instanceof TypeError) return word("unreachable");
    throw error;
  }
}

function readable(text) {
  let data;
  try {
    data = JSON.parse(text);
  } catch {
    return text; // not JSON: metrics, or an empty body
  }
  hold("access", data.access_token);
  hold("refresh", data.refresh_token);
  return JSON.stringify(data, null, 2);
}

function hold(kind, token) {
  if (!token) return;
  held[kind] = token;
  for (const one of document.querySelectorAll(`[data-token=${kind}]`)) one.value = token;
}
