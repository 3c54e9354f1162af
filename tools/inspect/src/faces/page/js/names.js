// What nodes, places, values and numbers are called, as in all faces.

// Characters that are not seen, or turn the direction of text: those that `mangrove::printable`
// escapes. (The browser's version of Unicode may be another one.)
const HIDDEN =
  /[\p{Cc}\p{Cf}\p{Cn}\p{Co}\p{Cs}\p{Zl}\p{Zp}\p{DI}\u2800\u{1d159}]|(?! )\p{Zs}|^\p{M}/gu;

function printable(text) {
  return text.replace(HIDDEN, (c) => `\\u{${c.codePointAt(0).toString(16)}}`);
}

function hex(number) {
  return `0x${number.toString(16)}`;
}

// `12,345`.
function counted(number) {
  return number.toLocaleString("en-US");
}

// `1 frame`, `2 frames`.
function many(number, one, more = `${one}s`) {
  return `${counted(number)} ${number === 1 ? one : more}`;
}

// `1.5 MB`.
function sized(bytes) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const sign = bytes < 0 ? "-" : "";
  let [size, unit] = [Math.abs(bytes), 0];
  while (size >= 1000 && unit < units.length - 1) [size, unit] = [size / 1000, unit + 1];
  const digits = unit === 0 || size >= 100 ? 0 : 1;
  return `${sign}${size.toFixed(digits)} ${units[unit]}`;
}

function percent(share) {
  const value = 100 * share;
  if (value > 0 && value < 0.1) return "<0.1%";
  return `${value.toFixed(value < 10 ? 1 : 0)}%`;
}

function functionName(moment, index) {
  return moment.names.functions[index] ?? `function ${index}`;
}

function typeName(moment, index) {
  return moment.names.types[index]?.name ?? `type ${index}`;
}

function originName(moment, index) {
  const origin = moment.names.origins[index];
  return origin ? functionName(moment, origin.function) : "";
}

function siteText(moment, index) {
  return moment.names.sites[index]?.text ?? `site ${index}`;
}

// A node's whole name.
function title(moment, node) {
  const row = moment.rows[node];
  switch (moment.kinds[node]) {
    case "r": return "the roots";
    case "c": {
      const of = originName(moment, moment.continuations.origin[row]);
      const number = moment.continuations.number[row];
      return of ? `continuation ${number} of ${of}` : `continuation ${number}`;
    }
    case "f": {
      const of = moment.continuationOf(node);
      const number = of < 0 ? "?" : moment.continuations.number[moment.rows[of]];
      const { index, site } = moment.frames;
      return `frame ${index[row]} of continuation ${number}: ${siteText(moment, site[row])}`;
    }
    case "o":
      return `${typeName(moment, moment.objects.ty[row])} @${hex(moment.offsets[row])}`;
    default: return moment.fixed[row].title;
  }
}

// What a node is called where its kind is seen anyhow.
function shortTitle(moment, node) {
  const row = moment.rows[node];
  if (moment.kinds[node] === "f") return siteText(moment, moment.frames.site[row]);
  return title(moment, node);
}

// What something is called that is not in the page, by its sort.
function missingTitle(moment, sort) {
  const { counts: [types], origins } = moment.names;
  if (sort < types) return typeName(moment, sort);
  const origin = origins[sort - types];
  return origin ? `a continuation of ${functionName(moment, origin.function)}` : "a frame";
}

// What a place in a node is called.
function placeName(moment, node, place) {
  const row = moment.rows[node];
  if (place >= 2 ** 32) return "a place that its type does not have";
  switch (moment.kinds[node]) {
    case "r": return "root";
    case "t": case "s": return `[${place}]`;
    case "c":
      if (place === 0) return "resumed by";
      return place % 2 ? `bound argument ${(place - 1) / 2}` : `frame ${(place - 2) / 2}`;
    case "f": {
      const site = moment.names.sites[moment.frames.site[row]];
      return site?.slots[place] ?? `slot ${place}`;
    }
    case "o": {
      const type = moment.names.types[moment.objects.ty[row]];
      if (type?.kind === "array") return `[${place}]`;
      if (type?.kind === "exception") return `payload ${place}`;
      const name = type?.fields[place];
      return name ? `field ${place} $${name}` : `field ${place}`;
    }
    default: return "value";
  }
}

// A value that refers to no node.
function valueText(value) {
  return value === null ? "null" : String(value);
}

// Bytes as text, or null if they are none: most of them letters.
function asText(bytes) {
  const codes = bytes.map((byte) => byte & 255);
  const seen = codes.filter((code) => code >= 32 && code < 127 || code === 9 || code === 10).length;
  if (codes.length === 0 || seen < 0.7 * codes.length) return null;
  return codes.map((code) => code >= 32 && code < 127 ? String.fromCharCode(code)
    : `\\x${code.toString(16).padStart(2, "0")}`).join("");
}
