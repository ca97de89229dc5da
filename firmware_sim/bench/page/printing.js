// Faces of what prints: receipt printers with their drawer, label printers, and shelf labels of electronic paper.
import { lamp } from "./shapes.js";
import { button, choice, element } from "./web/elements.js";
import { language, say } from "./web/words.js";

// Paper that grows out of a slot; what was cut lies below, each a picture to be looked at large.
function paper(device, enlarge) {
  const now = element("img.now", { alt: "" });
  const cut = element("div.cut");
  const address = (name, version) => `/v1/devices/${encodeURIComponent(device.id)}/pictures/${encodeURIComponent(name)}?v=${encodeURIComponent(version)}`;
  let drawn = "";
  return {
    node: element("div.paper", {}, now, cut),
    draw({ pictures }, version) {
      const growing = pictures.includes("now");
      now.hidden = !growing;
      if (growing) now.src = address("now", version);
      const finished = pictures.filter((name) => name !== "now").slice(0, 6);
      if (drawn === finished.join()) return;
      drawn = finished.join();
      cut.replaceChildren(...finished.map((name) => element("button.sheet", { type: "button", title: name, onclick: () => enlarge(address(name, name), name) }, element("img", { src: address(name, name), alt: name, loading: "lazy" }))));
    },
  };
}

export function printer({ device, act, enlarge }) {
  const lamps = element("div.lamps");
  const cover = element("div.cover");
  const sheet = paper(device, enlarge);
  const drawer = element("div.till-drawer", {}, element("div.tray"));
  const hands = element("div.keys");
  const state = { hands: "" };
  const node = element("div", {},
    element("div.body.printer-body", {}, cover, lamps, element("div.slot")), sheet.node, hands, drawer);
  return {
    node,
    draw(told) {
      const { shows } = told;
      const condition = shows.condition ?? shows;
      lamps.replaceChildren(lamp("small", (shows.powered ?? true) && "green", say("lamp_power")), lamp("small", condition.paper_end ? "red" : condition.near_end ? "yellow" : "", say("lamp_paper")), lamp("small", (condition.cutter_error || condition.cover_open) && "red", say("lamp_error")));
      node.firstChild.classList.toggle("open", Boolean(condition.cover_open));
      const wanted = JSON.stringify(condition);
      if (wanted !== state.hands) {
        hands.replaceChildren(
          button(say("tear"), () => act({ tear: true })),
          condition.paper_end ? button(say("load_paper"), () => act({ paper: "load" }), { class: "strong" }) : button(say("pull_paper"), () => act({ paper: "out" })),
          button(say("five_lines"), () => act({ paper: "out", after_lines: 5 })),
          button(say("near_end"), () => act({ paper: condition.near_end ? "load" : "near_end" }), { "aria-pressed": String(Boolean(condition.near_end)) }),
          button(say(condition.cover_open ? "close_cover" : "open_cover"), () => act({ cover: condition.cover_open ? "close" : "open" }), { "aria-pressed": String(Boolean(condition.cover_open)) }),
          button(say(condition.cutter_error ? "clear_jam" : "jam"), () => act({ jam: !condition.cutter_error }), { "aria-pressed": String(Boolean(condition.cutter_error)) }),
        );
        state.hands = wanted;
      }
      sheet.draw(told, `${shows.receipts ?? 0}-${shows.lines ?? shows.paper?.length ?? 0}`);
      const open = shows.drawer_open ?? shows.drawer?.open;
      drawer.hidden = open === undefined;
      drawer.classList.toggle("open", Boolean(open));
      drawer.firstChild.replaceChildren(element("span", {}, say(open ? "drawer_open" : "drawer_closed")), button(say(open ? "push_drawer" : "pull_drawer"), () => act({ drawer: open ? "close" : "open" })));
    },
  };
}

export function label({ device, act, enlarge, bench, ask, toast }) {
  const lamps = element("div.lamps");
  const sheet = paper(device, enlarge);
  const hands = element("div.keys");
  let drawn = "";
  const node = element("div", {}, element("div.body.printer-body.small", {}, lamps, element("div.slot")), hands, sheet.node);
  return {
    node,
    draw(told) {
      const { shows } = told;
      const out = shows.paper === "out" || shows.paper_out === true;
      const open = shows.head === "open" || shows.head_open === true;
      lamps.replaceChildren(lamp("small", out ? "red" : "green", say("lamp_paper")), lamp("small", open && "red", say("lamp_head")), lamp("small", shows.paused && "yellow", say("lamp_pause")), element("span", {}, say("labels_printed", { count: shows.printed ?? 0 })));
      node.firstChild.classList.toggle("open", open);
      const wanted = JSON.stringify([out, open, shows.paused]);
      if (wanted !== drawn) {
        drawn = wanted;
        // The edge prints on its first label printer.
        const first = [...bench.devices.values()].find((one) => one.face === "label").id === device.id;
        hands.replaceChildren(...[
          out ? button(say("load_paper"), () => act({ paper: "load" }), { class: "strong" }) : button(say("pull_paper"), () => act({ paper: "out" })),
          button(say("three_labels"), () => act({ paper: "out", after: 3 })),
          button(say(open ? "close_cover" : "open_cover"), () => act({ head: open ? "close" : "open" }), { "aria-pressed": String(open) }),
          button(say(shows.paused ? "go_on" : "pause"), () => act({ pause: !shows.paused }), { "aria-pressed": String(Boolean(shows.paused)) }),
          first && button(say("shelf_labels"), () => ask("/v1/till", { do: "labels", lang: language, codes: bench.goods.scan.slice(0, 5).map((thing) => thing.code) }).catch((error) => toast(error.message))),
        ].filter(Boolean));
      }
      sheet.draw(told, shows.printed ?? 0);
    },
  };
}

// Tags of electronic paper along a shelf: what stands on each, its battery, and what a person can do to it.
export function esl({ act }) {
  const tags = element("div.tags");
  const MODES = ["normal", "slow", "offline", "nack", "deaf"];
  let drawn = "";
  const price = ({ price: minor, currency }) => (minor === undefined ? "" : `${currency === "CNY" ? "¥" : currency} ${(minor / 100).toFixed(2)}`);
  const paperOf = (name, tag) => element("div.ink", {}, element("b", {}, tag.fields?.name ?? tag.item ?? ""), element("strong", {}, price(tag)), element("small", {}, tag.item ?? ""));
  const draw = ([name, tag]) => element(`figure.tag${tag.online ? "" : ".off"}`, {}, paperOf(name, tag),
    element("figcaption", {}, element("span", {}, tag.waiting ? `${name} …` : name), element("span", { class: tag.battery < 15 ? "low" : "" }, `${tag.battery} %`)),
    element("div", {},
      choice(MODES.map((mode) => [mode, say(`tag_${mode}`)]), tag.mode, (mode) => act({ tag: name, mode }), `${name}: ${say("profile")}`),
      button(say(tag.battery < 15 ? "tag_battery_new" : "tag_battery_empty"), () => act({ tag: name, battery: tag.battery < 15 ? 100 : 5 }))));
  return {
    node: tags,
    draw({ shows }) {
      const wanted = JSON.stringify(shows.tags);
      if (wanted !== drawn) tags.replaceChildren(...Object.entries(shows.tags ?? {}).map(draw));
      drawn = wanted;
    },
  };
}
