// The second screen: shows the newest thing the till has told, and says so when the till is not to be heard.
const words = await (await fetch("words.json")).json();
const wanted = new URLSearchParams(location.search).get("lang");
const element = (id) => document.getElementById(id);
let catalogue = words["zh-CN"];

function speak(language) {
  const known = language in words ? language : "zh-CN";
  catalogue = words[known];
  document.documentElement.lang = known;
  element("lost").textContent = catalogue.lost;
}

function amount({ amount_minor: minor, digits, symbol }) {
  if (minor === null) return "";
  // Whole numbers throughout: a float would show 0.1 + 0.2 of a yuan one day.
  const all = String(Math.abs(minor)).padStart(digits + 1, "0");
  const whole = all.slice(0, all.length - digits), part = all.slice(all.length - digits);
  return (minor < 0 ? "-" : "") + symbol + whole.replace(/\B(?=(\d{3})+$)/g, ",") + (digits ? "." + part : "");
}

function show(shown) {
  const money = amount(shown);
  element("glass").dataset.purpose = shown.purpose;
  element("purpose").textContent = catalogue[shown.purpose] ?? "";
  element("text").textContent = shown.text || (shown.purpose === "idle" ? catalogue.welcome : "");
  element("detail").textContent = shown.detail;
  element("amount").textContent = money;
  element("amount").classList.toggle("long", money.length > 10);
}

const till = new EventSource("events");
till.addEventListener("language", (event) => speak(wanted ?? event.data));
till.addEventListener("shown", (event) => { element("lost").hidden = true; show(JSON.parse(event.data)); });
till.addEventListener("error", () => { element("lost").hidden = false; });
speak(wanted ?? "zh-CN");
show({ purpose: "idle", text: "", detail: "", amount_minor: null, digits: 2, symbol: "" });
