// A browser, pages in it, and checks that tell what they wanted.

import { execFileSync } from "node:child_process";
import { pathToFileURL } from "node:url";
import path from "node:path";
import puppeteer from "puppeteer-core";

const executablePath = process.env.CHROMIUM || execFileSync("which", ["chromium"], { encoding: "utf8" }).trim();

export async function launch() {
  // As the superuser Chromium has no sandbox.
  const args = process.getuid() === 0 ? ["--no-sandbox"] : [];
  return puppeteer.launch({ executablePath, args: [...args, "--force-color-profile=srgb"], headless: true, protocolTimeout: 120000 });
}

export class Failed extends Error {}

export function check(is, what) {
  if (!is) throw new Failed(what);
}

export function equal(is, wanted, what) {
  check(JSON.stringify(is) === JSON.stringify(wanted), `${what}: ${JSON.stringify(is)}, not ${JSON.stringify(wanted)}`);
}

// An opened page, which must log nothing and ask for nothing but itself.
export class Opened {
  static async open(browser, folder, name, hash = "", size = { width: 1360, height: 860 }, scheme = "light") {
    const page = await browser.newPage();
    const opened = new Opened();
    Object.assign(opened, { page, said: [] });
    page.on("console", (message) => opened.said.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => opened.said.push(`error: ${error.message ?? error}`));
    page.on("dialog", (dialog) => { opened.said.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
    await page.setViewport(size);
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    const url = name.includes("://") ? name : pathToFileURL(path.join(folder, `${name}.html`)).href;
    page.on("request", (request) => {
      const to = request.url();
      if (to.split("#")[0] !== url && !to.startsWith("data:")) opened.said.push(`request: ${to}`);
    });
    const begin = performance.now();
    await page.goto(url + hash, { waitUntil: "load", timeout: 120000 });
    await opened.settled();
    opened.loaded = performance.now() - begin;
    return opened;
  }

  // Two frames later everything is drawn.
  settled() {
    return this.page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done()))));
  }

  async press(...keys) {
    for (const key of keys) await this.page.keyboard.press(key);
    await this.settled();
  }

  async click(selector) {
    await this.page.locator(selector).setTimeout(5000).click();
    await this.settled();
  }

  // Clicks the first element of a selector with this text.
  async clickText(selector, text) {
    const handle = await this.page.evaluateHandle((selector, text) =>
      [...document.querySelectorAll(selector)].find((element) => element.textContent.includes(text)), selector, text);
    const element = handle.asElement();
    check(element, `there is a ${selector} with “${text}”`);
    await element.click();
    await this.settled();
  }

  async type(selector, text) {
    await this.page.focus(selector);
    await this.page.keyboard.type(text);
    await this.settled();
  }

  text(selector) {
    return this.page.evaluate((selector) => document.querySelector(selector)?.innerText ?? null, selector);
  }

  texts(selector) {
    return this.page.evaluate((selector) => [...document.querySelectorAll(selector)].map((element) => element.innerText ?? element.textContent), selector);
  }

  hash() {
    return this.page.evaluate(() => location.hash);
  }

  async to(hash) {
    await this.page.evaluate((hash) => { location.hash = hash; }, hash);
    await this.settled();
  }

  async shot(folder, name) {
    await this.page.screenshot({ path: path.join(folder, `${name}.png`) });
  }

  async close() {
    equal(this.said, [], "what the page said or asked for");
    await this.page.close();
  }
}
