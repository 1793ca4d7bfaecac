// Visits under k6 (https://grafana.com/docs/k6/): login, protected, verify, refresh with
// rotation, protected, logout. Arrivals are started at a constant rate, whether or not
// earlier ones have finished (open loop).
//
//   k6 run -e URL=http://127.0.0.1:8000 -e USERS=users.json -e RATE=5 visits.js
//
// users.json is [{"username": "...", "password": "..."}, ...]. Take more users than visits
// that run at once: more than ten sign-ins of one account at once get 429, and all
// requests of k6 come from one address (QUART_JWT_THROTTLE=false on a test system).
import http from "k6/http";
import { check } from "k6";
import { SharedArray } from "k6/data";
import exec from "k6/execution";

const base = __ENV.URL || "http://127.0.0.1:8000";
const users = new SharedArray("users", () => JSON.parse(open(__ENV.USERS || "users.json")));

export const options = {
  scenarios: {
    visits: {
      executor: "constant-arrival-rate",
      rate: Number(__ENV.RATE || 5),
      timeUnit: "1s",
      duration: __ENV.DURATION || "30s",
      preAllocatedVUs: 50,
      maxVUs: 500,
    },
  },
  thresholds: {
    checks: ["rate>0.99"],
    dropped_iterations: ["count==0"], // or k6 itself was the limit
    "http_req_duration{name:login}": ["p(99)<500"],
    "http_req_duration{name:refresh}": ["p(99)<250"],
    "http_req_duration{name:protected}": ["p(99)<250"],
    "http_req_duration{name:verify}": ["p(99)<250"],
    "http_req_duration{name:logout}": ["p(99)<250"],
  },
};

function ask(name, method, path, token, body) {
  const headers = {};
  if (token) headers.Authorization = `Bearer ${token}`;
  if (body) headers["Content-Type"] = "application/json";
  const response = http.request(method, base + path, body ? JSON.stringify(body) : null, {
    headers,
    tags: { name },
  });
  check(response, { [`${name}: 200`]: (answer) => answer.status === 200 });
  return response;
}

export default function () {
  const user = users[exec.scenario.iterationInTest % users.length];
  const login = ask("login", "POST", "/login", null, {
    username: user.username,
    password: user.password,
  });
  if (login.status !== 200) return;
  const first = login.json();
  ask("protected", "GET", "/protected", first.access_token);
  ask("verify", "GET", "/auth/verify", first.access_token);
  const refresh = ask("refresh", "POST", "/refresh", first.refresh_token);
  if (refresh.status !== 200) return;
  const second = refresh.json();
  ask("protected", "GET", "/protected", second.access_token);
  ask("logout", "POST", "/logout", second.access_token);
}
