// Each face draws one class of hardware and puts the hands where a person would put them.
// A face is made once (hands keep what is typed in them) and draws what the device shows whenever that changes.
import { digits, lamp, produce } from "./shapes.js";
import { esl, label, printer } from "./printing.js";
import { button, choice, element } from "./web/elements.js";
import { known, named, say } from "./web/words.js";

const keys = (...buttons) => element("div.keys", {}, ...buttons);

// A scanner is heard before it is seen.
let sound = null;
function beep(hertz, seconds) {
  try {
    sound ??= new AudioContext();
    const tone = sound.createOscillator();
    const volume = sound.createGain();
    volume.gain.value = 0.06;
    tone.frequency.value = hertz;
    tone.connect(volume).connect(sound.destination);
    tone.start();
    tone.stop(sound.currentTime + seconds);
  } catch (error) {
    console.debug("no sound here", error);
  }
}

function scanner() {
  const beam = element("div.beam");
  const last = element("code.last");
  const lamps = element("div.lamps");
  const node = element("div.body.scanner-body", {}, element("div.window", {}, beam), element("div.under", {}, last, lamps));
  let before = null;
  return {
    node,
    draw({ shows }) {
      if (before && shows.scans > before.scans) {
        beam.classList.remove("flash");
        requestAnimationFrame(() => beam.classList.add("flash"));
      }
      if (before && shows.bad_beeps > before.bad_beeps) beep(280, 0.35);
      else if (before && shows.good_beeps > before.good_beeps) beep(2700, 0.07);
      before = shows;
      last.textContent = shows.last || say("nothing_scanned");
      last.title = shows.last ?? "";
      last.classList.toggle("none", !shows.last);
      lamps.replaceChildren(lamp("small", shows.enabled !== false && "green", say("lamp_ready")), element("span", {}, say("scans", { count: shows.scans ?? 0 })));
      node.classList.toggle("off", shows.enabled === false);
    },
  };
}

function scale({ act, bench }) {
  const display = element("div.readout");
  const lamps = element("div.lamps");
  const platter = element("div.platter");
  const slider = element("input", { type: "range", min: 0, max: 15500, step: 1, value: 0, "aria-label": say("on_the_platter") });
  const exact = element("input", { type: "number", min: -500, max: 20000, step: 1, value: 0, "aria-label": say("grams") });
  let pile = [];
  let lies = 0;
  let sending = 0;
  // Things are put on top of what lies there already; the slider says how much there shall be in all.
  const more = (weight) => { lies += weight; act({ put: weight }); };
  const exactly = (weight) => { pile = []; if (weight !== lies) more(weight - lies); };
  slider.oninput = () => {
    exact.value = slider.value;
    if (!sending) sending = setTimeout(() => { sending = 0; exactly(Number(slider.value)); }, 60);
  };
  exact.onchange = () => exactly(Number(exact.value));
  const things = bench.goods.weigh.map((thing) => element("button.thing", { type: "button", title: `${named(thing)} · PLU ${thing.code}`, onclick: () => { bench.weighing = thing.code; pile.push(thing); more(thing.weight_g); } }, produce(thing.picture), element("small", {}, `${thing.weight_g} g`)));
  const node = element("div", {},
    element("div.body.scale-body", {}, platter, element("div.glass", {}, display, lamps)),
    element("div.slide", {}, slider, element("label", {}, exact, " g")),
    element("div.things", {}, ...things),
    keys(button(say("take_off"), () => { pile = []; act({ take: true }); }), button(say("zero"), () => act({ zero: true })), button(say("tare"), () => act({ tare: true }))));
  return {
    node,
    draw({ shows }) {
      const [figure, unit = ""] = String(shows.display ?? "").trim().split(/\s+/);
      display.replaceChildren(digits(figure, 6), element("span", {}, unit));
      lamps.replaceChildren(...["stable", "zero", "net"].map((name) => lamp("small", shows.lamps?.[name] && "green", say(`scale_${name}`))));
      if (!sending) lies = shows.on_platter_g ?? 0;
      if (lies === 0) pile = [];
      platter.replaceChildren(...(pile.length ? pile.slice(-9).map((thing) => produce(thing.picture)) : lies ? [element("span.load", {}, `${lies} g`)] : []));
      if (!sending && document.activeElement !== exact) slider.value = exact.value = lies;
    },
  };
}

// Two lines of twenty characters, each in its own lit cell as on a vacuum display.
function display() {
  const glass = element("div.vfd");
  return {
    node: element("div.body.display-body", {}, glass),
    draw({ shows }) {
      const lines = shows.lines?.length ? shows.lines : ["", ""]; // unplugged, the glass is dark and still there
      glass.replaceChildren(...lines.map((line) => {
        const cells = [];
        for (const sign of line) cells.push(element(`span${/[\u1100-\uffe6]/.test(sign) ? ".wide" : ""}`, {}, sign));
        let used = cells.reduce((sum, cell) => sum + (cell.className ? 2 : 1), 0);
        for (; used < 20; used += 1) cells.push(element("span", {}, " "));
        return element("div", { "aria-label": line }, ...cells);
      }));
      glass.style.opacity = shows.brightness ? 0.4 + shows.brightness * 0.15 : 1;
      glass.classList.toggle("blink", Boolean(shows.blink));
    },
  };
}

const PRICE_LAMPS = ["price", "total", "received", "change"];

