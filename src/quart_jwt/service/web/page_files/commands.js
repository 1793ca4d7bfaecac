// The same request as a line for a terminal. Secrets stay in shell variables.

/** The variables of the commands, by where the tokens are. */
export const VARIABLES = {
  header: ["ACCESS", "REFRESH", "PASSWORD"],
  cookies: ["CSRF_ACCESS", "CSRF_REFRESH", "PASSWORD"],
};
const JAR = "cookies.txt";

export function curl(origin, entry) {
  const parts = ["curl -s"];
  if (entry.method !== "GET" && !(entry.body && entry.method === "POST")) parts.push(`-X ${entry.method}`);
  if (entry.cookies) parts.push(`-b ${JAR} -c ${JAR}`);
  if (entry.kind) parts.push(`-H "Authorization: Bearer $${entry.kind.toUpperCase()}"`);
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
  if (entry.kind) parts.push(`"Authorization:Bearer $${entry.kind.toUpperCase()}"`);
  if (entry.csrf) parts.push(`"X-CSRF-TOKEN:$CSRF_${entry.csrf.toUpperCase()}"`);
  for (const [name, value] of Object.entries(entry.body ? shown(entry.body) : {})) {
    parts.push(typeof value === "string" ? `${name}="${value}"` : `${name}:=${JSON.stringify(value)}`);
  }
  return parts.join(" ");
}

/** A line that sets a variable in a shell; a password is asked for, never written. */
export function setting(name, value, tool) {
  if (name === "PASSWORD") return "printf 'Password: '; read -rs PASSWORD; echo";
  if (!name.startsWith("CSRF_")) return `${name}='${value}'`;
  const cookie = `${name.toLowerCase()}_token`;
  if (tool === "curl") return `${name}=$(awk '$6 == "${cookie}" {print $7}' ${JAR})`;
  return `${name}=$(jq -r '.cookies[] | select(.name == "${cookie}").value' ${JAR.replace(".txt", ".json")})`;
}

function shown(body) {
  return { ...body, password: "$PASSWORD" };
}

function quoted(url) {
  return /^[\w:/.~-]+$/.test(url) ? url : `'${url.replaceAll("'", "'\\''")}'`;
}
