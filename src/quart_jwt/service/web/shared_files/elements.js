// DOM without strings of HTML: text stays text, whatever it holds.

const BACK_MS = 2000; // how long a button says that it has copied

/** Make an element with classes and children; null children are left out. */
export function element(name, classes = "", ...children) {
  const made = document.createElement(name);
  if (classes) made.className = classes;
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** Text in which `words` between backticks are code. */
export function prose(text) {
  const parts = text.split("`").map((part, at) => (at % 2 ? element("code", "", part) : part));
  return element("span", "", ...parts);
}

/** Make a button. */
export function button(text, onClick) {
  const made = element("button", "", text);
  made.type = "button";
  made.addEventListener("click", onClick);
  return made;
}

/** Make a button that copies a text, and says for a moment that it did. */
export function copyButton(label, copied, text) {
  return button(label, async ({ currentTarget }) => {
    await navigator.clipboard.writeText(text);
    currentTarget.textContent = copied;
    setTimeout(() => (currentTarget.textContent = label), BACK_MS);
  });
}

/** Mark the chosen button of a group, each of which has `data-KIND`. */
export function press(kind, chosen) {
  for (const one of document.querySelectorAll(`[data-${kind}]`)) {
    one.setAttribute("aria-pressed", String(one.dataset[kind] === chosen));
  }
}
