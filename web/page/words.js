// The page's language: its texts from `locale/` beside the page, and money as that language writes it.
const asked = new URLSearchParams(location.search).get("lang");
let texts = {};
const wanted = asked?.startsWith("zh") ? "zh-CN" : asked;
export let language = ["en", "zh-CN"].includes(wanted) ? wanted : localStorage.getItem("language") ?? (navigator.language.startsWith("zh") ? "zh-CN" : "en");

export const say = (key, values = {}) => (texts[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
export const known = (key) => key in texts;
export const named = (thing) => (language === "en" ? thing.en : thing.zh);
// Each currency in its own form: the browser knows how many decimals it has.
export const money = (minor, currency) => {
  if (!currency) return (minor / 100).toFixed(2);
  const form = new Intl.NumberFormat(language, { style: "currency", currency, currencyDisplay: "narrowSymbol" });
  return form.format(minor / 10 ** form.resolvedOptions().maximumFractionDigits);
};

export async function speak(wanted = language) {
  language = wanted;
  texts = await (await fetch(`locale/${language}.json`)).json();
  localStorage.setItem("language", language);
  document.documentElement.lang = language;
  document.title = say("title");
  for (const node of document.querySelectorAll("[data-text]")) node.textContent = say(node.dataset.text);
}
