// The requests that the page sent: each as a command, with the body of its response.

import { curl, httpie, setting, VARIABLES } from "./commands.js";
import { copyButton, element } from "./elements.js";
import { language } from "./language.js";
import { word } from "./words.js";

const TOOLS = { curl, httpie };
const MAX_ENTRIES = 50;
const SHOWN_CHARACTERS = 16; // of a token
const TOKEN = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** A log of requests, the newest on top; a repeated request is one entry with a count. */
export class Requests {
  constructor(list, variables, origin) {
    Object.assign(this, { list, variables, origin });
    this.tool = localStorage.getItem("tool") in TOOLS ? localStorage.getItem("tool") : "curl";
    this.entries = [];
  }

  choose(tool) {
    this.tool = tool;
    localStorage.setItem("tool", tool);
  }

  add(sent) {
    const [last] = this.entries;
    const entry = { ...sent, at: new Date(), times: 1, isOpen: true };
    if (last) last.isOpen = false;
    if (last && this.line(last) === this.line(entry) && last.status === entry.status) {
      entry.times = last.times + 1;
      this.entries.shift();
    }
    this.entries = [entry, ...this.entries].slice(0, MAX_ENTRIES);
    this.show();
  }

  show() {
    const shown = this.entries.map((entry) => this.shown(entry));
    this.list.replaceChildren(...(shown.length ? shown : [element("li", "hint", word("noRequests"))]));
  }

  line(entry) {
    return TOOLS[this.tool](this.origin, entry);
  }

  shown(entry) {
    const line = this.line(entry);
    const status = element("span", `status ${entry.status < 400 ? "good" : "bad"}`, String(entry.status));
    const times = entry.times > 1 ? element("span", "times", `× ${entry.times}`) : null;
    const at = element("time", "", entry.at.toLocaleTimeString(language()));
    const copy = copyButton(word("copy"), word("copied"), line);
    return element("li", "",
      element("p", "", status, element("strong", "", `${entry.method} ${entry.path}`), times, at),
      element("div", "command", element("code", "", line), copy),
      response(entry));
  }

  /** A button for each variable of the commands: it copies a line that sets it. */
  showVariables(client) {
    const known = { ACCESS: client.access, REFRESH: client.refreshToken };
    const names = VARIABLES[client.cookies ? "cookies" : "header"];
    this.variables.replaceChildren(...names.map((name) => {
      const value = known[name];
      const made = copyButton(`$${name}`, word("copied"), setting(name, value, this.tool));
      made.title = word("copyVariable")(`$${name}`);
      made.disabled = name in known && !value;
      return made;
    }));
  }
}

function response(entry) {
  const text = JSON.stringify(entry.data, shortened, 2);
  const body = element("details", "", element("summary", "", word("responseBody")), element("pre", "", text));
  body.open = entry.isOpen;
  body.addEventListener("toggle", () => (entry.isOpen = body.open));
  return body;
}

/** A token is not written out: the log may be shown to others. */
function shortened(name, value) {
  if (typeof value !== "string" || !TOKEN.test(value)) return value;
  return `${value.slice(0, SHOWN_CHARACTERS)}…`;
}
