// Example bodies, made from the schemas of the document.

import { resolved } from "./schema.js";

const SECONDS = 1_767_225_600;
const TIME = "2026-01-01T00:00:00Z";
const VALUES = {
  username: "alice", name: "alice", logged_in_as: "alice", sub: "alice",
  access_token: "eyJhbGciOiJFUzI1NiIs…", refresh_token: "eyJhbGciOiJFUzI1NiIs…",
  csrf_access_token: "c71d5729-0cc9-45b5-9f40-b84dcae919e7", csrf_refresh_token: "5b0e9c44-7f0a-4c6f-8d0e-6a1c2f3e4d5b",
  session_id: "XebCgepEOmYpaf6XdUIe2A", id: "XebCgepEOmYpaf6XdUIe2A", sid: "XebCgepEOmYpaf6XdUIe2A",
  jti: "11035636-cec5-43cb-8550-d90b7cef5258", expires_in: 900, exp: SECONDS + 900, iat: SECONDS, nbf: SECONDS,
  created_at: TIME, refreshed_at: TIME, user_agent: "curl/8.5.0", address: "192.0.2.7", ended: 1,
  roles: ["admin"], scopes: ["orders:read"], scope: "orders:read", issuer: "auth.example", jwks_uri: "/.well-known/jwks.json",
  keys: [{ kty: "EC", crv: "P-256", use: "sig", alg: "ES256", kid: "2026-01", x: "…", y: "…" }],
};

/** The body that a schema describes; `known` has values for some members. */
export function exampleBody(schema, api, known = {}) {
  const target = resolved(schema.anyOf?.[0] ?? schema, api);
  const required = target.required ?? [];
  return Object.fromEntries(required.map((name) => [name, value(name, target.properties[name], api, known)]));
}

function value(name, schema, api, known) {
  const target = resolved(schema, api);
  if (name in known) return known[name];
  if (target.enum) return target.enum[0];
  if (target.items?.$ref) return [exampleBody(target.items, api)];
  if (name === "expires_at") return target.type === "integer" ? SECONDS + 900 : TIME;
  if (name in VALUES) return VALUES[name];
  return target.type === "boolean" ? true : "…";
}
