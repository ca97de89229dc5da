// Making elements. Text is always text: nothing that a page was told becomes markup.

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
