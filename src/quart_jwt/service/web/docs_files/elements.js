// DOM without strings of HTML: what the document says is text, whatever it holds.

/** Make an element with classes and children; null children are left out. */
export function element(name, classes = "", ...children) {
  const made = document.createElement(name);
  if (classes) made.className = classes;
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** Text in which `words` stand between backticks as code. */
export function prose(text) {
  const parts = text.split("`").map((part, at) => (at % 2 ? element("code", "", part) : part));
  return element("span", "", ...parts);
}
