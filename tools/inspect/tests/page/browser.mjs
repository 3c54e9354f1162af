// Drives the pages as their users do: node browser.mjs PAGES SCREENSHOTS

import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { check, equal, Failed, launch, Opened } from "./harness.mjs";

const [pages, shots] = process.argv.slice(2);
const browser = await launch();
const open = (...args) => Opened.open(browser, pages, ...args);

const tests = {
  async "the cause stands on the first screen"() {
    const page = await open("server");
    const first = await page.page.evaluate(() => document.querySelector(".suspect").getBoundingClientRect().bottom);
    check(first < 860, "the first suspect is seen without scrolling");
    const sentence = await page.text(".suspect .sentence");
    check(sentence.includes("retr"), `the first suspect is about retries: ${sentence}`);
    check((await page.text(".suspect .wayline")).includes("global 1 $retries"), "with what holds them");
    await page.shot(shots, "page-overview");
    return page;
  },

  async "from a slot to an object and on"() {
    const page = await open("server", "#stacks");
    const heads = await page.texts(".column h3");
    check(heads[0].startsWith("$schedule") && heads[1].startsWith("$main"), `the running chain is first: ${heads}`);
    await page.clickText(".column .slot a", "$session @");
    equal(await page.text("#node h2"), "$session @0x148", "the pane is of the object");
    const before = await page.hash();
    await page.clickText("#node .holds a", "$user @");
    check((await page.text("#node h2")).startsWith("$user @"), "a field leads on");
    await page.clickText("#node .holds a", "(array i8) @");
    equal(await page.text("#node .text"), "“ada”", "bytes are text");
    await page.shot(shots, "page-stacks");
    await page.page.goBack();
    await page.page.goBack();
    await page.settled();
    equal([await page.hash(), await page.text("#node h2")], [before, "$session @0x148"], "back goes back");
    await page.page.goForward();
    await page.settled();
    check((await page.text("#node h2")).startsWith("$user @"), "forward goes forward");
    // A link alone leads to the same.
    const link = await page.page.evaluate(() => document.querySelector("#node .holds a").getAttribute("href"));
    const title = await page.page.evaluate(() => document.querySelector("#node .holds a").title);
    const shared = await open("server", link);
    check(title.endsWith((await shared.text("#node h2"))), "a shared link opens the node");
    await shared.close();
    await page.to("#n99999999");
    check((await page.text("#node")).includes("not in this page"), "a node that is not there is said to be so");
    return page;
  },

  async "shapes open to their members, and filters apply"() {
    const page = await open("server", "#stacks");
    await page.clickText(".column h3 a", "$retry");
    check((await page.text(".toolbar")).includes("180 continuations"), "all of the shape are columns");
    check((await page.texts(".column")).length < 12, "only those that are seen are elements");
    await page.to("#stacks");
    await page.type("#filter", "$request");
    equal(await page.text(".toolbar .which"), "1 column, 180 continuations", "a filter by type of slots");
    await page.page.click("#filter", { count: 3 });
    await page.page.keyboard.type("server.wat:71");
    await page.settled();
    check((await page.texts(".column h3")).every((head) => head.startsWith("$serve")), "a filter by line");
    await page.page.click("#filter", { count: 3 });
    await page.press("Backspace");
    await page.page.select(".toolbar select", "fresh");
    await page.settled();
    equal(await page.text(".toolbar .which"), "1 column, 3 continuations", "a filter by state");
    await page.page.select(".toolbar select", "");
    await page.click("#fold");
    equal(await page.page.evaluate(() => document.querySelectorAll(".frame[open]").length), 0, "frames fold");
    return page;
  },

  async "search answers while one types"() {
    const page = await open("server");
    const found = async (text) => {
      await page.press("Escape", "/");
      await page.page.keyboard.type(text);
      await page.settled();
      return page.texts(".result .name");
    };
    check((await found("retry")).includes("$retry"), "functions and types are found");
    check((await found("await")).includes("$await_bytes"), "a part of a name is enough");
    equal((await found("sessions"))[0], "table 0 $sessions", "tables are found");
    check((await found("continuation 17"))[0].startsWith("continuation 17 of"), "continuations are found by number");
    equal((await found("@0x148"))[0], "$session @0x148", "objects are found by offset");
    equal((await found("@0x14c"))[0], "$session @0x148", "and by an offset within");
    check((await found("@0xfffffff0"))[0].includes("not in this page"), "what is not there is said to be so");
    await found("17");
    await page.press("ArrowDown", "ArrowUp", "Enter");
    check((await page.text("#node h2")).startsWith("continuation 17"), "Enter opens the first");
    return page;
  },

  async "ways are drawn"() {
    const page = await open("server");
    await page.press("/");
    await page.page.keyboard.type("$clock");
    await page.settled();
    await page.clickText(".result", "type");
    await page.click(".list .row");
    const pane = await page.text("#node");
    check(pane.includes("way 1 of"), `several ways: ${pane}`);
    const boxes = await page.texts("#node .box title");
    await page.press("n");
    check(JSON.stringify(boxes) !== JSON.stringify(await page.texts("#node .box title")), "n draws the next way");
    await page.press("w");
    check((await page.page.$$(".ways .box")).length > 5, "all ways in one drawing");
    equal(await page.page.evaluate(() => document.querySelectorAll(".ways .box.target").length), 1, "which end at the node");
    await page.shot(shots, "page-why");
    await page.clickText(".ways .box", "$main at");
    check((await page.text("main h2")).includes("$main at"), "a box leads to why it lives itself");
    await page.to("#stacks");
    await page.press("w");
    equal(await page.hash(), "#stacks", "without a node there is no way");
    return page;
  },

  async "the tree and the types"() {
    const page = await open("server", "#retained");
    const count = async () => (await page.page.$$("[role=treeitem]")).length;
    const few = await count();
    await page.page.focus(".list");
    await page.press("j", "ArrowRight");
    check(await count() > few, "a line of the tree opens");
    await page.press("h");
    equal(await count(), few, "and folds");
    await page.press("Enter");
    check((await page.text("#node h2")).length > 0, "Enter opens its node");
    await page.to("#types");
    const first = await page.texts(".list .name");
    check(first[0] === "(array i8)", "most bytes first");
    await page.clickText(".sorter", "Type");
    check((await page.texts(".list .name"))[0] === "$clock" || (await page.texts(".list .name"))[0] === "(array i8)", "sorted by name");
    await page.clickText(".list .row", "$retry");
    check((await page.text(".toolbar")).includes("180 objects"), "the objects of a type");
    return page;
  },

  async "nodes are called as in all faces"() {
    const titles = JSON.parse(await readFile(path.join(pages, "titles.json")));
    const page = await open("server");
    const seen = await page.page.evaluate(async (titles) => {
      const shown = [];
      const drawn = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
      for (let node = 0; node < titles.length; node += 7) {
        location.hash = `#n${node}.why`;
        await drawn();
        shown.push([node, document.querySelector("main h2 a").title]);
      }
      return shown;
    }, titles);
    check(seen.length > 200, "many nodes");
    for (const [node, title] of seen) equal(title, titles[node], `the title of node ${node}`);
    return page;
  },

  async "two moments are compared"() {
    const page = await open("two", "#changes", undefined, "dark");
    const text = await page.text("main");
    check(text.includes("gc:3 → gc:9"), "from the first to the second");
    const retry = (await page.texts("main tbody tr")).find((row) => row.startsWith("$retry"));
    check(retry.includes("40") && retry.includes("180"), `grown: ${retry}`);
    await page.shot(shots, "page-changes");
    await page.clickText("main table a", "continuation");
    const node = await page.text("#node h2");
    check(node.startsWith("continuation"), "what entered can be opened");
    await page.to("#stacks");
    await page.press("m");
    check((await page.hash()).startsWith("#m0"), "m goes to the other moment");
    check((await page.text(".toolbar")).includes("105 continuations"), "which has fewer");
    await page.press("/");
    await page.page.keyboard.type("continuation 20");
    await page.press("Enter");
    await page.press("m");
    check((await page.text("#node h2")).startsWith("continuation 20 of"), "the same continuation in the other moment");
    check((await page.text("#node")).includes("At gc:3"), "with a link to it");
    return page;
  },

  async "everything by keys"() {
    const page = await open("two");
    await page.press("2");
    equal(await page.hash(), "#stacks", "2 is the stacks");
    await page.press("j", "l", "l", "j", "j");
    const focused = () => page.page.evaluate(() => document.activeElement.closest(".column")?.dataset.column ?? document.activeElement.tagName);
    equal(await focused(), "2", "l goes to the column on the right");
    await page.press("h");
    equal(await focused(), "1", "h back");
    await page.press("j", "j", "j", "Enter");
    check(/^#n\d+\.stacks$/.test(await page.hash()), `Enter opens a link: ${await page.hash()}`);
    await page.press("i");
    check(await page.page.evaluate(() => document.activeElement.closest("#node") !== null), "i goes into the pane");
    await page.press("i");
    check(await page.page.evaluate(() => document.activeElement.closest("main") !== null), "and out");
    await page.press("Escape");
    equal(await page.hash(), "#stacks", "Escape closes the pane");
    await page.press("?");
    check(await page.page.evaluate(() => document.getElementById("keys").open), "? tells of the keys");
    await page.press("Escape");
    await page.press("[");
    check(/^#n\d+\.stacks$/.test(await page.hash()), "[ goes back");
    await page.press("3", "j", "j");
    check(await page.page.evaluate(() => document.querySelector(".row.active")?.getAttribute("aria-selected") === "true"), "j moves in lists");
    await page.press("6");
    equal((await page.hash()).endsWith("changes"), true, "6 is what changed");
    return page;
  },

  async "dark and light"() {
    const page = await open("server", "#n20.retained", undefined, "dark");
    const ground = () => page.page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const dark = await ground();
    await page.press("t");
    const light = await ground();
    check(dark !== light, "t makes it light");
    await page.click("#theme");
    equal(await ground(), dark, "and the button dark");
    return page;
  },

  async "narrow"() {
    const page = await open("two", "#n20.stacks", { width: 400, height: 800 });
    const over = await page.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    check(over <= 0, `nothing is wider than the window: ${over}`);
    for (const view of ["overview", "retained", "types", "why", "changes"]) {
      await page.to(`#n20.${view}`);
      const over = await page.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      check(over <= 0, `nothing of ${view} is wider than the window: ${over}`);
    }
    return page;
  },

  async "names are never markup"() {
    const page = await open("hostile");
    for (const view of ["overview", "stacks", "retained", "types", "why", "n9.why", "n2.stacks.each"]) {
      await page.to(`#${view}`);
      equal(await page.page.evaluate(() => [document.querySelectorAll("main img, main script, aside script").length, document.scripts.length]), [0, 2], "elements that names made");
    }
    check(!(await page.page.title()).includes("hacked") || (await page.page.title()).includes("<script>"), "no script of a name ran");
    check((await page.page.title()).startsWith("\\u{202e}</title><script>"), `the title is text: ${await page.page.title()}`);
    await page.press("/");
    await page.page.keyboard.type("<img");
    await page.settled();
    equal((await page.texts(".result .name"))[0], "$<img src=x onerror=\"document.title='hacked'\">", "found as text");
    const hidden = await page.page.evaluate(() => /[\u0000-\u0008\u000b-\u001f\u202a-\u202e\u2028\u00ad\u3164\u{e0000}-\u{e0fff}]/u.test(document.body.innerText));
    check(!hidden, "no control character or mark of direction is shown");
    return page;
  },

  async "roles and names for screen readers"() {
    for (const hash of ["#overview", "#n30.stacks", "#n30.retained", "#types", "#n30.why", "#changes"]) {
      const page = await open("two", hash);
      const bad = await page.page.evaluate(() => [...document.querySelectorAll("a, button, input, select, [tabindex='0']")]
        .filter((element) => element.getClientRects().length && !(element.getAttribute("aria-label") || element.textContent.trim() || element.title))
        .map((element) => element.outerHTML.slice(0, 80)));
      equal(bad, [], `elements without a name in ${hash}`);
      const owners = await page.page.evaluate(() => [...document.querySelectorAll("[role=option]")].every((row) => row.closest("[role=listbox]"))
        && [...document.querySelectorAll("[role=treeitem]")].every((row) => row.closest("[role=tree]")));
      check(owners, "options lie in lists");
      const ids = await page.page.evaluate(() => [...document.querySelectorAll("[id]")].map((element) => element.id));
      equal(ids.length, new Set(ids).size, "ids are unique");
      await page.close();
    }
  },

  async "from a server on loopback"() {
    const server = createServer(async (request, response) => {
      response.setHeader("content-type", "text/html");
      response.end(await readFile(path.join(pages, "server.html")));
    });
    await new Promise((done) => server.listen(0, "127.0.0.1", done));
    const page = await open(`http://127.0.0.1:${server.address().port}/`, "#stacks");
    check((await page.texts(".column")).length > 1, "the page works");
    await page.close();
    server.closeAllConnections();
    server.close();
  },

  // Of the following, what is printed is to be looked at: no time decides.
  async "100,000 continuations, bounded"() {
    return measured("many", /1,0\d\d of 100,002 continuations/);
  },

  async "100,000 continuations, all of them"() {
    return measured("all", /100,002 columns/);
  },

  async "a chain of 1,000,000 objects"() {
    for (const name of ["deep", "chain"]) {
      const page = await open(name, "#retained");
      const times = [`opened ${page.loaded.toFixed(0)} ms`];
      const time = async (what, act) => {
        const begin = performance.now();
        await act();
        times.push(`${what} ${(performance.now() - begin).toFixed(0)} ms`);
      };
      await time("search", async () => {
        await page.press("/");
        await page.page.keyboard.type(name === "chain" ? "@0xf42310" : "@0x3e80");
        await page.settled();
      });
      await time("open", () => page.press("Enter"));
      check((await page.text("#node h2")).startsWith("$node @"), "an object far away opens");
      check((await page.text("#node")).includes("more nodes"), "its way is cut in the middle");
      await time("why", () => page.press("w"));
      await time("objects", () => page.to("#types.t0"));
      await time("last", async () => {
        await page.page.focus(".list");
        await page.press("End");
      });
      console.log(`      ${name}: ${times.join(", ")}`);
      await page.close();
    }
  },
};

async function measured(name, wanted) {
  const page = await open(name, "#stacks.each");
  const times = [`opened ${page.loaded.toFixed(0)} ms`];
  const time = async (what, act) => {
    const begin = performance.now();
    await act();
    times.push(`${what} ${(performance.now() - begin).toFixed(0)} ms`);
  };
  check(wanted.test(await page.text("main")), String(wanted));
  check((await page.texts(".column")).length < 12, "only the columns that are seen are elements");
  await time("scroll to the end", async () => {
    await page.page.evaluate(() => { document.querySelector(".columns").scrollLeft = 1e9; });
    await page.settled();
  });
  const heads = await page.texts(".column h3");
  check(heads.length > 1, "the last columns are drawn");
  await time("filter", () => page.type("#filter", "gen"));
  await time("sort", async () => {
    await page.page.select(".toolbar .field:nth-of-type(4) select", "age");
    await page.settled();
  });
  await time("search", async () => {
    await page.press("Escape", "/");
    await page.page.keyboard.type("continuation 1000");
    await page.settled();
  });
  await time("open", () => page.press("Enter"));
  check((await page.text("#node h2")).startsWith("continuation 1000 of $gen"), "a continuation opens");
  await time("retained", () => page.press("3"));
  await time("types", () => page.press("4"));
  console.log(`      ${name}: ${times.join(", ")}`);
  return page;
}

let failed = 0;
const only = process.env.ONLY;
for (const [name, test] of Object.entries(tests)) {
  if (only && !name.includes(only)) continue;
  try {
    await (await test())?.close();
    console.log(`ok    ${name}`);
  } catch (error) {
    failed++;
    console.log(`FAIL  ${name}\n      ${error instanceof Failed ? error.message : error.stack}`);
    for (const page of (await browser.pages()).slice(1)) await page.close();
  }
}
await browser.close();
console.log(failed ? `${failed} failed` : "all passed");
process.exit(failed ? 1 : 0);
