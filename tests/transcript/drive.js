"use strict";
// Opens pages of a transcript from disk in a headless Chromium and tells, as JSON, what happened: dialogs, console,
// requests, elements that no page may have, violations that axe finds, and what the steps of a check saw.
//
//   node drive.js FOLDER < {"check": "visit" | "axe" | "search" | "keys" | "tokens" | "print" | "timeline…", …}
const { readFileSync, readdirSync } = require("node:fs");
const { join, relative } = require("node:path");
const { pathToFileURL } = require("node:url");
const { chromium } = require("playwright-core");

const folder = process.argv[2];
const asked = JSON.parse(readFileSync(0, "utf8"));
const report = { dialogs: [], console: [], errors: [], requests: [], outside: [], seen: [] };

const top = pathToFileURL(folder).href;
const address = (path) => `${top}/${path}`;
const pages = (below = folder) => readdirSync(below, { withFileTypes: true }).flatMap((entry) => {
  const path = join(below, entry.name);
  if (entry.isDirectory()) return pages(path);
  return entry.name.endsWith(".html") ? [relative(folder, path)] : [];
}).sort();

// What pages are made of. Anything else came out of a text.
const ELEMENTS = new Set(("html head meta title link script body a header form label input kbd main h1 h2 h3 nav p span bdi div section article aside " +
  "time code pre em strong s br hr ul ol li blockquote table thead tbody tr th td dl dt dd details summary img footer dialog button select option " +
  "optgroup datalist noscript mark").split(" "));
const ATTRIBUTES = new Set(("class id href src alt title dir lang charset name content http-equiv rel defer for type placeholder autocomplete spellcheck " +
  "role aria-label aria-labelledby aria-hidden aria-live tabindex datetime loading width height download scope value list start hidden open " +
  "data-top data-language data-from data-until label").split(" "));

const audit = ([elements, attributes, base, styles]) => {
  const outside = [];
  for (const element of document.querySelectorAll("*")) {
    const name = element.localName;
    if (!elements.includes(name) || element.namespaceURI !== "http://www.w3.org/1999/xhtml") outside.push(`<${name}>`);
    for (const attribute of element.attributes) {
      if (!attributes.includes(attribute.name)) outside.push(`<${name} ${attribute.name}>`);
    }
    for (const link of [element.href, element.src].filter((link) => typeof link === "string" && link)) {
      if (!link.startsWith(base)) outside.push(`<${name}> to ${link}`);
    }
  }
  for (const script of document.scripts) if (script.textContent) outside.push("a script in the page");
  if (document.querySelectorAll("style").length !== styles) outside.push("styles in the page");
  return outside;
};

const open = async (browser, options = {}) => {
  const page = await browser.newPage({ viewport: { width: 1200, height: 900 }, ...options });
  page.on("dialog", (dialog) => { report.dialogs.push(dialog.message()); dialog.dismiss(); });
  page.on("console", (message) => report.console.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => report.errors.push(String(error)));
  page.on("request", (request) => { if (!request.url().startsWith(`${top}/`)) report.requests.push(request.url()); });
  return page;
};

