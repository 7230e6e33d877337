// Words. The server says every sentence in every language; the page picks. Nothing here is ever read as markup.
let texts = {};
const listeners = new Set();

export const language = () => document.documentElement.lang;
export const t = key => texts[language()]?.[key] ?? key;
export const pick = told => told?.[language()] ?? told?.en ?? '';
export const onLanguage = listener => listeners.add(listener);

export async function load() {
  texts = await (await fetch('texts.json')).json();
  let kept = null;
  try { kept = localStorage.getItem('language'); } catch { /* a browser that keeps nothing */ }
  document.documentElement.lang = kept in texts ? kept : 'ko';
}

export function speak(chosen) {
  document.documentElement.lang = chosen;
  try { localStorage.setItem('language', chosen); } catch { /* a browser that keeps nothing */ }
  apply();
  for (const listener of listeners) listener();
}

export function apply(root = document) {
  for (const one of root.querySelectorAll('[data-t]')) one.textContent = t(one.dataset.t);
  for (const one of root.querySelectorAll('[data-label]')) one.setAttribute('aria-label', t(one.dataset.label));
  for (const one of root.querySelectorAll('[data-title]')) one.title = t(one.dataset.title);
  document.title = t('title');
}
