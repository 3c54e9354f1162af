// Lists of any length: only the rows that are seen are elements.

// Taller elements are not laid out exactly by all browsers: beyond it, rows are scrolled over
// in proportion.
const TALLEST = 8000000;
let lists = 0;

// Of `count` things of `size` pixels, of which `seen` pixels are seen: how long what scrolls is,
// which thing is the first that is seen at a position, and the position for a first thing.
function rail(count, size, seen) {
  const long = Math.min(count * size, TALLEST);
  const over = count * size - seen;
  const scrolls = long - seen;
  const exact = over <= 0 || scrolls <= 0;
  return {
    long,
    first: (position) => exact ? 0 : Math.min(1, position / scrolls) * over / size,
    position: (first) => exact ? 0 : first * size / over * scrolls,
  };
}

// A list of `count` rows of `size` pixels. `render` makes a row's element; `open` follows it.
// One row is active, which the keys move; it is told to screen readers as the descendant.
function virtualList({ count, size, render, open, label, role = "listbox", rowRole = "option", key }) {
  const name = `list${lists++}`;
  const inner = el("div.rows", { role: "presentation" });
  const element = el("div.list", { role, tabindex: "0", "aria-label": label }, inner);
  const list = { element, count, active: 0, size };
  let drawn = new Map();
  const span = () => Math.max(1, Math.ceil(element.clientHeight / size));
  const scroll = () => rail(list.count, size, element.clientHeight);
  const top = () => scroll().first(element.scrollTop);
  const draw = () => {
    const first = Math.floor(top());
    const shift = element.scrollTop - top() * size;
    const end = Math.min(list.count, first + span() + 8);
    const now = new Map();
    for (let i = Math.max(0, first - 4); i < end; i++) {
      const row = drawn.get(i) ?? rowOf(i);
      row.style.transform = `translateY(${i * size + shift}px)`;
      row.classList.toggle("active", i === list.active);
      row.setAttribute("aria-selected", String(i === list.active));
      now.set(i, row);
      if (!row.isConnected) inner.append(row);
    }
    for (const [i, row] of drawn) if (!now.has(i)) row.remove();
    drawn = now;
    const active = now.get(list.active);
    if (active) element.setAttribute("aria-activedescendant", active.id);
    else element.removeAttribute("aria-activedescendant");
  };
  const rowOf = (i) => {
    const row = render(i);
    row.classList.add("row");
    row.id = `${name}-${i}`;
    row.style.height = `${size}px`;
    row.setAttribute("role", rowRole);
    row.setAttribute("aria-setsize", list.count);
    row.setAttribute("aria-posinset", i + 1);
    row.tabIndex = -1;
    row.addEventListener("click", () => {
      list.active = i;
      draw();
    });
    return row;
  };
  // Shows the list anew, with this many rows.
  list.update = (rows) => {
    list.count = rows;
    list.active = Math.max(0, Math.min(list.active, rows - 1));
    for (const row of drawn.values()) row.remove();
    drawn = new Map();
    inner.style.height = `${scroll().long}px`;
    draw();
  };
  list.move = (to) => {
    list.active = Math.max(0, Math.min(list.count - 1, to));
    const seen = element.clientHeight / size;
    const before = top();
    let wanted = before;
    if (list.active < before) wanted = list.active;
    else if (list.active + 1 > before + seen) wanted = list.active + 1 - seen;
    if (wanted !== before) element.scrollTop = scroll().position(wanted);
    draw();
  };
  list.keydown = (event) => {
    const page = Math.max(1, span() - 1);
    const to = {
      j: list.active + 1, ArrowDown: list.active + 1, k: list.active - 1, ArrowUp: list.active - 1,
      PageDown: list.active + page, PageUp: list.active - page, Home: 0, End: list.count - 1,
      g: 0, G: list.count - 1,
    }[event.key];
    if (plainKey(event) && list.count > 0) {
      if (to !== undefined) list.move(to);
      else if (event.key === "Enter") open?.(list.active);
      else if (!key?.(event, list.active)) return;
      event.preventDefault();
      event.stopPropagation();
    }
  };
  element.addEventListener("keydown", list.keydown);
  element.addEventListener("scroll", draw, { passive: true });
  new ResizeObserver(draw).observe(element);
  list.draw = draw;
  inner.style.height = `${scroll().long}px`;
  return list;
}

// A key without others held; Shift makes capital letters.
function plainKey(event) {
  return !event.ctrlKey && !event.metaKey && !event.altKey;
}
