// The live page of headquarters. It draws what /v1/live pushes and decides nothing; cut off, it says so and shows the last it knew.
import { button, element, svg } from "./web/elements.js";
import { events } from "./web/stream.js";
import { known, language, money, say, speak } from "./web/words.js";

const ROWS = 200;
const SILENT_MS = 30000; // headquarters says something every 14 s, if only that it is still there
const RETRY_MS = [500, 1000, 2000, 5000, 10000];
const $ = (id) => document.getElementById(id);

let token = sessionStorage.getItem("token") ?? "";
let chain = null;
let order = "lag";
let failures = 0;
let stop = null;
let opened = new URLSearchParams(location.search).get("edge");

const whole = (number) => new Intl.NumberFormat(language).format(number);
const clock = (utc) => new Date(utc).toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const dayAndTime = (utc) => new Date(utc).toLocaleString(language, { month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const minuteOf = (date) => date.toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

const asking = () => ({ Authorization: `Bearer ${token}`, "Accept-Language": language });

async function speakAs(wanted) {
  await speak(wanted);
  if (stop && token) watch(); // incidents and reasons come in the language of whoever asks
  $("sort").replaceChildren(...["lag", "edge", "state"].map((key) => button(say(`sort_${key}`), () => { order = key; draw(); }, { "data-order": key })));
  draw();
}

function show(face) {
  $("door").hidden = face !== "door";
  $("board").hidden = face !== "board";
  $("leave").hidden = $("line").parentElement.hidden = face !== "board";
}

function line(state, values = {}) {
  $("line").className = `dot ${state}`;
  $("line-text").textContent = say(`line_${state || "connecting"}`, values);
  $("board").classList.toggle("stale", state === "away");
}

function draw() {
  if (!chain) return;
  const { summary, edges, incidents, reasons } = chain;
  const turnover = Object.entries(summary.turnover).map(([currency, minor]) => money(minor, currency));
  const tiles = [
    ["sales", whole(summary.sales)], ["turnover", turnover.join(" + ") || "–"], ["facts_in", whole(summary.events)],
    ["connected", `${whole(summary.connected)} / ${whole(summary.edges)}`], ["waiting", whole(summary.lag), summary.lag && "warn"],
    ["quarantined", whole(summary.quarantined), summary.quarantined && "warn"], ["held", whole(summary.held), summary.held && "bad"],
  ];
  $("tiles").replaceChildren(...tiles.map(([key, value, kind]) => {
    return element("div", { class: `tile ${kind || ""}` }, element("b", {}, value), element("span", {}, say(key)));
  }));
  const items = [
    ...reasons.map((text) => [text, ""]),
    ...incidents.map((one) => [one.text, `${say(`incident_${one.kind}`)} · ${one.edge ?? ""} · ${clock(one.at)}`]),
  ];
  $("attention").replaceChildren(...(items.length ? items.map(([text, below]) => element("li", {}, text, element("small", {}, below))) : [element("li.none", {}, say("all_well"))]));
  drawPlot(chain.pulse, chain.minute);
  drawEdges(edges);
  drawDevices();
  line(reasons.length ? "degraded" : "ok");
}

function drawPlot(pulse, minute) {
  const known = new Map(pulse.map((row) => [row.minute, row.sales]));
  const end = Date.parse(`${minute}:00Z`);
  const bars = Array.from({ length: 60 }, (_, n) => known.get(new Date(end - (59 - n) * 60000).toISOString().slice(0, 16)) ?? 0);
  const top = Math.max(...bars, 1);
  const grid = [0, 0.5, 1].map((part) => svg("line", { x1: 0, x2: 720, y1: 178 - part * 170, y2: 178 - part * 170 }));
  const rects = bars.map((value, n) => svg("rect", { x: n * 12 + 1.5, width: 9, y: 178 - (value / top) * 170, height: (value / top) * 170, rx: 2 }));
  $("plot").replaceChildren(...grid, ...rects);
  $("plot").setAttribute("aria-label", say("plot_label", { top: whole(top) }));
  $("plot-now").textContent = say("plot_now", { now: whole(bars.at(-1)), top: whole(top) });
  $("plot-from").textContent = minuteOf(new Date(end - 59 * 60000));
  $("plot-to").textContent = minuteOf(new Date(end));
}

const RANK = { held: 0, behind: 1, silent: 2, ok: 3, revoked: 4 };
const ORDERS = {
  lag: (a, b) => b.lag - a.lag || RANK[a.state] - RANK[b.state],
  edge: (a, b) => a.edge.localeCompare(b.edge, "en", { numeric: true }),
  state: (a, b) => RANK[a.state] - RANK[b.state] || b.lag - a.lag,
};

function drawEdges(edges) {
  const byName = [...edges].sort(ORDERS.edge);
  $("stores-count").textContent = say("stores_count", { stores: whole(chain.summary.stores), edges: whole(edges.length) });
  $("dots").replaceChildren(...byName.map((edge) => element(`i.${edge.state}`, { title: `${edge.edge} · ${say(`state_${edge.state}`)} · ${edge.lag}` })));
  const shown = byName.sort(ORDERS[order]).slice(0, ROWS);
  $("edges").replaceChildren(...shown.map((edge) => {
    const name = (language === "en" ? edge.name_en || edge.name_zh : edge.name_zh || edge.name_en) || edge.store;
    const devices = edge.devices === null ? "–" : `${whole(edge.devices - edge.devices_wrong)} / ${whole(edge.devices)}`;
    const open = () => openEdge(edge.edge);
    return element("tr", { tabindex: "0", onclick: open, onkeydown: (event) => { if (event.key === "Enter") open(); } },
      element("td", {}, edge.edge), element("td", {}, name === edge.store ? name : `${name} (${edge.store})`),
      element(`td.state.${edge.state}`, { title: edge.held }, say(`state_${edge.state}`)),
      element("td.number", {}, whole(edge.lag)), element("td.number", {}, whole(edge.next - 1)),
      element("td", {}, edge.last_seen ? clock(`${edge.last_seen}Z`) : "–"),
      element("td", { class: edge.devices_wrong ? "warn" : null }, devices),
    );
  }));
  $("more").textContent = edges.length > ROWS ? say("more", { count: whole(edges.length - ROWS) }) : "";
  for (const button of $("sort").children) button.setAttribute("aria-pressed", button.dataset.order === order);
}

// One store's devices: as it says itself while it is connected, else as its facts last told.
async function openEdge(name) {
  opened = name;
  await drawDevices();
  $("devices").scrollIntoView({ block: "nearest" });
}

async function drawDevices() {
  $("devices").hidden = !opened;
  if (!opened) return;
  const wanted = opened;
  let told;
  try {
    const answer = await fetch(`/v1/edges/${encodeURIComponent(wanted)}/devices`, { headers: asking() });
    if (!answer.ok) return;
    told = await answer.json();
  } catch {
    return; // cut off: the last that was known stays
  }
  if (wanted !== opened) return;
  const now = told.now;
  const rows = now?.devices.length ? now.devices : told.items.map((row) => ({ ...row, since_at: row.changed_at }));
  $("devices-of").textContent = say("devices_of", { edge: wanted });
  $("devices-heard").textContent = say(`heard_${now ? (now.online ? "live" : "cut_off") : "facts"}`, { at: now ? clock(now.heard_at) : "" });
  $("devices-rows").replaceChildren(...rows.map((row) => element("tr", {},
    element("td", {}, row.device), element("td", {}, known(`class_${row.device_class}`) ? say(`class_${row.device_class}`) : row.device_class || "–"),
    element(`td.state.${row.state}`, {}, say(`health_${row.state}`)),
    element("td", {}, row.since_at ? dayAndTime(row.since_at) : "–"), element("td", {}, row.reason || ""),
  )));
  if (!rows.length) $("devices-rows").replaceChildren(element("td", {}, say("devices_none")));
}

async function watch() {
  stop?.abort();
  stop = new AbortController();
  const { signal } = stop;
  while (!signal.aborted) {
    try {
      const answer = await fetch("/v1/live", { headers: asking(), signal });
      if (answer.status === 401 || answer.status === 403) return refuse(await answer.json());
      if (!answer.ok) throw new Error(answer.status);
      failures = 0;
      for await (const [, told] of events(answer.body, SILENT_MS)) {
        chain = told;
        sessionStorage.setItem("token", token);
        show("board");
        draw();
      }
    } catch (error) {
      if (signal.aborted) return;
    }
    line("away", { at: chain ? clock(new Date().toISOString()) : "–" });
    await new Promise((resume) => setTimeout(resume, RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)]));
  }
}

function refuse(problem) {
  sessionStorage.removeItem("token");
  token = "";
  $("door-error").textContent = say("door_refused", { detail: problem.detail });
  line("");
  show("door");
}

$("language").onclick = () => speakAs(language === "en" ? "zh-CN" : "en");
$("devices-close").onclick = () => {
  opened = null;
  drawDevices();
};
$("leave").onclick = () => {
  opened = null;
  stop?.abort();
  chain = null;
  token = "";
  sessionStorage.removeItem("token");
  line("");
  show("door");
};
$("door").onsubmit = (event) => {
  event.preventDefault();
  token = $("token").value.trim();
  $("token").value = "";
  $("door-error").textContent = "";
  watch();
};

await speakAs(language);
// A link made by `serve` may carry the token behind #: it never reaches a server, and leaves the address bar at once.
if (location.hash.startsWith("#token=")) {
  token = decodeURIComponent(location.hash.slice(7));
  history.replaceState(null, "", location.pathname);
}
line("");
show(token ? "board" : "door");
if (token) watch();
