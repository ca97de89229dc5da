// The edge's till, as far as a hand at the counter needs it: what is on the lane, paying, printing again.
import { button, choice, element } from "./web/elements.js";
import { language, money, named, say } from "./web/words.js";

const newId = () => crypto.randomUUID();

export function tillCard({ bench, ask, toast }) {
  const told = async (words) => {
    try {
      await ask("/v1/till", { ...words, lang: language });
    } catch (error) {
      toast(error.message);
    }
  };
  const lines = element("ol.lines");
  const total = element("div.total");
  const pay = (kind) => button(say(`pay_${kind}`), () => told({ do: "pay", kind, request_id: newId() }), { class: "strong" });
  const keys = element("div.keys", {}, pay("cash"), pay("qr"),
    button(say("void_last"), () => { if (count) told({ do: "void", no: count }); }),
    button(say("cancel"), () => told({ do: "step", step: "cancel" })),
    button(say("reprint"), () => told({ do: "reprint" })));
  const produce = choice(bench.goods.weigh.map((thing) => [thing.code, `${named(thing)} ${thing.code}`]), bench.weighing, (code) => { bench.weighing = code; }, say("weigh_as"));
  const weigh = element("div.keys", {}, button(say("weigh"), () => told({ do: "weigh", code: produce.value, request_id: newId() })), produce);
  const photos = choice((bench.goods.photos ?? []).map((photo) => [photo.picture, named(photo)]), undefined, () => {}, say("photo"));
  const upload = element("div.keys", {}, button(say("photo"), () => told({ do: "photo", file: photos.value })), photos);
  const others = element("div.others");
  let count = 0;
  const away = element("p.away", {}, say("till_away"));
  const node = element("section.card.till", { id: "device-till" }, element("h2", {}, say("till"), element("small", {}, say("till_help"))), away, lines, total, keys, weigh, upload, others);
  function draw(basket) {
    const open = Boolean(basket && Object.keys(basket).length);
    away.hidden = open;
    for (const part of [lines, total, keys, weigh, upload, others]) part.hidden = !open;
    if (!open) return;
    // Devices of the store that no simulator stands for: a drawer at its printer, photographs from phones.
    const rest = Object.entries(bench.edge.status?.devices ?? {}).filter(([id]) => !bench.devices.has(id));
    others.replaceChildren(...rest.map(([id, state]) => element(`span.health.${state.health}`, { title: state.reason }, `${id}: ${say(`health_${state.health}`)}`)));
    if (bench.weighing && document.activeElement !== produce) produce.value = bench.weighing;
    const shown = basket.lines ?? [];
    count = shown.at(-1)?.no ?? shown.length;
    lines.replaceChildren(...shown.map((line) => element("li", {}, element("span", {}, name(line)), element("i", {}, quantity(line)), element("b", {}, money(line.net_minor, basket.currency)))));
    lines.scrollTop = lines.scrollHeight;
    if (!shown.length) lines.append(element("li.none", {}, say("lane_empty")));
    total.replaceChildren(element("span", {}, say(`lane_${basket.state ?? "idle"}`)), element("b", {}, money(basket.due_minor ?? 0, basket.currency)));
  }
  // The lane speaks the store's language; goods that lie on the bench are named in the page's.
  const known = new Map([...bench.goods.scan, ...bench.goods.weigh].map((thing) => [thing.code, thing]));
  const name = (line) => (known.has(line.code) ? named(known.get(line.code)) : line.name || line.sku);
  const quantity = (line) => (line.quantity_milli === 1000 && line.unit === "each" ? "" : `× ${line.quantity_milli / 1000}${line.unit === "each" ? "" : ` ${line.unit}`}`);
  draw(null);
  return { node, draw };
}
