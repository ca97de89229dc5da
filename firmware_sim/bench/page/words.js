// The page's language, and small helpers that every drawing needs.
const asked = new URLSearchParams(location.search).get("lang");
let texts = {};
const wanted = asked?.startsWith("zh") ? "zh-CN" : asked;
export let language = ["en", "zh-CN"].includes(wanted) ? wanted : localStorage.getItem("language") ?? (navigator.language.startsWith("zh") ? "zh-CN" : "en");

export const say = (key, values = {}) => (texts[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
export const known = (key) => key in texts;
export const named = (thing) => (language === "en" ? thing.en : thing.zh);
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

// element("div.card.wide", { title: "…", onclick: … }, child, "text", …)
export function element(what, attributes = {}, ...children) {
  const [name, ...classes] = what.split(".");
  const made = document.createElement(name || "div");
  if (classes.length) made.className = classes.join(" ");
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on") || key === "value" || key === "checked") made[key] = value;
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.flat().filter((child) => child !== undefined && child !== null && child !== false));
  return made;
}

export function svg(name, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

export function button(text, onclick, attributes = {}) {
  return element(`button${attributes.class ? `.${attributes.class}` : ""}`, { type: "button", ...attributes, class: undefined, onclick }, text);
}

export function choice(options, chosen, onchange, label) {
  const made = element("select", { onchange: () => onchange(made.value), "aria-label": label });
  for (const [value, text] of options) made.append(element("option", { value, selected: value === chosen }, text));
  return made;
}

// A small lamp with its word; "on" is the colour that it burns in, or nothing.
export const lamp = (name, on, text) => element(`span.lamp.${name}${on ? `.${on}` : ""}`, { title: text }, element("i"), text);
