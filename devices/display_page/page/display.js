// The second screen: shows the newest thing the till has told, and says so when the till is not to be heard.
import { events } from "./web/stream.js";

const words = await (await fetch("words.json")).json();
const wanted = new URLSearchParams(location.search).get("lang");
const element = (id) => document.getElementById(id);
const SILENT_MS = 40000, RETRY_MS = 1000; // the till says at least every 15 s that it is there
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
  element("amount").style.setProperty("--characters", money.length + 1); // the currency sign is a wide one
}

async function look() {
  const { language, shown } = await (await fetch("now.json")).json();
  speak(wanted ?? language);
  show(shown);
}

async function listen() {
  await look();
  const answer = await fetch("events");
  for await (const [, shown] of events(answer.body, SILENT_MS)) {
    element("lost").hidden = true;
    show(shown);
  }
}

speak(wanted ?? "zh-CN");
show({ purpose: "idle", text: "", detail: "", amount_minor: null, digits: 2, symbol: "" });
for (;;) {
  await listen().catch(() => {});
  element("lost").hidden = false;
  await new Promise((resume) => setTimeout(resume, RETRY_MS));
}
