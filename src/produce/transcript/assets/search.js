"use strict";
// Searches the index in `search/`, loading only the parts that the words fall into. The words of a text and the spelling of
// numbers are those of `search/tokens.rs` and `search/number.rs` in the program that wrote the index.
(() => {
  const form = document.querySelector("#asked");
  const box = { words: "", in: "", from: "", since: "", until: "", order: "" };
  for (const name of Object.keys(box)) box[name] = document.querySelector(`#${name}`);
  const count = document.querySelector("#count");
  const results = document.querySelector("#results");
  const further = document.querySelector("#further");
  const PAGE = 25;
  const FLAGS = { 1: "edited", 2: "deleted", 4: "with files", 8: "reply", 16: "system", 32: "pinned" };

  // Parts of the index: each is a script that hands its value to `chatseal`.
  const waiting = new Map();
  const parts = new Map();
  const arrive = (sort) => (number, value) => waiting.get(`${sort} ${number}`)?.(value);
  window.chatseal = { meta: (value) => waiting.get("meta 0")?.(value) };
  for (const sort of ["words", "columns", "texts", "ids"]) window.chatseal[sort] = arrive(sort);
  const three = (number) => String(number).padStart(3, "0");
  const load = (sort, number = 0) => {
    const key = `${sort} ${number}`;
    if (!parts.has(key)) {
      parts.set(key, new Promise((resolve, reject) => {
        const script = document.createElement("script");
        waiting.set(key, (value) => { waiting.delete(key); script.remove(); resolve(value); });
        script.addEventListener("error", () => { parts.delete(key); script.remove(); reject(new Error(`a part of the index is missing: ${script.src}`)); });
        script.src = sort === "meta" ? "search/meta.js" : `search/${sort}/${three(Math.floor(number / 1000))}/${three(number % 1000)}.js`;
        document.head.append(script);
      }));
      // What was loaded longest ago goes, so that a long session does not grow without end.
      if (parts.size > 400) parts.delete(parts.keys().next().value);
    }
    return parts.get(key);
  };

  const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const VALUES = new Uint8Array(128);
  for (let value = 0; value < 64; value += 1) VALUES[DIGITS.charCodeAt(value)] = value;
  const numbers = (text) => {
    const found = [];
    for (let at = 0; at < text.length;) {
      let [number, scale, digit] = [0, 1, 0];
      do {
        digit = VALUES[text.charCodeAt(at) & 127];
        at += 1;
        number += (digit & 31) * scale;
        scale *= 32;
      } while (digit & 32 && at < text.length);
      found.push(number);
    }
    return found;
  };
  const signed = (number) => (number % 2 ? -(number + 1) / 2 : number / 2);
  const sums = (list) => { let sum = 0; return [0, ...list.map((number) => (sum += number))]; };
  // The last place whose value is not above `wanted`.
  const place = (rising, wanted) => {
    let [low, high] = [0, rising.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (rising[middle] <= wanted) low = middle + 1; else high = middle;
    }
    return low - 1;
  };
  // The order of bytes in UTF-8, in which the index is written, is that of code points.
  const compare = (left, right) => {
    const [a, b] = [[...left], [...right]];
    for (let at = 0; at < Math.min(a.length, b.length); at += 1) {
      if (a[at] !== b[at]) return a[at].codePointAt(0) - b[at].codePointAt(0);
    }
    return a.length - b.length;
  };

  // Words: decomposed, without marks, in lower case. Scripts without spaces give pairs of neighbours.
  const LONGEST = 40;
  const IGNORED = /[\u00AD\u061C\u0640\u200B-\u200F\u2060\uFEFF\p{M}]/u;
  const LETTER = /[\p{Alphabetic}\p{N}]/u;
  const dense = (letter) => {
    const code = letter.codePointAt(0);
    return (code >= 0x590 && code <= 0x8ff) || (code >= 0xe00 && code <= 0xeff) || (code >= 0x1000 && code <= 0x109f) ||
      (code >= 0x1780 && code <= 0x17ff) || (code >= 0x3040 && code <= 0x30ff) || (code >= 0x31f0 && code <= 0x31ff) ||
      (code >= 0x3400 && code <= 0x4dbf) || (code >= 0x4e00 && code <= 0x9fff) || (code >= 0xf900 && code <= 0xfaff) ||
      (code >= 0x20000 && code <= 0x3ffff);
  };
  // Runs of letters: { letters, dense, start, end } with places in `text` for marking.
  const runs = (text) => {
    const found = [];
    let run = null;
    let at = 0;
    for (const letter of text) {
      for (const part of letter.normalize("NFKD")) {
        if (IGNORED.test(part)) {
          if (run) run.end = at + letter.length;
          continue;
        }
        if (!LETTER.test(part)) { run = null; continue; }
        for (const raw of part.toLowerCase()) {
          if (IGNORED.test(raw)) continue;
          const lower = raw === "ς" ? "σ" : raw;
          const isDense = dense(lower);
          if (!run || run.dense !== isDense) {
            run = { letters: [], dense: isDense, start: at, end: at };
            found.push(run);
          }
          run.letters.push(lower);
          run.end = at + letter.length;
        }
      }
      at += letter.length;
    }
    return found;
  };
  const words = (text) => runs(text).flatMap(({ letters, dense: isDense }) => {
    if (!isDense) return [letters.slice(0, LONGEST).join("")];
    return [...letters.slice(1).map((letter, before) => letters[before] + letter), letters.at(-1)];
  });
  window.chatseal.tokens = words;

  // A query: plain words, each a beginning; and phrases, whose words follow each other.
  const parse = (query) => {
    const asked = { terms: [], phrases: [] };
    for (const [, quoted, bare] of query.matchAll(/"([^"]*)"?|([^\s"]+)/g)) {
      const found = runs(quoted ?? bare);
      if (!found.length) continue;
      const exact = quoted !== undefined;
      for (const [number, run] of found.entries()) {
        if (run.dense) {
          const pairs = run.letters.slice(1).map((letter, before) => run.letters[before] + letter);
          for (const pair of pairs) asked.terms.push({ word: pair, prefix: false });
          if (!pairs.length) asked.terms.push({ word: run.letters[0], prefix: true });
        } else {
          asked.terms.push({ word: run.letters.slice(0, LONGEST).join(""), prefix: !exact && number === found.length - 1 });
        }
      }
      if (exact || found.length > 1 || found.some((run) => run.dense && run.letters.length > 2)) asked.phrases.push({ runs: found, exact });
      asked.marks = [...(asked.marks || []), ...found.map((run) => ({ letters: run.letters.join(""), dense: run.dense }))];
    }
    return asked;
  };
  // Whether the runs of a phrase follow each other in the runs of a text.
  const holds = (text, { runs: wanted, exact }) => {
    const fits = (run, want, number) => {
      if (run.dense !== want.dense) return false;
      const [have, need] = [run.letters.join(""), want.letters.join("")];
      if (want.dense) return wanted.length === 1 ? have.includes(need) : number === 0 ? have.endsWith(need) : number === wanted.length - 1 ? have.startsWith(need) : have === need;
      return !exact && number === wanted.length - 1 ? have.startsWith(need) : have === need;
    };
    return text.some((_, at) => wanted.every((want, number) => text[at + number] && fits(text[at + number], want, number)));
  };

  let meta = null;
  let starts = {};
  const MOST_PARTS = 48;

  // Which posts hold a word, or one that begins with it. `null`: too many words begin so.
  const lookUp = async (first, word, prefix, sort) => {
    const from = Math.max(0, placeOf(first, word));
    let until = from;
    const inside = (term) => (prefix ? [...term].slice(0, [...word].length).join("") === word : term === word);
    while (until + 1 < first.length && (compare(first[until + 1], word) <= 0 || inside(first[until + 1]))) until += 1;
    if (prefix && until - from > MOST_PARTS) return null;
    const found = [];
    for (const value of await Promise.all(Array.from({ length: until - from + 1 }, (_, number) => load(sort, from + number)))) {
      const list = value.split(" ");
      for (let at = 0; at + 1 < list.length; at += 2) {
        if (!inside(list[at])) continue;
        let post = 0;
        for (const difference of numbers(list[at + 1])) found.push((post += difference));
      }
    }
    return Float64Array.from(new Set(found)).sort();
  };
  // The part in which a term begins: the last one whose first term is below it.
  const placeOf = (first, term) => {
    let [low, high] = [0, first.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compare(first[middle], term) < 0) low = middle + 1; else high = middle;
    }
    return low - 1;
  };
  const both = (left, right) => {
    const found = [];
    for (let a = 0, b = 0; a < left.length && b < right.length;) {
      if (left[a] === right[b]) { found.push(left[a]); a += 1; b += 1; } else if (left[a] < right[b]) a += 1; else b += 1;
    }
    return found;
  };

  // Time, author and flags of a post.
  const columns = new Map();
  const column = async (post) => {
    const number = Math.floor(post / meta.column);
    if (!columns.has(number)) {
      const list = numbers(await load("columns", number));
      const [at, person, flags] = [new Float64Array(list.length / 3), new Uint32Array(list.length / 3), new Uint8Array(list.length / 3)];
      let time = 0;
      for (let row = 0; row < at.length; row += 1) {
        time += signed(list[3 * row]);
        [at[row], person[row], flags[row]] = [time, list[3 * row + 1], list[3 * row + 2]];
      }
      columns.set(number, { at, person, flags });
    }
    return [columns.get(number), post % meta.column];
  };
  const rowOf = async (post) => {
    const number = place(starts.texts, post);
    const [id, text, earlier] = (await load("texts", number))[post - starts.texts[number]];
    return { id, text, earlier };
  };
  const channelOf = (post) => {
    const page = place(starts.pages, post);
    const rank = place(starts.channelPages, page);
    return { rank, number: page - starts.channelPages[rank] + 1 };
  };
  const addressOf = (post, id) => {
    const { rank, number } = channelOf(post);
    return `channels/${encodeURIComponent(meta.channels[rank][2])}/${number}.html#p-${encodeURIComponent(id)}`;
  };

  const ready = load("meta").then((value) => {
    meta = value;
    starts = { texts: sums(numbers(meta.texts)), pages: sums(numbers(meta.pages)) };
    starts.channelPages = sums(meta.channels.map(([, , , pages]) => pages));
    starts.channelPosts = sums(meta.channels.map(([, , , , posts]) => posts));
    let group = null;
    let team = null;
    meta.channels.forEach(([title, name, , , posts], rank) => {
      if (!posts) return;
      if (!group || name !== team) {
        group = document.createElement("optgroup");
        group.label = name || "Messages outside of teams";
        box.in.append(group);
        team = name;
      }
      const option = new Option(title, String(rank));
      option.dir = "auto";
      group.append(option);
    });
    const list = document.querySelector("#people");
    for (const [display, username] of meta.people) {
      const option = document.createElement("option");
      option.value = username || display;
      option.label = display;
      list.append(option);
    }
  });
  const personNumber = (asked) => {
    const wanted = asked.trim().replace(/^@/, "").toLowerCase();
    if (!wanted) return null;
    const exact = meta.people.findIndex(([, username, id]) => username.toLowerCase() === wanted || id.toLowerCase() === wanted);
    return exact >= 0 ? exact : meta.people.findIndex(([display]) => display.toLowerCase() === wanted);
  };
  const dayOf = (text) => (text ? Date.parse(`${text}T00:00:00Z`) : NaN);

  // All posts that the words and filters leave, in the order asked for; phrases are checked when they are shown.
  const candidates = async (asked, query) => {
    let posts = null;
    let skipped = 0;
    if (/^[a-z0-9]{26}$|^s:[0-9a-f]{32}$/.test(query)) {
      const byId = await lookUp(meta.ids, query, false, "ids");
      if (byId?.length) { asked.phrases = []; return { posts: [...byId], skipped }; }
    }
    const lists = [];
    for (const { word, prefix } of asked.terms) {
      let list = await lookUp(meta.words, word, prefix, "words");
      if (!list) { skipped += 1; list = await lookUp(meta.words, word, false, "words"); }
      lists.push(list);
    }
    lists.sort((a, b) => a.length - b.length);
    for (const list of lists) posts = posts ? both(posts, list) : [...list];
    const rank = box.in.value === "" ? null : Number(box.in.value);
    if (!posts) {
      if (rank === null && !box.from.value.trim() && !box.since.value && !box.until.value && !flagsAsked()) return { posts: null, skipped };
      posts = Array.from({ length: meta.posts }, (_, post) => post);
    }
    if (rank !== null) posts = posts.filter((post) => post >= starts.channelPosts[rank] && post < starts.channelPosts[rank + 1]);
    const person = personNumber(box.from.value);
    const [since, until] = [dayOf(box.since.value), dayOf(box.until.value) + 86_400_000];
    const flags = flagsAsked();
    const needed = new Set(posts.map((post) => Math.floor(post / meta.column)));
    await Promise.all([...needed].map((number) => column(number * meta.column)));
    const kept = posts.filter((post) => {
      const part = columns.get(Math.floor(post / meta.column));
      const row = post % meta.column;
      return (person === null || part.person[row] === person) && !(part.at[row] < since) && !(part.at[row] >= until) && (part.flags[row] & flags) === flags;
    });
    const time = (post) => columns.get(Math.floor(post / meta.column)).at[post % meta.column];
    if (box.order.value === "new") kept.sort((a, b) => time(b) - time(a) || b - a);
    if (box.order.value === "old") kept.sort((a, b) => time(a) - time(b) || a - b);
    return { posts: kept, skipped };
  };
  const flagsAsked = () => [...form.querySelectorAll("input[type=checkbox]:checked")].reduce((sum, box) => sum | Number(box.value), 0);

  // A text with the words that were found marked, from a little before the first of them.
  const excerpt = (text, marks) => {
    const line = document.createElement("p");
    line.dir = "auto";
    const hits = [];
    for (const run of runs(text.length > 20_000 ? text.slice(0, 20_000) : text)) {
      const have = run.letters.join("");
      for (const mark of marks) {
        if (mark.dense === run.dense && (run.dense ? have.includes(mark.letters) : have.startsWith(mark.letters))) { hits.push(run); break; }
      }
    }
    const LENGTH = 320;
    let start = Math.max(0, (hits[0]?.start ?? 0) - 80);
    if (start > 0) {
      const blank = text.indexOf(" ", start);
      if (blank > 0 && blank < (hits[0]?.start ?? 0)) start = blank + 1;
      line.append("… ");
    }
    let end = Math.min(text.length, start + LENGTH);
    // Not in the middle of a character.
    if (end < text.length && /[\uDC00-\uDFFF]/.test(text[end])) end += 1;
    if (start > 0 && /[\uDC00-\uDFFF]/.test(text[start])) start += 1;
    let last = start;
    for (const hit of hits) {
      if (hit.start < last || hit.end > end) continue;
      const mark = document.createElement("mark");
      mark.textContent = text.slice(hit.start, hit.end);
      line.append(text.slice(last, hit.start), mark);
      last = hit.end;
    }
    line.append(text.slice(last, end));
    if (end < text.length) line.append(" …");
    return line;
  };
  const zoned = (at) => {
    const date = new Date(at);
    if (Number.isNaN(date.getTime())) return `${at} ms`;
    try {
      return new Intl.DateTimeFormat("en-CA", { timeZone: meta.zone, dateStyle: "short", timeStyle: "medium", hourCycle: "h23" }).format(date).replace(",", "");
    } catch { return date.toISOString(); }
  };
  const result = async (post, row, marks) => {
    const [part, at] = await column(post);
    const { rank } = channelOf(post);
    const [display, username, id] = meta.people[part.person[at]] || ["", "", ""];
    const article = document.createElement("article");
    article.className = "result";
    const heading = document.createElement("h3");
    const link = document.createElement("a");
    link.href = addressOf(post, row.id);
    const name = document.createElement("bdi");
    name.textContent = display;
    const where = document.createElement("bdi");
    where.textContent = meta.channels[rank][0];
    const time = document.createElement("time");
    const date = new Date(part.at[at]);
    time.textContent = zoned(part.at[at]);
    if (!Number.isNaN(date.getTime())) time.title = time.dateTime = date.toISOString();
    link.append(name, " in ", where, ", ", time);
    name.title = `${username ? `@${username} · ` : ""}id ${id}`;
    heading.append(link);
    for (const [bit, word] of Object.entries(FLAGS)) {
      if (!(part.flags[at] & bit)) continue;
      const badge = document.createElement("span");
      badge.className = "badge";
      badge.textContent = word;
      heading.append(" ", badge);
    }
    article.append(heading, excerpt(row.text || "(no text)", marks));
    if (row.earlier && marks.some((mark) => runs(row.earlier).some((run) => run.letters.join("").startsWith(mark.letters)))) {
      const earlier = excerpt(row.earlier, marks);
      earlier.prepend("earlier: ");
      earlier.className = "small";
      article.append(earlier);
    }
    return article;
  };

  // A new search makes the one before stop.
  let running = 0;
  let queue = null;
  const show = async (ticket) => {
    further.hidden = true;
    const { posts, asked } = queue;
    let shown = 0;
    while (queue.next < posts.length && shown < PAGE) {
      // The texts of the next posts are loaded side by side.
      const some = posts.slice(queue.next, queue.next + PAGE);
      const rows = await Promise.all(some.map(rowOf));
      if (ticket !== running) return;
      for (const [number, row] of rows.entries()) {
        if (shown === PAGE) break;
        queue.next += 1;
        queue.checked += 1;
        const whole = [row.text, row.earlier || ""].map(runs);
        if (!asked.phrases.every((phrase) => whole.some((text) => holds(text, phrase)))) continue;
        const article = await result(some[number], row, asked.marks || []);
        if (ticket !== running) return;
        results.append(article);
        shown += 1;
        queue.shown += 1;
      }
      if (asked.phrases.length) count.textContent = `${queue.shown} found in ${queue.checked} of ${posts.length} posts that hold the words`;
    }
    const more = queue.next < posts.length;
    further.hidden = !more;
    const plural = (number) => `${number.toLocaleString("en")} post${number === 1 ? "" : "s"}`;
    if (asked.phrases.length) {
      count.textContent = more ? `${plural(queue.shown)} so far, looked at ${queue.checked.toLocaleString("en")} of ${posts.length.toLocaleString("en")}` : plural(queue.shown);
    } else {
      count.textContent = plural(posts.length);
    }
    if (queue.skipped) count.textContent += "; too many words begin so, only the whole word was searched";
  };
  const search = async () => {
    const ticket = (running += 1);
    try {
      count.textContent = "…";
      await ready;
      const query = box.words.value.trim();
      const asked = parse(query);
      const { posts, skipped } = await candidates(asked, query);
      if (ticket !== running) return;
      results.replaceChildren();
      further.hidden = true;
      if (!posts) { count.textContent = ""; return; }
      queue = { posts, asked, skipped, next: 0, shown: 0, checked: 0 };
      await show(ticket);
    } catch (error) {
      if (ticket === running) count.textContent = error.message;
    }
  };
  const FIELDS = { q: box.words, in: box.in, from: box.from, since: box.since, until: box.until, order: box.order };
  const remember = () => {
    const parts = Object.entries(FIELDS).filter(([name, field]) => field.value && !(name === "order" && field.value === "new"));
    const flags = flagsAsked();
    const hash = [...parts.map(([name, field]) => `${name}=${encodeURIComponent(field.value)}`), ...(flags ? [`only=${flags}`] : [])].join("&");
    history.replaceState(null, "", hash ? `#${hash}` : location.pathname);
  };
  const recall = async () => {
    const asked = new Map(location.hash.slice(1).split("&").filter(Boolean).map((part) => {
      const [name, value = ""] = part.split("=");
      try { return [name, decodeURIComponent(value)]; } catch { return [name, ""]; }
    }));
    await ready.catch(() => {});
    if (asked.has("post") && meta) {
      const found = await lookUp(meta.ids, asked.get("post"), false, "ids").catch(() => null);
      if (found?.length) { location.replace(addressOf(found[0], asked.get("post"))); return; }
      count.textContent = `The transcript holds no post ${asked.get("post")}.`;
      return;
    }
    for (const [name, field] of Object.entries(FIELDS)) if (asked.has(name)) field.value = asked.get(name);
    for (const check of form.querySelectorAll("input[type=checkbox]")) check.checked = (Number(asked.get("only") || 0) & Number(check.value)) !== 0;
    if (asked.size) await search(); else box.words.focus();
  };
  let timer = 0;
  const soon = (wait) => { clearTimeout(timer); timer = setTimeout(() => { remember(); search(); }, wait); };
  form.addEventListener("input", (event) => soon(event.target === box.words || event.target === box.from ? 250 : 0));
  form.addEventListener("submit", (event) => { event.preventDefault(); soon(0); });
  further.addEventListener("click", () => show(running));
  addEventListener("hashchange", recall);
  ready.catch((error) => { count.textContent = error.message; });
  recall();
})();
