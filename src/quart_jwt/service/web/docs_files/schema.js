// JSON Schema, as far as the document uses it, as nested lists and as an example.

import { element } from "./elements.js";
import { said, word } from "./words.js";

/** Follow a reference within the document. */
export function resolved(schema, api) {
  if (!schema || !schema.$ref) return schema || {};
  return api.components.schemas[schema.$ref.split("/").pop()] || {};
}

/** The list of what a schema allows. */
export function shown(schema, api) {
  const alternatives = schema.anyOf;
  if (alternatives && alternatives.some((one) => one.$ref)) {
    const lists = alternatives.map((one) => shown(one, api));
    return element("div", "", ...lists.flatMap((list, at) => (at ? [element("p", "hint", word("or")), list] : [list])));
  }
  const target = resolved(schema, api);
  if (!target.properties) return element("p", "schema", element("span", "type", kind(target, api)));
  const required = new Set(target.required || []);
  const rows = Object.entries(target.properties).map(([name, value]) => member(name, value, { of: target.title, isRequired: required.has(name) }, api));
  return element("ul", "schema", ...rows);
}

function member(name, schema, { of, isRequired }, api) {
  const target = resolved(schema, api);
  const inner = resolved(target.items, api);
  const more = target.properties ? target : inner.properties ? inner : null;
  return element(
    "li", "",
    element("b", "", name), isRequired ? " " : element("span", "optional", "? "),
    element("span", "type", kind(target, api)),
    element("span", "note", notes(target, `${of}.${name}`)),
    more && shown(more, api),
  );
}

function kind(schema, api) {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((one) => JSON.stringify(one)).join(" | ");
  if (schema.anyOf) return schema.anyOf.map((one) => kind(resolved(one, api), api)).join(" | ");
  if (schema.type === "array") return `[${kind(resolved(schema.items, api), api)}]`;
  return [schema.type || "anything"].flat().join(" | ");
}

function notes(schema, name) {
  const says = [];
  if (schema.minLength > 1 || schema.maxLength) says.push(word("length")(schema.minLength || 0, schema.maxLength));
  if (schema.default !== undefined) says.push(word("standard")(JSON.stringify(schema.default)));
  const description = schema.description ?? schema.anyOf?.[0].description;
  if (description) says.push(said(name, description));
  return says.length ? `  ${says.join("; ")}` : "";
}

/** The required members of a body, each with a shell variable of its name. */
export function example(schema, api) {
  const target = resolved(schema, api);
  return (target.required || []).map((name) => [name, `$${name.toUpperCase()}`]);
}
