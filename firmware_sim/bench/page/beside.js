// What lies beside the devices: goods to scan, and scenarios that lead the hands.
import { bars } from "./shapes.js";
import { button, choice, element } from "./web/elements.js";
import { language, money, named, say } from "./web/words.js";

const SHOWN = 24;
const AIM = [["", "aim_none"], ["]E0", "EAN-13 / UPC"], ["]E4", "EAN-8"], ["]C0", "Code 128"], ["]C1", "GS1-128"], ["]Q1", "QR"], ["]Q3", "GS1 QR"], ["]d1", "DataMatrix"], ["]d2", "GS1 DataMatrix"], ["]e0", "GS1 DataBar"], ["]I1", "ITF-14"], ["]A0", "Code 39"], ["]X0", "aim_keyed"]];

export function goodsCard({ bench, hand }) {
  const scan = (code, aim, node) => {
    node?.classList.remove("read");
    requestAnimationFrame(() => node?.classList.add("read"));
    const held = bench.devices.get(bench.hand);
    return hand(bench.hand)(held?.face === "camera" ? { show: [/^\]Q/.test(aim) ? { text: code, kind: "qr" } : code] } : { scan: code, aim });
  };
  const scanners = [...bench.devices.values()].filter((device) => ["scanner", "camera"].includes(device.face));
  const inHand = choice(scanners.map((device) => [device.id, say(`hold_${device.face}`, { id: device.id })]), bench.hand, (id) => { bench.hand = id; }, say("in_hand"));
  const code = element("input", { type: "text", placeholder: say("code"), "aria-label": say("code"), spellcheck: "false" });
  const aim = choice(AIM.map(([id, text]) => [id, text.startsWith("aim_") ? say(text) : `${text} ${id}`]), "]E0", () => {}, say("symbology"));
  const typed = element("form.typed", { onsubmit: (event) => { event.preventDefault(); if (code.value) scan(code.value, aim.value); } }, code, aim, element("button.strong", { type: "submit" }, say("scan")));
  const find = element("input", { type: "search", placeholder: say("find"), "aria-label": say("find"), oninput: () => fill() });
  const shelf = element("div.shelf");
  const good = (thing) => {
    const node = element("button.good", { type: "button", title: `${thing.code}  ${thing.aim}`, onclick: () => scan(thing.code, thing.aim, node) },
      element("b", {}, named(thing)), bars(thing.code), element("span", {}, element("i", {}, thing.code.slice(0, 22)), thing.price_minor ? money(thing.price_minor) : thing.aim));
    return node;
  };
  function fill() {
    const wanted = find.value.trim().toLowerCase();
    const found = bench.goods.scan.filter((thing) => !wanted || `${thing.en} ${thing.zh} ${thing.code}`.toLowerCase().includes(wanted));
    shelf.replaceChildren(...(wanted ? found : [...found.slice(0, SHOWN - bench.goods.odd.length), ...bench.goods.odd]).slice(0, SHOWN).map(good));
  }
  fill();
  const node = element("section.card.goods", { id: "device-goods" },
    element("h2", {}, say("goods"), element("small", {}, say("goods_help"))),
    element("label.hand", {}, element("span", {}, say("in_hand")), inHand), typed, find, shelf);
  return { node, draw() {} };
}

export function scenarioCard({ bench, ask, toast }) {
  const about = element("p.about");
  const pick = choice(bench.scenarios.map((one) => [one.name, named(one.about)]), bench.run?.name, () => tell(), say("scenarios"));
  const steps = element("ol.steps");
  const play = button(say("play"), async () => {
    play.disabled = true;
    try {
      await ask(`/v1/scenarios/${encodeURIComponent(pick.value)}`, {});
    } catch (error) {
      toast(error.message);
    }
    play.disabled = false;
  }, { class: "strong" });
  function tell() {
    about.textContent = pick.value;
  }
  function draw(run) {
    if (!run) return;
    steps.replaceChildren(...run.steps.map((step) => element(`li.${step.ok ? "ok" : "bad"}`, {},
      element("span", {}, language === "en" ? step.say.en : step.say.zh), element("small", {}, step.ok ? `${step.seconds.toFixed(2)} s` : step.why))));
    if (run.steps.length < run.of && run.steps.every((step) => step.ok)) steps.append(element("li.now", {}, `${run.steps.length + 1} / ${run.of}`));
  }
  tell();
  draw(bench.run);
  const node = element("section.card.scenarios", { id: "device-scenarios" }, element("h2", {}, say("scenarios"), element("small", {}, say("scenarios_help"))), element("div.pick", {}, pick, play), about, steps);
  return { node, draw };
}
