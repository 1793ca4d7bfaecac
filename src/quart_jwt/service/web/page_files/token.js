// A token taken apart. Nothing is verified here: only the server can do that.

/** Split a compact JWS (RFC 7515 §7.1) and read its two JSON parts. */
export function takeApart(text) {
  const [header, payload, signature] = text.split(".");
  return {
    segments: { header, payload, signature },
    header: read(header),
    claims: read(payload),
  };
}

function read(segment) {
  const base64 = segment.replace(/-/g, "+").replace(/_/g, "/");
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  return JSON.parse(new TextDecoder().decode(bytes));
}
