// What is drawn as shapes: barcodes that scanners could read, seven-segment digits, produce, lamps.
import { element, svg } from "./web/elements.js";

const ODD = ["0001101", "0011001", "0010011", "0111101", "0100011", "0110001", "0101111", "0111011", "0110111", "0001011"];
const SIDES = ["AAAAAA", "AABABB", "AABBAB", "AABBBA", "ABAABB", "ABBAAB", "ABBBAA", "ABABAB", "ABABBA", "ABBABA"];
const inverse = (bits) => bits.replace(/./g, (bit) => (bit === "1" ? "0" : "1"));
const mirrored = (bits) => [...inverse(bits)].reverse().join("");

function ean13(code) {
  const digits = [...code].map(Number);
  const left = digits.slice(1, 7).map((digit, at) => (SIDES[digits[0]][at] === "A" ? ODD[digit] : mirrored(ODD[digit])));
  const right = digits.slice(7).map((digit) => inverse(ODD[digit]));
  return `101${left.join("")}01010${right.join("")}101`;
}

// Modules as bars; a code that is no EAN-13 gets bars that only look like some.
export function bars(code) {
  const real = /^\d{13}$/.test(code);
  const modules = real ? ean13(code) : [...code].map((sign) => (sign.charCodeAt(0) % 128).toString(2).padStart(7, "0")).join("").slice(0, 95);
  const drawn = svg("svg", { viewBox: `0 0 ${modules.length + 14} 30`, preserveAspectRatio: "none", class: "bars", "aria-hidden": "true" });
  for (const run of modules.matchAll(/1+/g)) drawn.append(svg("rect", { x: run.index + 7, y: 0, width: run[0].length, height: 30 }));
  return drawn;
}

const SEGMENTS = {
  a: "M4 2h12l-2.4 2.6H6.4z", b: "M17.4 3.2l.4 12-1.8 1.4-1.4-1.4.6-9.6z", c: "M17.6 18.6l-.8 12.2-2.4-2.6.4-8.4 1.6-1.6z",
  d: "M3.2 32h12.2l-2.2-2.6H6z", e: "M1.8 18.4l1.6 1.4-.6 8.6-2.2 2.4.4-12z", f: "M2.4 3.2l2.6 2.6-.6 9.4-1.8 1.4-1.2-1.4z", g: "M4.4 17.2l1.4-1.4h7.8l1.4 1.4-1.6 1.4H5.6z",
};
const LIT = { 0: "abcdef", 1: "bc", 2: "abged", 3: "abgcd", 4: "fgbc", 5: "afgcd", 6: "afgedc", 7: "abc", 8: "abcdefg", 9: "abcfgd", "-": "g", " ": "", L: "fed", E: "afged", r: "eg", o: "gcde" };

// Digits with their points, e.g. "   12.50" on eight places.
export function digits(text, places) {
  const cells = [];
  for (const sign of text) {
    if (sign === "." && cells.length) cells[cells.length - 1].point = true;
    else cells.push({ sign, point: false });
  }
  while (cells.length < places) cells.unshift({ sign: " ", point: false });
  const drawn = svg("svg", { viewBox: `0 0 ${cells.length * 24 + 2} 34`, class: "segments", role: "img", "aria-label": text.trim() });
  cells.slice(-places).forEach(({ sign, point }, at) => {
    const cell = svg("g", { transform: `translate(${at * 24 + 2} 0)` });
    for (const [name, path] of Object.entries(SEGMENTS)) cell.append(svg("path", { d: path, class: (LIT[sign] ?? "").includes(name) ? "lit" : "dark" }));
    cell.append(svg("circle", { cx: 20.4, cy: 31, r: 1.8, class: point ? "lit" : "dark" }));
    drawn.append(cell);
  });
  return drawn;
}

const PRODUCE = {
  apple: [["circle", { cx: 16, cy: 18, r: 10, fill: "#d8423c" }], ["path", { d: "M16 9q0-5 4-6", stroke: "#6b4423", "stroke-width": 2, fill: "none" }]],
  banana: [["path", { d: "M5 9q4 15 21 12q-3 7-13 5Q4 23 3 10z", fill: "#eec643" }]],
  lemons: [["ellipse", { cx: 10, cy: 21, rx: 7, ry: 5.5, fill: "#f4d335" }], ["ellipse", { cx: 22, cy: 21, rx: 7, ry: 5.5, fill: "#ecc920" }], ["ellipse", { cx: 16, cy: 13, rx: 7, ry: 5.5, fill: "#f8dd55" }]],
  grapes: [[8, 12], [15, 11], [22, 12], [11, 18], [19, 18], [15, 24]].map(([cx, cy]) => ["circle", { cx, cy, r: 4.4, fill: "#7a4fa0" }]),
  pineapple: [["ellipse", { cx: 16, cy: 20, rx: 7.5, ry: 9.5, fill: "#d99a2b" }], ["path", { d: "M16 11l-6-8 5 3 1-5 1 5 5-3z", fill: "#3f8f4f" }]],
  watermelon: [["circle", { cx: 16, cy: 17, r: 12.5, fill: "#2f7d46" }], ["path", { d: "M9 8q-3 9 0 18M16 5v25M23 8q3 9 0 18", stroke: "#1d5a30", "stroke-width": 2, fill: "none" }]],
};

export function produce(picture) {
  const drawn = svg("svg", { viewBox: "0 0 32 32", class: "produce", "aria-hidden": "true" });
  for (const [name, attributes] of PRODUCE[picture] ?? PRODUCE.apple) drawn.append(svg(name, attributes));
  return drawn;
}

// A small lamp with its word; "on" is the colour that it burns in, or nothing.
export const lamp = (name, on, text) => element(`span.lamp.${name}${on ? `.${on}` : ""}`, { title: text }, element("i"), text);
