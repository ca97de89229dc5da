// The bench's page. It draws what the simulators show and hands them commands; it knows no rule of any device.
import { FACES, generic } from "./faces.js";
import { goodsCard, scenarioCard } from "./beside.js";
import { tillCard } from "./till.js";
import { button, choice, element } from "./web/elements.js";
import { known, language, say, speak } from "./web/words.js";
import { events } from "./web/stream.js";

const RETRY_MS = [300, 1000, 2000, 5000];
const SILENT_MS = 25000;
// Where a face stands on the counter, and in which order: what reads, the counter itself, money, what is stuck to goods.
const PLACES = [["goods", "scanner", "camera"], ["till", "scale", "display", "price_display", "screen"], ["printer", "drawer", "payment", "terminal"], ["scenarios", "light", "label", "esl"]];
const $ = (id) => document.getElementById(id);

const bench = { devices: new Map(), goods: { scan: [], odd: [], weigh: [] }, scenarios: [], edge: {}, run: null, hand: "" };
const cards = new Map();

export async function ask(path, body) {
  const headers = { "Accept-Language": language, "Content-Type": "application/json" };
  const answer = await fetch(path, body === undefined ? { headers } : { method: "POST", headers, body: JSON.stringify(body) });
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.detail ?? answer.statusText);
  return told;
}

// A hand on a device; what it refuses is told below the page.
const hand = (id) => async (command) => {
  try {
    return await ask(`/v1/devices/${encodeURIComponent(id)}`, command);
  } catch (error) {
    toast(error.message);
    return null;
  }
};

let hiding = 0;
export function toast(text) {
  $("toast").textContent = text;
  $("toast").hidden = false;
  clearTimeout(hiding);
  hiding = setTimeout(() => { $("toast").hidden = true; }, 6000);
}

export function enlarge(source, label) {
  $("large-picture").src = source;
  $("large-picture").alt = label;
  $("large").showModal();
}

const context = () => ({ bench, hand, ask, toast, enlarge });

function faultRow(device, act) {
  const { wire } = device;
  const can = (name) => !wire.faults || wire.faults.includes(name);
  const toggle = (on, name, undo, label) => can(name) && button(say(on ? `un${label}` : label), () => act({ fault: on ? undo : name }), { "aria-pressed": String(on), class: on ? "broken" : "" });
  return element("div.cable", {},
    toggle(!wire.plugged, "unplug", "replug", "unplug"),
    toggle(wire.frozen, "freeze", "thaw", "freeze"),
    toggle(Boolean(wire.bytes_per_s), "slow", "fast", "slow"),
    can("half") && button(say("half"), () => act({ fault: "half" }), { title: say("half_help") }),
    can("garbage") && button(say("garbage"), () => act({ fault: "garbage" })),
    profiles(device, act),
  );
}

function profiles(device, act) {
  if (device.profiles.length < 2) return null;
  return choice(device.profiles.map((name) => [name, known(`profile_${name}`) ? say(`profile_${name}`) : name]), device.profile, (profile) => act({ profile }), say("profile"));
}

function rawCommand(act) {
  const typed = element("input", { type: "text", placeholder: '{"fault": "garbage"}', "aria-label": say("raw"), spellcheck: "false" });
  const told = element("pre.told");
  const send = async (event) => {
    event.preventDefault();
    try {
      const answer = await act(JSON.parse(typed.value));
      if (answer) told.textContent = JSON.stringify(answer, null, 1);
    } catch (error) {
      toast(error.message);
    }
  };
  return element("details.raw", {}, element("summary", {}, say("raw")), element("form", { onsubmit: send }, typed, element("button", { type: "submit" }, say("send"))), told);
}

class Card {
  constructor(device) {
    const act = hand(device.id);
    this.face = (FACES[device.face] ?? generic)({ device, act, ...context() });
    this.health = element("span.health");
    this.reason = element("p.reason", { hidden: true });
    this.cable = element("div");
    this.node = element(`section.card.${device.face}`, { id: `device-${device.id}` },
      element("h2", {}, say(`face_${device.face}`), element("small", {}, device.id), this.health),
      this.reason, this.face.node, this.cable, rawCommand(act));
    this.act = act;
    this.draw(device);
  }
  draw(device) {
    this.device = device;
    const wire = device.wire ?? {};
    this.node.classList.toggle("unplugged", wire.plugged === false);
    this.node.classList.toggle("frozen", Boolean(wire.frozen));
    const cable = JSON.stringify([device.wire, device.profile, device.profiles]);
    if (cable !== this.drawn) this.cable.replaceChildren(faultRow(device, this.act));
    this.drawn = cable;
    this.face.draw(device);
  }
  judge(opinion) {
    this.health.className = `health ${opinion?.health ?? "unknown"}`;
    this.health.textContent = opinion ? say("edge_says", { health: say(`health_${opinion.health}`) }) : "";
    this.reason.textContent = (language === "en" ? opinion?.reason : opinion?.told || opinion?.reason) ?? "";
    this.reason.hidden = !opinion?.reason || opinion.health === "ok";
  }
}