function priceDisplay() {
  const glass = element("div.led8");
  const lamps = element("div.lamps");
  return {
    node: element("div.body.display-body", {}, glass, lamps),
    draw({ shows }) {
      glass.replaceChildren(digits(String(shows.digits ?? ""), 8));
      const lit = [shows.lamps ?? shows.lamp ?? ""].flat();
      lamps.replaceChildren(...PRICE_LAMPS.map((name) => lamp("small", lit.includes(name) && "red", say(`price_${name}`))));
    },
  };
}

function light() {
  const tower = element("div.tower");
  return {
    node: element("div.body.light-body", {}, tower),
    draw({ shows }) {
      // The relays really switch while a lamp flashes: what burns now is drawn, the word says that it flashes.
      tower.replaceChildren(...["red", "yellow", "green"].map((colour) => {
        const word = shows.flashing?.includes(colour) ? "flashing" : shows[colour] ? "on" : "off";
        return element(`div.bulb.${colour}${shows[colour] ? ".on" : ""}`, {}, element("span", {}, say(`light_${colour}`)), element("small", {}, say(`light_${word}`)));
      }));
    },
  };
}

function camera({ device, act, bench, enlarge }) {
  const lens = element("img.frame", { alt: "", onclick: () => enlarge(lens.src, device.id) });
  const about = element("div.lamps");
  const photos = (bench.goods.photos ?? []).map((photo) => button(named(photo), () => act({ picture: photo.picture })));
  const node = element("div", {}, element("div.body.camera-body", {}, lens, about), keys(...photos, button(say("show_nothing"), () => act({ blank: true }))));
  let drawn = null;
  return {
    node,
    draw({ shows }) {
      about.replaceChildren(lamp("small", shows.viewers > 0 && "red", say("viewers", { count: shows.viewers })), element("span", {}, say("frames", { count: shows.frames })));
      if (drawn === shows.scene) return;
      drawn = shows.scene;
      lens.src = `/v1/devices/${encodeURIComponent(device.id)}/pictures/now?v=${encodeURIComponent(`${drawn}${Date.now()}`)}`;
    },
  };
}

// The second screen is the edge's own page in a browser; here is what that browser was told last.
function screen({ device }) {
  const glass = element("div.second-screen");
  const link = element("a", { target: "_blank", rel: "noreferrer" }, say("open_screen"));
  return {
    node: element("div", {}, element("div.body.screen-body", {}, glass), element("div.keys", {}, link)),
    draw({ shows }) {
      link.href = shows.url;
      const { shown } = shows;
      const amount = typeof shown.amount_minor === "number" ? `${shown.symbol ?? ""}${(shown.amount_minor / 10 ** (shown.digits ?? 2)).toFixed(shown.digits ?? 2)}` : "";
      glass.replaceChildren(element("small", {}, shows.connected ? say(`purpose_${shown.purpose ?? "idle"}`) : say("screen_away")), element("b", {}, shown.text ?? ""), element("span", {}, shown.detail ?? ""), element("strong", {}, amount));
      glass.classList.toggle("dark", !shows.connected);
    },
  };
}

// Devices that answer as they are told to: what they were asked, and the answers to choose from.
function answering({ device, act }) {
  const screen = element("div.lcd");
  const hands = element("div.keys");
  const shopper = element("div.keys");
  const orders = element("ol.orders");
  let drawn = "";
  return {
    node: element("div", {}, element("div.body.terminal-body", {}, screen), hands, shopper, orders),
    draw({ shows }) {
      screen.replaceChildren(...screenOf(shows, device).map((text) => element("div", {}, text)));
      const choices = shows.choices ?? [];
      const key = JSON.stringify([choices, shows.answer]);
      if (key !== drawn) {
        hands.replaceChildren(element("span.lead", {}, say("answers_next")), choice(choices.map((name) => [name, known(`answer_${name}`) ? say(`answer_${name}`) : name.replaceAll("_", " ")]), shows.answer, (name) => act({ answer: name }), say("answers_next")));
        drawn = key;
      }
      const waiting = (shows.orders ?? []).some((order) => ["waits", "asked"].includes(order.state));
      const does = device.face === "terminal" ? [["card_taps", { card: "taps" }], ["key_cancel", { key: "cancel" }]] : [["shopper_pays", { shopper: "pays" }], ["shopper_refuses", { shopper: "refuses" }]];
      shopper.replaceChildren(...(waiting ? does.map(([word, command]) => button(say(word), () => act(command), { class: "strong" })) : []));
      orders.replaceChildren(...(shows.orders ?? []).slice(-6).reverse().map((order) => element("li", {}, element("span", { title: order.order }, order.code ? `${order.channel} ${order.code}` : `${order.refund ? "↩ " : ""}${order.order}`), element("i", {}, known(`order_${order.state}`) ? say(`order_${order.state}`) : order.state), element("b", {}, ((order.amount_minor ?? 0) / 100).toFixed(2)))));
    },
  };
}

function screenOf(shows, device) {
  if (device.face === "payment") return [say("provider_paid", { amount: ((shows.paid_minor ?? 0) / 100).toFixed(2) }), say("provider_notices", { count: shows.notices ?? 0 })];
  return [shows.screen ?? shows.display ?? ""].flat();
}

export function generic() {
  const shown = element("pre.told");
  return { node: element("div.body.plain-body", {}, shown), draw({ shows }) { shown.textContent = JSON.stringify(shows, null, 1); } };
}

export const FACES = { scanner, scale, printer, label, display, price_display: priceDisplay, light, camera, screen, payment: answering, terminal: answering, esl };
