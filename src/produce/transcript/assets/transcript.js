"use strict";
// What a page of the transcript does beyond being read: keys, the search box, colours in code, who was a member when.
// Everything stands in the page without it. Text is only ever set as text, never as markup.
(() => {
  const top = document.body.dataset.top || "";
  const one = (selector) => document.querySelector(selector);
  const all = (selector) => [...document.querySelectorAll(selector)];
  document.documentElement.classList.add("scripted");

  const element = (name, text, ...inside) => {
    const made = document.createElement(name);
    if (text) made.textContent = text;
    made.append(...inside);
    return made;
  };

  // The search box leads to the page that searches.
  const find = one("#find");
  find?.form.addEventListener("submit", (event) => {
    event.preventDefault();
    const words = find.value.trim();
    if (words) location.href = `${top}search.html#q=${encodeURIComponent(words)}`;
  });

  // Keys.
  const KEYS = [
    ["j", "next post or result"], ["k", "post or result before"], ["Enter", "open the result"], ["n", "next page"], ["p", "page before"],
    ["o", "show or hide earlier texts of the post"], ["i", "first page of the transcript"], ["/", "search"], ["?", "these keys"], ["Esc", "close"],
  ];
  const help = element("dialog", "", element("h2", "Keys"));
  help.setAttribute("aria-label", "Keys");
  const list = element("dl");
  for (const [key, does] of KEYS) list.append(element("dt", "", element("kbd", key)), element("dd", does));
  const close = element("button", "Close");
  close.addEventListener("click", () => help.close());
  help.append(list, close);
  document.body.append(help);

  const go = (selector) => { const link = one(selector); if (link) location.href = link.href; };
  let current = null;
  const step = (by) => {
    const stops = all(".post, .result");
    if (!stops.length) return;
    let at = stops.indexOf(current);
    if (at < 0) {
      const target = stops.findIndex((stop) => stop.matches(":target"));
      const seen = stops.findIndex((stop) => stop.getBoundingClientRect().bottom > 80);
      at = target >= 0 ? target : Math.max(seen, 0) - (by > 0 ? 1 : 0);
    }
    current?.classList.remove("current");
    current = stops[Math.min(Math.max(at + by, 0), stops.length - 1)];
    current.classList.add("current");
    current.tabIndex = -1;
    current.focus({ preventScroll: true });
    current.scrollIntoView({ block: "nearest" });
  };
  const ACTIONS = {
    j: () => step(1),
    k: () => step(-1),
    n: () => go("a[rel=next]"),
    p: () => go("a[rel=prev]"),
    i: () => go("a.home"),
    o: () => { const versions = current?.querySelector("details"); if (versions) versions.open = !versions.open; },
    "/": () => { const box = one("#words") || find; box?.focus(); box?.select(); },
    "?": () => help.showModal(),
    Enter: () => current?.querySelector("h3 a")?.click(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || help.open) return;
    const typing = event.target.closest("input, select, textarea, button, summary, a");
    if (typing) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    const action = ACTIONS[event.key];
    if (!action) return;
    if (event.key !== "Enter") event.preventDefault();
    action();
  });

  // Channels whose name contains what is typed.
  const narrow = one("#narrow");
  narrow?.addEventListener("input", () => {
    const wanted = narrow.value.trim().toLowerCase();
    for (const section of all(".channels")) {
      let shown = 0;
      for (const row of section.querySelectorAll("tbody tr")) {
        row.hidden = !row.cells[0].textContent.toLowerCase().includes(wanted);
        shown += row.hidden ? 0 : 1;
      }
      section.hidden = shown === 0;
    }
  });

  // Who was a member at the time of a post: about.html#at=MILLISECONDS.
  const notice = one("#at");
  const members = () => {
    const match = /^#at=(-?\d{1,16})$/.exec(location.hash);
    if (!notice || !match) return;
    const at = Number(match[1]);
    let count = 0;
    for (const row of all(".members tbody tr[data-from]")) {
      const inside = Number(row.dataset.from) <= at && (!row.dataset.until || at < Number(row.dataset.until));
      row.classList.toggle("outside-then", !inside);
      count += inside ? 1 : 0;
    }
    const date = new Date(at);
    const when = Number.isNaN(date.getTime()) ? `${at} ms` : date.toISOString();
    notice.textContent = `At ${when}: ${count} on this page were members; the others are greyed.`;
    notice.hidden = false;
    one("#members").scrollIntoView();
  };
  addEventListener("hashchange", members);
  members();

  // Earlier texts are printed as well.
  addEventListener("beforeprint", () => { for (const versions of all("details.versions")) versions.open = true; });

  // Colours in code: words, strings, numbers and comments, which most languages share.
  const WORDS = new Set(("abstract and as assert async await begin bool break case catch char class const continue def default defer del delete do done " +
    "double elif else elseif elsif end enum esac except export extends extern false fi final finally float fn for foreach from func function go goto if " +
    "impl implements import in int interface is lambda let local long loop match mod module mut namespace new nil none not null object of or " +
    "package pass private protected pub public raise ref return self short signed sizeof static string struct super switch then this throw " +
    "throws trait true try type typedef typeof union unless unsafe unsigned until use using var void volatile when where while with yield " +
    "select insert update create alter drop table into values set join left right inner outer on group by order limit having distinct").split(" "));
  const PLAIN = new Set(["", "text", "txt", "plain", "diff", "log", "markdown", "md", "latex", "tex"]);
  const HASH = /^(sh|bash|zsh|shell|python|py|ruby|rb|yaml|yml|toml|perl|pl|r|make|makefile|dockerfile|powershell|ps1|ini|conf|elixir)$/;
  const DASH = /^(sql|pgsql|mysql|lua|haskell|hs|ada)$/;
  const paint = (pre) => {
    const language = pre.dataset.language || "";
    const code = pre.firstElementChild;
    const text = code.textContent;
    if (PLAIN.has(language) || text.length > 50_000) return;
    const comment = HASH.test(language) ? "#[^\\n]*" : DASH.test(language) ? "--[^\\n]*|/\\*[\\s\\S]{0,5000}?\\*/" : "//[^\\n]*|/\\*[\\s\\S]{0,5000}?\\*/";
    const token = new RegExp(`(${comment})|("(?:[^"\\\\\\n]|\\\\.)*"|'(?:[^'\\\\\\n]|\\\\.)*'|\`(?:[^\`\\\\]|\\\\.)*\`)|(\\b\\d[\\w.]*)|([A-Za-z_]\\w*)`, "g");
    const parts = [];
    let last = 0;
    for (const found of text.matchAll(token)) {
      const kind = found[1] ? "m" : found[2] ? "s" : found[3] ? "n" : WORDS.has(found[4].toLowerCase()) ? "k" : "";
      if (!kind) continue;
      const span = element("span", found[0]);
      span.className = kind;
      parts.push(text.slice(last, found.index), span);
      last = found.index + found[0].length;
    }
    parts.push(text.slice(last));
    code.replaceChildren(...parts);
  };
  all("pre.code[data-language]").forEach(paint);
})();
