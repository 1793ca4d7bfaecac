// A token taken apart. Nothing is verified here: only the server can do that.

const EXAMPLE_HEADER = { alg: "ES256", kid: "2026-01", typ: "JWT" };
const EXAMPLE_LIFE_S = 900;

/** Split a compact JWS (RFC 7515 §7.1) and read its two JSON parts. */
export function takeApart(text) {
  const [header, payload, signature] = text.split(".");
  return {
    segments: { header, payload, signature },
    header: read(header),
    claims: read(payload),
  };
}

/** A token to look at before there is a real one; its signature is none. */
export function example(now) {
  const iat = Math.floor(now / 1000);
  const header = EXAMPLE_HEADER;
  const claims = { sub: "alice", type: "access", fresh: true, iat, exp: iat + EXAMPLE_LIFE_S, jti: "b6f1c3a2" };
  const signature = "example-".repeat(11).slice(0, 86); // as long as one of ES256
  return { segments: { header: written(header), payload: written(claims), signature }, header, claims };
}

function written(members) {
  return btoa(JSON.stringify(members)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

function read(segment) {
  const base64 = segment.replace(/-/g, "+").replace(/_/g, "/");
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  return JSON.parse(new TextDecoder().decode(bytes));
}
