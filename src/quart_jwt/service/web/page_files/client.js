// A client that keeps itself signed in: by the clock, or after a 401.

const MARGIN_S = 10; // refresh so long before the end, or at a third of a short life
const CSRF = ["access", "refresh"]; // the kinds of token that have a CSRF value each

/**
 * Talks to the service and holds the tokens of one session.
 *
 * `record` is called with every request and its response.
 */
export class Client {
  constructor(api, record) {
    this.api = api;
    this.record = record;
    this.byClock = true;
    this.onRefusal = true;
    this.forgetAll();
  }

  forgetAll() {
    this.name = null; // of the user
    this.cookies = false;
    this.access = null;
    this.refreshToken = null;
    this.expiresAt = null; // by this browser's clock, in ms
    this.lifeMs = null;
    this.refreshing = null;
  }

  get signedIn() {
    return this.cookies || this.refreshToken !== null;
  }

  async signIn(username, password, cookies) {
    this.forgetAll();
    const body = { username, password, ...(cookies && { cookies: true }) };
    const { response, data } = await this.send("POST", "/login", { body });
    if (!response.ok) return { response, data };
    this.cookies = cookies;
    this.name = username;
    this.keep(data);
    return { response, data };
  }

  /** After a reload: cookies are still there, and the readable CSRF value tells of them. */
  async recognise() {
    if (!CSRF.some((kind) => cookie(`csrf_${kind}_token`))) return;
    this.cookies = true;
    let answer = await this.send("GET", "/me");
    const isRefreshed = answer.response.status === 401 && (await this.refresh()).response.ok;
    if (isRefreshed) answer = await this.send("GET", "/me");
    if (!answer.response.ok) return;
    this.name = answer.data.name;
    if (isRefreshed) return; // that response said how long the token lives
    this.expiresAt = answer.data.expires_at * 1000;
    this.lifeMs = Math.max(this.leftMs(), Number(localStorage.getItem("life")));
  }

  /** Call a protected route; refresh before it, or after a 401 and once more. */
  async call(method, path) {
    if (this.byClock && this.isDue()) await this.refresh();
    let answer = await this.send(method, path, { token: this.access, csrf: "access" });
    if (answer.response.status === 401 && this.onRefusal && this.signedIn) {
      if ((await this.refresh()).response.ok) {
        answer = await this.send(method, path, { token: this.access, csrf: "access" });
      }
    }
    return answer;
  }

  /** Trade the refresh token; any number of callers share one request. */
  refresh() {
    this.refreshing ??= this.refreshOnce().finally(() => (this.refreshing = null));
    return this.refreshing;
  }

  async refreshOnce() {
    const { response, data } = await this.send("POST", "/refresh", {
      token: this.refreshToken,
      csrf: "refresh",
    });
    if (response.ok) this.keep(data);
    else if (response.status === 401) this.signedOut();
    return { response, data };
  }

  /** Take an access token that has just expired for the one that is held. */
  async expireNow() {
    const { response, data } = await this.send("POST", "/page/expired-token", {
      token: this.access,
      csrf: "access",
    });
    if (!response.ok) return { response, data };
    this.access = data.access_token ?? null;
    this.expiresAt = Date.now();
    return { response, data };
  }

  async signOut() {
    await this.send("POST", "/logout", { token: this.access ?? this.refreshToken, csrf: "access" });
    this.signedOut();
  }

  /** The session is over: what is left of its cookies must not look like one. */
  signedOut() {
    if (this.cookies) {
      for (const kind of CSRF) document.cookie = `csrf_${kind}_token=; Max-Age=0; Path=/`;
    }
    this.forgetAll();
  }

  isDue() {
    if (!this.signedIn || this.expiresAt === null) return false;
    return this.leftMs() < Math.min(MARGIN_S * 1000, this.lifeMs / 3);
  }

  leftMs() {
    return this.expiresAt === null ? 0 : Math.max(0, this.expiresAt - Date.now());
  }

  keep(data) {
    this.access = data.access_token ?? null;
    this.refreshToken = data.refresh_token ?? this.refreshToken;
    this.lifeMs = data.expires_in * 1000;
    this.expiresAt = Date.now() + this.lifeMs;
    localStorage.setItem("life", String(this.lifeMs)); // a reload asks how long, not since when
  }

  async send(method, path, { body, token, csrf } = {}) {
    const headers = {};
    if (body) headers["Content-Type"] = "application/json";
    if (token) headers.Authorization = `Bearer ${token}`;
    if (this.cookies && csrf && method !== "GET") {
      headers["X-CSRF-TOKEN"] = cookie(`csrf_${csrf}_token`);
    }
    const response = await fetch(this.api + path, {
      method,
      headers,
      credentials: "include",
      body: body && JSON.stringify(body),
    });
    const data = await response.json().catch(() => ({}));
    this.record({
      method,
      path,
      body,
      kind: token ? (token === this.refreshToken ? "refresh" : "access") : null,
      csrf: headers["X-CSRF-TOKEN"] ? csrf : null,
      cookies: this.cookies || Boolean(body?.cookies),
      status: response.status,
      data,
    });
    return { response, data };
  }
}

function cookie(name) {
  const found = document.cookie.split("; ").find((pair) => pair.startsWith(`${name}=`));
  return found ? found.slice(name.length + 1) : "";
}
