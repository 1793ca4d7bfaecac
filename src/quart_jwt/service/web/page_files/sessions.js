// The list of the user's sessions, each with a button that ends it.

import { button, element } from "./elements.js";
import { language } from "./language.js";
import { word } from "./words.js";

/** Show sessions, this one first; `end` is called with the one to end and its entry. */
export function showSessions(list, sessions, end) {
  list.replaceChildren(...sessions.sort(byNearness).map((session) => shown(session, end)));
}

/** This session first, then the newest. */
function byNearness(one, other) {
  return other.is_current - one.is_current || other.created_at.localeCompare(one.created_at);
}

function shown(session, end) {
  const since = new Date(session.created_at).toLocaleString(language());
  const name = element("span", "", session.user_agent ?? session.address ?? session.id);
  name.title = session.id;
  const current = session.is_current ? element("em", "", word("thisSession")) : null;
  const item = element("li", "", name, button(word("endSession"), () => end(session, item)),
    element("small", "", `${word("since")} ${since}`, current));
  return item;
}