function place(face, node) {
  const column = PLACES.findIndex((faces) => faces.includes(face));
  const order = column < 0 ? 99 : PLACES[column].indexOf(face);
  node.style.order = order;
  $(`column-${column < 0 ? 3 : column}`).append(node);
}

function build() {
  for (let n = 0; n < 4; n += 1) $(`column-${n}`).replaceChildren();
  cards.clear();
  const devices = [...bench.devices.values()];
  if (devices.some((device) => ["scanner", "camera"].includes(device.face))) cards.set("goods", goodsCard(context()));
  cards.set("till", tillCard(context()));
  for (const key of ["goods", "till"]) if (cards.has(key)) place(key, cards.get(key).node);
  for (const device of devices) {
    cards.set(device.id, new Card(device));
    place(device.face, cards.get(device.id).node);
  }
  cards.set("scenarios", scenarioCard(context()));
  place("scenarios", cards.get("scenarios").node);
  const cardsInOrder = [...document.querySelectorAll("main .column")].flatMap((column) => [...column.children].sort((a, b) => a.style.order - b.style.order));
  const titles = cardsInOrder.map((card) => card.querySelector("h2").firstChild.textContent);
  const anchors = cardsInOrder.map((card, at) => {
    const twins = titles.filter((title) => title === titles[at]).length;
    return element("a", { href: `#${card.id}`, title: card.id.replace("device-", "") }, twins > 1 ? `${titles[at]} ${titles.slice(0, at + 1).filter((title) => title === titles[at]).length}` : titles[at]);
  });
  $("jump").replaceChildren(...anchors);
  drawEdge();
}

function drawEdge() {
  const { status, basket } = bench.edge;
  const runs = status && Object.keys(status).length > 0;
  $("edge-dot").className = `dot ${runs ? (status.link?.state === "online" ? "ok" : "degraded") : "away"}`;
  $("edge-text").textContent = runs ? say("edge_runs", { edge: status.edge ?? "", link: say(`link_${status.link?.state ?? "down"}`) }) : say("edge_away");
  for (const card of cards.values()) if (card instanceof Card) card.judge(status?.devices?.[card.device.id]);
  cards.get("till")?.draw(runs ? basket : null);
}

function line(state) {
  $("line").className = `dot ${state === "live" ? "ok" : "away"}`;
  $("line-text").textContent = say(`line_${state}`);
  $("counter").classList.toggle("stale", state !== "live");
}

const HEARD = {
  bench(devices) {
    line("live");
    bench.devices = new Map(devices.map((device) => [device.id, device]));
    bench.hand ||= devices.find((device) => device.face === "scanner")?.id ?? devices.find((device) => device.face === "camera")?.id ?? "";
    build();
  },
  device(device) {
    bench.devices.set(device.id, device);
    cards.get(device.id)?.draw(device);
  },
  edge(edge) {
    bench.edge = edge;
    drawEdge();
  },
  scenario(run) {
    bench.run = run;
    cards.get("scenarios")?.draw(run);
  },
};

async function watch() {
  let failures = 0;
  for (;;) {
    try {
      const answer = await fetch("/v1/events");
      if (!answer.ok) throw new Error(answer.statusText);
      failures = 0;
      line("live");
      for await (const [event, told] of events(answer.body, SILENT_MS)) HEARD[event]?.(told);
    } catch (error) {
      console.debug("the line to the bench ended", error);
    }
    line("away");
    await new Promise((resume) => setTimeout(resume, RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)]));
  }
}

$("language").onclick = async () => {
  await speak(language === "en" ? "zh-CN" : "en");
  line("live");
  build();
};
$("large-close").onclick = () => $("large").close();
$("large").onclick = (event) => { if (event.target === $("large")) $("large").close(); };

await speak();
[bench.goods, bench.scenarios] = await Promise.all([ask("/v1/goods"), ask("/v1/scenarios")]);
watch();
