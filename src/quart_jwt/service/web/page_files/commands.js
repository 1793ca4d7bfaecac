// The same request as a line for a terminal. Secrets stay in shell variables.

const VARIABLES = { access: "$ACCESS", refresh: "$REFRESH" };
const JAR = "cookies.txt";

export function curl(origin, entry) {
  const parts = ["curl -s"];
  if (entry.method !== "GET" && !(entry.body && entry.method === "POST")) parts.push(`-X ${entry.method}`);
  if (entry.cookies) parts.push(`-b ${JAR} -c ${JAR}`);
  if (entry.kind) parts.push(`-H "Authorization: Bearer ${VARIABLES[entry.kind]}"`);
  if (entry.csrf) parts.push(`-H "X-CSRF-TOKEN: $CSRF_${entry.csrf.toUpperCase()}"`);
  if (entry.body) {
    parts.push("-H 'Content-Type: application/json'");
    parts.push(`-d "${JSON.stringify(shown(entry.body)).replaceAll('"', '\\"')}"`);
  }
  return [...parts, quoted(origin + entry.path)].join(" ");
}

export function httpie(origin, entry) {
  const parts = ["http"];
  if (entry.cookies) parts.push(`--session=./${JAR.replace(".txt", ".json")}`);
  parts.push(entry.method, quoted(origin + entry.path));
  if (entry.kind) parts.push(`"Authorization:Bearer ${VARIABLES[entry.kind]}"`);
  if (entry.csrf) parts.push(`"X-CSRF-TOKEN:$CSRF_${entry.csrf.toUpperCase()}"`);
  for (const [name, value] of Object.entries(entry.body ? shown(entry.body) : {})) {
    parts.push(typeof value === "string" ? `${name}="${value}"` : `${name}:=${JSON.stringify(value)}`);
  }
  return parts.join(" ");
}

function shown(body) {
  return { ...body, password: "$PASSWORD" };
}

function quoted(url) {
  return /^[\w:/.~-]+$/.test(url) ? url : `'${url.replaceAll("'", "'\\''")}'`;
}