const checks = {
  // Every page: what it is made of, and every element hovered, focused and clicked as far as that leads nowhere.
  async visit(browser) {
    const page = await open(browser);
    for (const path of pages()) {
      await page.goto(address(path));
      // A paper is one file with one style, which its policy names by hash.
      const isPaper = path.startsWith("papers/") || (asked.papers || []).includes(path);
      const elements = isPaper ? [...ELEMENTS, "style"] : [...ELEMENTS];
      const found = await page.evaluate(audit, [elements, [...ATTRIBUTES], `${top}/`, isPaper ? 1 : 0]);
      report.outside.push(...found.map((what) => `${path}: ${what}`));
      await page.evaluate(() => {
        for (const element of document.querySelectorAll("main *")) {
          for (const name of ["mouseover", "mouseenter", "focus", "pointerdown", "error", "load", "toggle", "animationend"]) element.dispatchEvent(new Event(name));
        }
        for (const details of document.querySelectorAll("details")) details.open = true;
      });
      report.seen.push(path);
    }
    await page.waitForTimeout(500);
  },
  async axe(browser) {
    const source = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
    for (const colorScheme of ["light", "dark"]) {
      const page = await open(browser, { colorScheme });
      for (const path of asked.pages) {
        await page.goto(address(path));
        await page.waitForTimeout(300);
        // The page's policy forbids scripts of others; the debugger's own channel is not bound by it.
        await page.evaluate(source);
        const result = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"], preload: false }));
        for (const { id, nodes } of result.violations) report.outside.push(`${path} (${colorScheme}): ${id}: ${nodes[0].html.slice(0, 200)}`);
        report.seen.push(`${path} ${colorScheme} ${result.testEngine.name}`);
      }
    }
  },
  // Types queries and reads results; follows the first.
  async search(browser) {
    const page = await open(browser);
    for (const query of asked.queries) {
      await page.goto("about:blank");
      await page.goto(address(`search.html${query.hash || ""}`));
      if (query.words !== undefined) await page.fill("#words", query.words);
      for (const [field, value] of Object.entries(query.fields || {})) {
        const box = page.locator(`#${field}`);
        const kind = await box.evaluate((element) => element.type);
        if (kind === "checkbox") await box.check();
        else if (kind === "select-one") await box.selectOption(value === undefined ? "" : { label: value });
        else await box.fill(value);
      }
      await page.waitForFunction(() => /\d|holds no/.test(document.querySelector("#count").textContent) , null, { timeout: 15000 });
      await page.waitForTimeout(600);
      const count = await page.textContent("#count");
      const texts = await page.locator(".result p").allTextContents();
      const marks = await page.locator(".result mark").allTextContents();
      let target = null;
      if (query.follow) {
        await page.locator(".result h3 a").first().click();
        await page.waitForSelector(".post:target");
        target = await page.locator(".post:target").evaluate((post) => ({ id: post.id, text: post.querySelector(".body")?.textContent || "", visible: post.getBoundingClientRect().top < innerHeight }));
      }
      report.seen.push({ count, texts, marks, target });
    }
  },
  async keys(browser) {
    const page = await open(browser);
    await page.goto(address(asked.page));
    const current = () => page.evaluate(() => document.querySelector(".current")?.id || null);
    const all = await page.locator(".post").evaluateAll((posts) => posts.map((post) => post.id));
    const walked = [];
    for (const key of ["j", "j", "k"]) { await page.keyboard.press(key); walked.push(await current()); }
    const focused = await page.evaluate(() => document.activeElement.id);
    await page.keyboard.press("?");
    const help = await page.evaluate(() => document.querySelector("dialog").open);
    await page.keyboard.press("Escape");
    await page.keyboard.press("/");
    const box = await page.evaluate(() => document.activeElement.id);
    await page.keyboard.type("fog bank");
    await page.keyboard.press("Enter");
    await page.waitForURL(/search\.html/);
    report.seen.push({ all: all.slice(0, 3), walked, focused, help, box, landed: page.url().replace(`${top}/`, "") });
    await page.goto(address("index.html"));
    await page.fill("#narrow", asked.narrow);
    const left = await page.locator(".channels tbody tr:visible a[href*='1.html']").allTextContents();
    report.seen.push({ left });
    await page.goto(address(asked.about));
    report.seen.push({ notice: await page.textContent("#at"), greyed: await page.locator(".outside-then").count() });
  },
  async tokens(browser) {
    const page = await open(browser);
    await page.goto(address("search.html"));
    report.seen = await page.evaluate((texts) => texts.map((text) => window.chatseal.tokens(text).join(" ")), asked.texts);
  },
  async print(browser) {
    const page = await open(browser);
    await page.goto(address(asked.page));
    await page.emulateMedia({ media: "print" });
    const shown = await page.evaluate(() => { const bar = document.querySelector(".bar"); return bar && getComputedStyle(bar).display; });
    await page.pdf({ path: asked.pdf, preferCSSPageSize: true });
    report.seen.push({ bar: shown });
    await page.emulateMedia({ media: "screen", colorScheme: "dark" });
    report.seen.push({ dark: await page.evaluate(() => getComputedStyle(document.body).backgroundColor) });
  },
};

Object.assign(checks, require("../timeline/checks.js")({ open, address, report, asked }));

(async () => {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM,
    args: ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--no-first-run", "--disable-dev-shm-usage"],
  });
  try {
    await checks[asked.check](browser);
  } finally {
    await browser.close();
  }
  process.stdout.write(JSON.stringify(report));
})().catch((error) => { process.stderr.write(`${error.stack}\n`); process.exit(1); });
