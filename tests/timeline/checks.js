"use strict";
// What `drive.js` asks of the page of a timeline.
module.exports = ({ open, address, report, asked }) => {
  const settle = async (page) => {
    // A drawing follows each change; two frames without one mean that all is drawn.
    let before = "";
    for (let turn = 0; turn < 100; turn += 1) {
      await page.waitForTimeout(60);
      const now = await page.evaluate(() => document.querySelector("#board").dataset.drawn);
      if (now === before) return;
      before = now;
    }
  };
  const shown = (page) => page.evaluate(() => Number(document.querySelector("#said").textContent.split(" of ")[0].replace(/,/g, "")));
  const record = (page) => page.textContent("#one-record");
  const clean = (page) => page.evaluate((base) => {
    const known = new Set(("html head meta title link script body a header p bdi h1 h2 h3 main section span div details summary ul li ol time table thead tbody tr th td code " +
      "fieldset legend button b label input select option canvas dl dt dd dialog kbd noscript footer").split(" "));
    const outside = [];
    for (const element of document.querySelectorAll("*")) {
      if (!known.has(element.localName)) outside.push(`<${element.localName}>`);
      for (const attribute of element.attributes) if (attribute.name.startsWith("on")) outside.push(`<${element.localName} ${attribute.name}>`);
      for (const link of [element.href, element.src].filter((link) => typeof link === "string" && link)) if (!link.startsWith(base)) outside.push(link);
    }
    for (const script of document.scripts) if (script.textContent) outside.push("a script in the page");
    return outside;
  }, address("").replace(/\/$/, ""));

  return {
    // One event, as the page shows it when a link leads to it.
    async "timeline-detail"(browser) {
      const page = await open(browser, { viewport: { width: 1280, height: 900 } });
      await page.goto(`${address("index.html")}#r=${encodeURIComponent(asked.record)}`);
      await settle(page);
      const texts = await page.evaluate(() => ["one-record", "one-because", "one-time", "said"].map((id) => document.getElementById(id).textContent));
      report.seen.push(texts);
      await page.close();
    },
    async timeline(browser) {
      const page = await open(browser, { viewport: { width: 1280, height: 900 } });
      await page.goto(address("index.html"));
      await settle(page);
      const seen = { total: await page.evaluate(() => window.timeline.parts.flat().length), home: await shown(page) };
      seen.milestones = [];
      for (let turn = 0; turn < 3; turn += 1) {
        await page.keyboard.press("m");
        seen.milestones.push(await record(page));
      }
      await page.keyboard.press("ArrowRight");
      await page.keyboard.press("ArrowLeft");
      seen.next = (await record(page)).split("/")[0];
      for (const key of ["+", "+"]) await page.keyboard.press(key);
      await settle(page);
      seen.zoomed = await shown(page);
      await page.keyboard.press("9");
      await settle(page);
      seen.everything = await shown(page);
      seen.rows = await page.locator(".row").count();
      await page.keyboard.press("/");
      seen.typed = await page.evaluate(() => document.activeElement.id === "words");
      await page.keyboard.type("slot");
      await page.waitForTimeout(200);
      await settle(page);
      seen.found = await shown(page);
      await page.fill("#words", "");
      await page.waitForTimeout(200);
      await page.locator("#chips button", { hasText: "reaction" }).click();
      await settle(page);
      seen.without = await shown(page);
      await page.selectOption("#by", "person");
      await settle(page);
      await page.locator(".milestones a", { hasText: "put a post on the timeline" }).first().click();
      await settle(page);
      seen.from_link = await page.textContent("#one-message");
      await page.locator("#lanes").focus();
      await page.keyboard.press("?");
      seen.help = await page.evaluate(() => document.querySelector("#keys").open);
      await page.keyboard.press("Escape");
      // Something is drawn, in the colours of the page.
      seen.drawn = await page.evaluate(() => {
        const canvas = document.querySelector("#lanes");
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        const colours = new Set();
        for (let at = 0; at < data.length; at += 4) if (data[at + 3] > 200) colours.add((data[at] << 16) + (data[at + 1] << 8) + data[at + 2]);
        return colours.size > 30;
      });
      report.outside.push(...await clean(page));
      await page.emulateMedia({ media: "print" });
      const printed = await page.evaluate(() => getComputedStyle(document.querySelector(".tools")).display);
      if (printed !== "none") report.outside.push("tools on paper");
      report.seen.push(seen);
    },
    async "timeline-without-scripts"(browser) {
      const page = await open(browser, { javaScriptEnabled: false });
      await page.goto(address("index.html"));
      report.seen.push({
        figures: await page.locator(".figure:visible").count(),
        milestones: await page.locator(".milestones li:visible").count(),
        live: await page.locator("#live").isVisible(),
        told: await page.locator("noscript p").isVisible(),
      });
    },
    async "timeline-hostile"(browser) {
      const page = await open(browser, { viewport: { width: 1280, height: 900 } });
      await page.goto(address("index.html"));
      await settle(page);
      const texts = new Set();
      let walked = 0;
      await page.keyboard.press("9");
      for (; walked < 260; walked += 1) {
        await page.keyboard.press("ArrowRight");
        texts.add(await page.textContent("#one-message"));
      }
      for (const words of asked.words) {
        await page.fill("#words", words);
        await page.waitForTimeout(200);
        await settle(page);
        const canvas = await page.locator("#lanes").boundingBox();
        for (let x = 150; x < canvas.width; x += 40) await page.mouse.move(canvas.x + x, canvas.y + 160);
      }
      for (const by of ["person", "channel"]) {
        await page.selectOption("#by", by);
        await settle(page);
      }
      await page.evaluate(() => { for (const details of document.querySelectorAll("details")) details.open = true; });
      report.outside.push(...await clean(page));
      report.seen.push({ walked, texts: [...texts].slice(0, 400) });
    },
    async "timeline-speed"(browser) {
      const page = await open(browser, { viewport: { width: 1280, height: 900 } });
      const time = async (work) => {
        const before = Date.now();
        await work();
        return Date.now() - before;
      };
      const load = await time(async () => {
        await page.goto(address("index.html"));
        await page.waitForFunction(() => Number(document.querySelector("#board").dataset.drawn) > 0);
      });
      const steps = [];
      for (const key of ["9", "+", "+", "+", "-", "ArrowRight", "m", "0"]) {
        await page.keyboard.press(key);
        await settle(page);
        steps.push(Number(await page.evaluate(() => document.querySelector("#board").dataset.took)));
      }
      const find = await time(async () => {
        await page.fill("#words", "pump 42");
        await page.waitForFunction(() => !document.querySelector("#said").textContent.startsWith("100,000"));
      });
      report.seen.push({ total: await page.evaluate(() => window.timeline.parts.flat().length), load, zoom: Math.max(...steps), find });
    },
  };
};
