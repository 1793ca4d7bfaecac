// The language of the pages: what was chosen here before, or else the browser's.

import { press } from "./elements.js";

const LANGUAGES = ["en", "zh"];

/** The language now: "en" or "zh". */
export function language() {
  const kept = localStorage.getItem("language");
  if (LANGUAGES.includes(kept)) return kept;
  return navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
}

/** Put the words into `data-word` and `data-label`, and mark the page's language. */
export function translate(words) {
  document.documentElement.lang = language();
  press("language", language());
  for (const one of document.querySelectorAll("[data-word]")) one.textContent = words[one.dataset.word];
  for (const one of document.querySelectorAll("[data-label]")) {
    one.setAttribute("aria-label", words[one.dataset.label]);
  }
}

/** Call `then` after each choice of a language. */
export function onLanguage(then) {
  for (const one of document.querySelectorAll("[data-language]")) {
    one.addEventListener("click", () => {
      localStorage.setItem("language", one.dataset.language);
      then();
    });
  }
}
