// Elements: made by script, with texts that are never markup.

const SVG = "http://www.w3.org/2000/svg";

// el("a.link.mono", { href: "#n1", on: { click } }, "text", otherElement, …)
function el(what, options = {}, ...children) {
  const [tag, ...classes] = what.split(".");
  const element = document.createElement(tag);
  if (classes.length) element.className = classes.join(" ");
  return filled(element, options, children);
}

function svg(tag, options = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), options, children);
}

function filled(element, { on = {}, ...attributes }, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const [event, handler] of Object.entries(on)) element.addEventListener(event, handler);
  for (const child of children.flat()) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child.nodeType ? child : document.createTextNode(String(child)));
  }
  return element;
}

// What a screen reader says.
function say(text) {
  document.getElementById("said").textContent = text;
}

// A link to a node, in its colour.
function nodeLink(moment, node, text = title(moment, node)) {
  return el("a.link.mono", {
    href: hashOf({ moment: moment.index, node: moment.ids[node] }),
    "data-kind": moment.kinds[node],
    "data-node": `${moment.index}.${moment.ids[node]}`,
    "aria-current": isOpen(moment, node) ? "true" : null,
    title: title(moment, node),
  }, text);
}

// What a reference leads to: a link, or a text if that is not in the page.
function targetLink(moment, edge) {
  const to = moment.targets[edge];
  if (to >= 0) return nodeLink(moment, to);
  const text = missingTitle(moment, -1 - to);
  return el("span.missing.mono", { title: "It is not in this page" }, text);
}

function badge(text, kind) {
  return el("span.badge", { "data-kind": kind }, text);
}

// A part of a whole, as a bar.
function bar(share, kind) {
  const fill = el("span.fill", { "data-kind": kind });
  fill.style.width = `${Math.max(0, Math.min(1, share || 0)) * 100}%`;
  return el("span.meter", { "aria-hidden": "true" }, fill);
}

// A pair of a list of facts.
function fact(name, value, hint) {
  return el("div.fact", { title: hint }, el("dt", {}, name), el("dd", {}, value));
}

// A heading with what stands behind it.
function heading(level, text, ...more) {
  return el(`h${level}.heading`, {}, text, ...more);
}

// A button.
function button(text, click, options = {}) {
  return el("button.button", { type: "button", ...options, on: { click } }, text);
}

// A choice of one of some: [[value, text], …].
function choice(label, values, value, change) {
  const select = el("select", { "aria-label": label, on: { change: () => change(select.value) } },
    values.map(([of, text]) => el("option", { value: of, selected: of === value }, text)));
  return el("label.field", {}, el("span", {}, label), select);
}

// A field to type in; `change` hears of it at once.
function entry(label, value, change, options = {}) {
  const input = el("input", {
    value, spellcheck: "false", autocomplete: "off", "aria-label": label, ...options,
    on: { input: () => change(input.value) },
  });
  return el("label.field", {}, el("span", {}, label), input);
}
