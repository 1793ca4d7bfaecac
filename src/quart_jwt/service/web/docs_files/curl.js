// An operation as a line for curl. Secrets are shell variables, never values.

import { example } from "./schema.js";

/** The line for one operation. */
export function line(method, path, operation, api, origin) {
  const address = origin + path.replace(/\{(\w+)\}/g, (_, name) => `$${name.toUpperCase()}`);
  const words = ["curl -s"];
  if (method !== "get") words.push(`-X ${method.toUpperCase()}`);
  words.push(`"${address}"`, ...credentials(operation), ...body(operation, api));
  return words.join(" \\\n  ");
}

function credentials(operation) {
  const names = (operation.security || []).flatMap((together) => Object.keys(together));
  if (names.includes("client")) return ['-u "$CLIENT_ID:$CLIENT_SECRET"'];
  if (names.includes("refreshCookie")) return ['-H "Authorization: Bearer $REFRESH"'];
  if (names.includes("bearer")) return ['-H "Authorization: Bearer $ACCESS"'];
  return [];
}

function body(operation, api) {
  const content = operation.requestBody && operation.requestBody.content;
  if (!content) return [];
  const [media, { schema }] = Object.entries(content)[0];
  const members = example(schema, api);
  if (media !== "application/json") return members.map(([name, value]) => `--data-urlencode "${name}=${value}"`);
  const text = members.map(([name, value]) => `\\"${name}\\": \\"${value}\\"`).join(", ");
  return [`-H "Content-Type: ${media}"`, `-d "{${text}}"`];
}
