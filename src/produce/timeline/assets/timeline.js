"use strict";
// What happened, drawn: lanes by type, person or channel, a strip of how dense it was, a list, and the record of each
// event. Everything comes from the scripts beside this one; texts are drawn or set as text, never as markup.
(() => {
  const told = window.timeline;
  const $ = (id) => document.getElementById(id);
  if (!told || !$("board")) return;

  // Events as columns, in order. A row is [at, sort, actor, channel, run, milestone, kind, id, description, message, cut, index, because].
  const rows = told.parts.flat();
  const total = rows.length;
  const at = Float64Array.from(rows, (row) => row[0]);
  const GROUPS = ["response", "talk", "change", "feed", "people", "call", "access", "evidence"];
  const groupOf = told.sorts.map((sort) => GROUPS.indexOf(sort[2]));
  const counts = told.sorts.map(() => 0);
  for (const row of rows) counts[row[1]] += 1;
  const MINUTE = 60000, HOUR = 60 * MINUTE, DAY = 24 * HOUR;

  // ---- words
  const pad = (number) => String(number).padStart(2, "0");
  // How far the chosen zone is ahead of UTC at a time; its changes come with the events, so that every browser has the same.
  const ahead = (time) => {
    let from = 0, until = told.offsets.length;
    while (until - from > 1) {
      const middle = (from + until) >> 1;
      if (told.offsets[middle][0] <= time) from = middle;
      else until = middle;
    }
    return told.offsets[from][1];
  };
  const isUtc = told.zone === "UTC";
  const there = (time) => new Date(time + ahead(time));
  const day = (time) => {
    const date = there(time);
    return Number.isNaN(date.getTime()) ? `${time} ms` : date.toISOString().replace(/^\+0*/, "").slice(0, 10);
  };
  const clock = (time, seconds) => {
    const date = there(time);
    if (Number.isNaN(date.getTime())) return "";
    return `${pad(date.getUTCHours())}:${pad(date.getUTCMinutes())}${seconds ? `:${pad(date.getUTCSeconds())}` : ""}`;
  };
  const moment = (time) => `${day(time)} ${clock(time, true)}`;
  const span = (time) => {
    const units = [[DAY, "d"], [HOUR, "h"], [MINUTE, "min"], [1000, "s"]];
    for (let n = 0; n < units.length; n += 1) {
      const [unit, word] = units[n];
      if (time < unit) continue;
      const next = units[n + 1];
      const rest = next ? Math.floor((time % unit) / next[0]) : 0;
      return `${Math.floor(time / unit)} ${word}${rest ? ` ${rest} ${next[1]}` : ""}`;
    }
    return `${Math.round(time)} ms`;
  };
  const number = (count) => count.toLocaleString("en");
  const word = (row) => told.sorts[row[1]][0];

  // ---- where it begins and ends
  const whole = total ? [at[0], at[total - 1]] : [0, HOUR];
  const padded = ([from, until], share) => {
    const more = Math.max((until - from) * share, 30000);
    return [from - more, until + more];
  };
  const home = (() => {
    const begins = told.runs.slice(1).map((run) => run[2]).filter((time) => time > 0);
    if (begins.length) {
      const marks = rows.filter((row) => row[5]).map((row) => row[0]);
      const ends = told.runs.slice(1).map((run) => run[3]).filter((time) => time > 0);
      const from = Math.min(...begins, ...(marks.length < 5000 ? marks : [])), until = Math.max(...ends, ...begins, ...(marks.length < 5000 ? marks : []));
      if (until - from < 400 * DAY) return padded([from, until], 0.05);
    }
    // Most of what happened, where a few events stand far from all others.
    const most = total > 50 ? [at[Math.floor(total * 0.01)], at[Math.ceil(total * 0.99) - 1]] : whole;
    return padded(most[1] - most[0] < 0.5 * (whole[1] - whole[0]) ? most : whole, 0.03);
  })();
  const everything = padded(whole, 0.02);
  let view = [...home];

  // ---- what is shown
  const shown = { sorts: new Set(told.sorts.keys()), actor: "", text: "", lanes: "type" };
  let kept = Int32Array.from(rows.keys());
  let lanes = [], laneOf = new Int16Array(total), selected = -1, low = null;

  const lower = () => {
    low ||= rows.map((row) => `${row[9]}\n${told.actors[row[2]][0]}\n${told.channels[row[3]]}\n${told.kinds[row[6]]}/${row[7]}`.toLowerCase());
    return low;
  };
  const filter = () => {
    const words = shown.text.toLowerCase().split(/\s+/).filter(Boolean);
    const texts = words.length ? lower() : null;
    const actor = shown.actor === "" ? -1 : Number(shown.actor);
    const found = [];
    for (let n = 0; n < total; n += 1) {
      const row = rows[n];
      if (!shown.sorts.has(row[1]) || (actor >= 0 && row[2] !== actor)) continue;
      if (texts && !words.every((one) => texts[n].includes(one))) continue;
      found.push(n);
    }
    kept = Int32Array.from(found);
    arrange();
  };

  // Lanes of what is kept: every type in its order, or the busiest people or channels and the rest together.
  const MOST = 18;
  const arrange = () => {
    const key = { type: 1, person: 2, channel: 3 }[shown.lanes];
    const name = { type: (n) => told.sorts[n][0], person: (n) => told.actors[n][0] || "nobody is named", channel: (n) => told.channels[n] || "no channel" }[shown.lanes];
    const tally = new Map();
    for (const n of kept) tally.set(rows[n][key], (tally.get(rows[n][key]) || 0) + 1);
    let order = [...tally.keys()];
    if (key === 1) order.sort((a, b) => a - b);
    else order.sort((a, b) => tally.get(b) - tally.get(a) || a - b);
    const rest = key !== 1 && order.length > MOST ? order.splice(MOST - 1) : [];
    lanes = order.map((value) => ({ name: name(value), count: tally.get(value) }));
    if (rest.length) lanes.push({ name: `${number(rest.length)} more`, count: rest.reduce((sum, value) => sum + tally.get(value), 0) });
    const place = new Map(order.map((value, n) => [value, n]));
    laneOf = new Int16Array(total);
    for (const n of kept) laneOf[n] = place.get(rows[n][key]) ?? order.length;
    size();
  };

  // First of the kept events that is not before `time`.
  const first = (time) => {
    let from = 0, until = kept.length;
    while (from < until) {
      const middle = (from + until) >> 1;
      if (at[kept[middle]] < time) from = middle + 1;
      else until = middle;
    }
    return from;
  };

  // ---- colours, as the style sheet has them
  let paint = {};
  const mix = () => {
    const style = getComputedStyle(document.documentElement);
    const read = (name) => style.getPropertyValue(`--${name}`).trim();
    paint = Object.fromEntries(["ink", "soft", "line", "rule", "quiet", "paper", "accent", "accent-tint", "tint"].map((name) => [name, read(name)]));
    paint.groups = GROUPS.map(read);
    const body = getComputedStyle(document.body).fontFamily;
    paint.font = (pixels, weight = 400) => `${weight} ${pixels}px ${body}`;
  };

  const board = $("board"), strip = $("strip"), canvas = $("lanes");
  const CELL = 9, RUN = 20, BAR = 24;
  // Where there is no room beside lanes, their names stand in them.
  let LANE = 28, MIDDLE = 14;
  let wide = 0, gutter = 0, head = 0, tall = 0, cells = new Map();

  const prepare = (element, height) => {
    const ratio = window.devicePixelRatio || 1;
    element.style.height = `${height}px`;
    const [across, down] = [Math.round(wide * ratio), Math.round(height * ratio)];
    if (element.width !== across || element.height !== down) [element.width, element.height] = [across, down];
    const context = element.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, wide, height);
    return context;
  };
  const size = () => {
    wide = board.clientWidth;
    gutter = wide < 640 ? 0 : shown.lanes === "type" ? 156 : 190;
    [LANE, MIDDLE] = gutter ? [28, 14] : [40, 27];
    head = 46 + Math.min(told.runs.length - 1, 4) * RUN + 40;
    tall = head + Math.max(lanes.length, 1) * LANE + 34;
    draw();
  };
  const toX = (time) => gutter + ((time - view[0]) / (view[1] - view[0])) * (wide - gutter);
  const toTime = (x) => view[0] + ((x - gutter) / (wide - gutter)) * (view[1] - view[0]);
  const clip = (context, text, width) => {
    if (context.measureText(text).width <= width) return text;
    let end = Math.min(text.length, Math.floor(width / 5));
    while (end > 0 && context.measureText(`${text.slice(0, end)}…`).width > width) end -= 1;
    return end > 0 ? `${text.slice(0, end)}…` : "";
  };

  // ---- the strip: how dense it was, and what part is seen
  const range = () => {
    // The incident and its surroundings, until somebody leaves them.
    const near = 2 * (home[1] - home[0]);
    if (view[0] >= home[0] - near && view[1] <= home[1] + near) return [Math.min(home[0], view[0]), Math.max(home[1], view[1])];
    return [Math.min(everything[0], view[0]), Math.max(everything[1], view[1])];
  };
  let over = home;
  const stripX = (time) => ((time - over[0]) / (over[1] - over[0])) * wide;
  const drawStrip = () => {
    const height = 76, base = height - 17;
    const context = prepare(strip, height);
    over = range();
    const bins = Math.max(1, Math.floor(wide / 4));
    const tally = new Uint32Array(bins * GROUPS.length), sums = new Uint32Array(bins);
    for (let n = first(over[0]), end = first(over[1] + 1); n < end; n += 1) {
      const bin = Math.min(bins - 1, Math.max(0, Math.floor(((at[kept[n]] - over[0]) / (over[1] - over[0])) * bins)));
      tally[bin * GROUPS.length + groupOf[rows[kept[n]][1]]] += 1;
      sums[bin] += 1;
    }
    const most = sums.reduce((known, sum) => Math.max(known, sum), 1);
    const width = wide / bins;
    for (let bin = 0; bin < bins; bin += 1) {
      if (!sums[bin]) continue;
      const full = Math.max(3, Math.sqrt(sums[bin] / most) * (base - 9));
      let y = base;
      for (let group = 0; group < GROUPS.length; group += 1) {
        const part = (tally[bin * GROUPS.length + group] / sums[bin]) * full;
        if (!part) continue;
        context.fillStyle = paint.groups[group];
        context.fillRect(bin * width, y - part, Math.max(1.5, width - 1), part);
        y -= part;
      }
    }
    // Time below it.
    context.font = paint.font(10.5);
    context.fillStyle = paint.soft;
    context.textBaseline = "alphabetic";
    for (const tick of ticks(over, wide, 110)) {
      const x = stripX(tick.time);
      context.fillRect(x, base, 1, 4);
      context.textAlign = x < 30 ? "left" : x > wide - 40 ? "right" : "center";
      context.fillText(tick.short, x, height - 3);
    }
    // What is seen.
    const left = stripX(view[0]), right = stripX(view[1]);
    if (left > 1 || right < wide - 1) {
      context.globalAlpha = 0.72;
      context.fillStyle = paint.quiet;
      context.fillRect(0, 0, Math.max(0, left), base);
      context.fillRect(right, 0, Math.max(0, wide - right), base);
      context.globalAlpha = 1;
      context.strokeStyle = paint.accent;
      context.lineWidth = 2;
      context.strokeRect(left + 1, 1, Math.max(4, right - left - 2), base - 2);
      context.fillStyle = paint.accent;
      for (const x of [left, right]) {
        context.beginPath();
        context.roundRect(x - 3, base / 2 - 10, 6, 20, 3);
        context.fill();
      }
    }
  };

  const STEPS = [1, 2, 5, 10, 50, 100, 500, 1000, 5000, 15000, 30000, MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR,
    DAY, 2 * DAY, 7 * DAY, 14 * DAY, 30 * DAY, 90 * DAY, 365 * DAY, 3650 * DAY, 36500 * DAY];
  const ticks = ([from, until], width, apart) => {
    const step = STEPS.find((one) => (one / (until - from)) * width >= apart) || (until - from) / 2;
    const found = [];
    // Whole hours and days are those of the zone.
    const shift = step >= MINUTE ? ahead(from) : 0;
    for (let local = Math.ceil((from + shift) / step) * step; local - shift <= until && found.length < 60; local += step) {
      const time = step >= MINUTE ? local - ahead(local - shift) : local;
      const short = step >= DAY ? day(time) : step < 1000 ? `${clock(time, true)}.${String(((time % 1000) + 1000) % 1000).padStart(3, "0")}` : clock(time, step < MINUTE);
      found.push({ time, short, day: day(time), isDay: (time + ahead(time)) % DAY === 0 });
    }
    return found;
  };

  // ---- the lanes
  const glyph = (context, row, x, y, isSelected) => {
    const sort = word(row);
    context.fillStyle = context.strokeStyle = paint.groups[groupOf[row[1]]];
    context.lineWidth = 2;
    context.beginPath();
    if (row[5]) {
      context.moveTo(x, y - 7); context.lineTo(x + 7, y); context.lineTo(x, y + 7); context.lineTo(x - 7, y); context.closePath();
      context.fill();
      // Told apart from a bar that it stands on.
      context.strokeStyle = paint.paper;
      context.lineWidth = 1.25;
      context.stroke();
    } else if (sort === "delete" || sort === "purge") {
      context.moveTo(x - 4, y - 4); context.lineTo(x + 4, y + 4); context.moveTo(x + 4, y - 4); context.lineTo(x - 4, y + 4);
      context.stroke();
    } else if (sort === "join" || sort === "leave") {
      const tip = sort === "join" ? -5 : 5;
      context.moveTo(x, y + tip); context.lineTo(x + 5, y - tip * 0.8); context.lineTo(x - 5, y - tip * 0.8); context.closePath();
      context.fill();
    } else if (sort === "task" || sort === "config" || sort === "role") {
      context.roundRect(x - 4.2, y - 4.2, 8.4, 8.4, 1.5);
      context.fill();
    } else if (sort === "edit" || sort === "notice") {
      context.arc(x, y, 3.6, 0, 7);
      context.stroke();
    } else {
      context.arc(x, y, 4.5, 0, 7);
      context.fill();
    }
    if (!isSelected) return;
    context.beginPath();
    context.arc(x, y, 10, 0, 7);
    context.strokeStyle = paint.ink;
    context.lineWidth = 2;
    context.stroke();
  };

  const drawLanes = () => {
    const context = prepare(canvas, tall);
    const [from, until] = view;
    const begin = first(from), end = first(until + 1);
    context.textBaseline = "middle";
    // Ground: lanes, time, gaps.
    for (let n = 0; n < lanes.length; n += 1) {
      if (n % 2 === 0) {
        context.fillStyle = paint.quiet;
        context.fillRect(0, head + n * LANE, wide, LANE);
      }
    }
    context.font = paint.font(11);
    let before = "";
    for (const tick of ticks(view, wide - gutter, 86)) {
      const x = Math.round(toX(tick.time)) + 0.5;
      context.strokeStyle = tick.isDay ? paint.line : paint.rule;
      context.beginPath();
      context.moveTo(x, 34); context.lineTo(x, tall);
      context.stroke();
      context.textAlign = "left";
      context.fillStyle = paint.soft;
      context.fillText(tick.short === tick.day ? "" : tick.short, x + 4, 27);
      if (tick.day !== before) {
        context.fillStyle = paint.ink;
        context.fillText(tick.day, x + 4, 11);
        before = tick.day;
      }
    }
    const gap = gaps(begin, end);
    for (const [left, right] of gap) {
      const x = Math.max(gutter, toX(left)), width = toX(right) - x;
      context.save();
      context.beginPath();
      context.rect(x, head, width, lanes.length * LANE);
      context.clip();
      context.strokeStyle = paint.line;
      context.lineWidth = 1;
      context.beginPath();
      for (let slant = x - lanes.length * LANE; slant < x + width; slant += 9) { context.moveTo(slant, head + lanes.length * LANE); context.lineTo(slant + lanes.length * LANE, head); }
      context.stroke();
      context.restore();
      const text = `${span(right - left)} quiet`;
      context.font = paint.font(11, 500);
      const room = context.measureText(text).width + 14;
      if (width > room + 8) {
        const middle = x + width / 2;
        context.fillStyle = paint.paper;
        context.strokeStyle = paint.line;
        context.beginPath();
        context.roundRect(middle - room / 2, tall - 30, room, 20, 10);
        context.fill();
        context.stroke();
        context.fillStyle = paint.soft;
        context.textAlign = "center";
        context.fillText(text, middle, tall - 19.5);
      }
    }
    // Runs, from when to when.
    told.runs.slice(1, 5).forEach(([, name, start, stop], n) => {
      if (!start) return;
      const y = 40 + n * RUN, left = Math.max(gutter, toX(start)), right = Math.min(wide, stop > start ? toX(stop) : wide);
      if (right < gutter || left > wide) return;
      context.fillStyle = paint["accent-tint"];
      context.beginPath();
      context.roundRect(left, y, Math.max(3, right - left), RUN - 4, 4);
      context.fill();
      context.fillStyle = paint.accent;
      context.fillRect(left, y, 3, RUN - 4);
      context.font = paint.font(11, 600);
      context.textAlign = "left";
      context.fillText(clip(context, stop > start ? name : `${name} (not finished)`, right - left - 14), left + 9, y + (RUN - 4) / 2 + 0.5);
    });
    // Milestones: a line through all lanes, and a few words where there is room.
    const ends = [-1, -1];
    const top = 46 + Math.min(told.runs.length - 1, 4) * RUN;
    context.font = paint.font(11, 500);
    const marks = [];
    for (let n = begin; n < end; n += 1) if (rows[kept[n]][5]) marks.push(rows[kept[n]]);
    for (const row of marks) {
      const x = Math.round(toX(row[0])) + 0.5;
      context.strokeStyle = paint.groups[0];
      context.globalAlpha = 0.55;
      context.setLineDash([3, 4]);
      context.beginPath();
      context.moveTo(x, top); context.lineTo(x, tall - 8);
      context.stroke();
      context.setLineDash([]);
      context.globalAlpha = 1;
    }
    for (const row of marks) {
      const x = Math.round(toX(row[0])) + 0.5;
      const line = ends[0] <= x ? 0 : ends[1] <= x ? 1 : -1;
      if (line < 0) continue;
      const text = clip(context, label(row), 150);
      const width = context.measureText(text).width;
      const start = x + 5 + width > wide ? Math.max(gutter, x - 5 - width) : x + 5;
      if (start < ends[line]) continue;
      context.fillStyle = paint.paper;
      context.fillRect(start - 2, top + line * 18, width + 4, 16);
      context.textAlign = "left";
      context.fillStyle = paint.ink;
      context.fillText(text, start, top + 8 + line * 18);
      ends[line] = start + width + 12;
    }
    // Events: one is a mark, several in one place are a bar of what they are.
    cells = new Map();
    const each = (CELL / (wide - gutter)) * (until - from);
    for (let n = begin; n < end; n += 1) {
      const event = kept[n];
      const key = Math.floor(at[event] / each) * 64 + laneOf[event];
      const cell = cells.get(key);
      if (!cell) {
        cells.set(key, { event, lane: laneOf[event], count: 1, groups: null, column: Math.floor(at[event] / each), mark: rows[event][5] ? event : -1, chosen: event === selected });
        continue;
      }
      cell.groups ||= tallied(cell.event);
      cell.groups[groupOf[rows[event][1]]] += 1;
      cell.count += 1;
      cell.chosen ||= event === selected;
      if (rows[event][5] && cell.mark < 0) cell.mark = event;
    }
    context.save();
    context.beginPath();
    context.rect(gutter, 0, wide - gutter, tall);
    context.clip();
    let most = 12;
    for (const cell of cells.values()) most = Math.max(most, cell.count);
    for (const cell of cells.values()) {
      const y = head + cell.lane * LANE + MIDDLE;
      if (cell.count === 1) {
        cell.x = toX(at[cell.event]);
        glyph(context, rows[cell.event], cell.x, y, cell.chosen);
        continue;
      }
      cell.x = toX((cell.column + 0.5) * each);
      const height = 9 + (BAR - 9) * Math.sqrt(cell.count / most);
      let bottom = y + height / 2;
      context.save();
      context.beginPath();
      context.roundRect(cell.x - 3.5, y - height / 2, 7, height, 3);
      context.clip();
      cell.groups.forEach((count, group) => {
        if (!count) return;
        const part = (count / cell.count) * height;
        context.fillStyle = paint.groups[group];
        context.fillRect(cell.x - 3.5, bottom - part, 7, part);
        bottom -= part;
      });
      context.restore();
      if (cell.mark >= 0) glyph(context, rows[cell.mark], cell.x, y, false);
      if (cell.chosen) {
        context.beginPath();
        context.roundRect(cell.x - 7, y - height / 2 - 4, 14, height + 8, 7);
        context.strokeStyle = paint.ink;
        context.lineWidth = 2;
        context.stroke();
      }
    }
    context.restore();
    // Names of lanes, over everything that slides below them.
    if (gutter) {
      context.fillStyle = paint.paper;
      context.fillRect(0, 0, gutter, tall);
      context.strokeStyle = paint.line;
      context.lineWidth = 1;
      context.beginPath();
      context.moveTo(gutter - 0.5, 0); context.lineTo(gutter - 0.5, tall);
      context.stroke();
    }
    lanes.forEach((lane, n) => {
      const y = head + n * LANE + (gutter ? MIDDLE : LANE / 2);
      context.textAlign = "left";
      context.font = paint.font(gutter ? 12.5 : 10.5, 500);
      if (!gutter) {
        const text = clip(context, lane.name, 120);
        context.globalAlpha = 0.85;
        context.fillStyle = n % 2 === 0 ? paint.quiet : paint.paper;
        context.fillRect(2, y - LANE / 2 + 1, context.measureText(text).width + 4, 12);
        context.globalAlpha = 1;
        context.fillStyle = paint.soft;
        context.fillText(text, 4, y - LANE / 2 + 7);
        return;
      }
      context.fillStyle = paint.soft;
      context.textAlign = "right";
      context.font = paint.font(11);
      const count = number(lane.count);
      context.fillText(count, gutter - 10, y);
      const room = gutter - 30 - context.measureText(count).width;
      context.textAlign = "left";
      context.font = paint.font(12.5, 500);
      context.fillStyle = paint.ink;
      context.fillText(clip(context, lane.name, room), 12, y);
    });
    if (!lanes.length) {
      context.fillStyle = paint.soft;
      context.textAlign = "center";
      context.fillText("Nothing matches these filters.", wide / 2, head + LANE / 2);
    }
    return { begin, end, gap };
  };
  const tallied = (event) => {
    const groups = GROUPS.map(() => 0);
    groups[groupOf[rows[event][1]]] = 1;
    return groups;
  };
  const label = (row) => {
    const name = told.descriptions[row[8]];
    // What people put on a timeline says more than that they did.
    if (name === "Post put on the timeline") return row[9].slice(row[9].indexOf(": ") + 2).replace(/\s+/g, " ");
    const words = name.replace(/^Playbook /, "");
    return words[0].toUpperCase() + words.slice(1);
  };

  // Times without events that take up a good part of what is seen.
  const gaps = (begin, end) => {
    const least = (view[1] - view[0]) * 0.09, found = [];
    for (let n = Math.max(1, begin); n < Math.min(end + 1, kept.length); n += 1) {
      const left = at[kept[n - 1]], right = at[kept[n]];
      const seen = Math.min(right, view[1]) - Math.max(left, view[0]);
      if (seen > least) found.push([left, right]);
    }
    return found;
  };
  // The densest stretch of what is seen, a sixtieth of it long.
  const burst = (begin, end) => {
    const long = Math.max(1000, (view[1] - view[0]) / 60);
    let best = [0, 0];
    for (let left = begin, right = begin; right < end; right += 1) {
      while (at[kept[right]] - at[kept[left]] > long) left += 1;
      if (right - left + 1 > best[1]) best = [at[kept[left]], right - left + 1, at[kept[right]]];
    }
    return best;
  };

  let waiting = 0;
  const draw = () => {
    if (waiting) return;
    waiting = requestAnimationFrame(() => {
      waiting = 0;
      const started = performance.now();
      drawStrip();
      const { begin, end, gap } = drawLanes();
      list(begin, end);
      say(begin, end, gap);
      board.dataset.drawn = String(Number(board.dataset.drawn || 0) + 1);
      board.dataset.took = (performance.now() - started).toFixed(1);
    });
  };
  const say = (begin, end, gap) => {
    const parts = [`${number(end - begin)} of ${number(total)} events from ${moment(view[0])} to ${moment(view[1])} ${told.zone} (${span(view[1] - view[0])})`];
    if (end - begin > 9) {
      const [from, count, until] = burst(begin, end);
      parts.push(`busiest: ${number(count)} events in ${span(Math.max(until - from, 1000))} from ${clock(from, true)}`);
    }
    const longest = gap.reduce((known, one) => (!known || one[1] - one[0] > known[1] - known[0] ? one : known), null);
    if (longest) parts.push(`longest quiet: ${span(longest[1] - longest[0])} from ${clock(longest[0], true)}`);
    $("said").textContent = `${parts.join("; ")}.`;
  };

  // ---- moving
  const least = 200;
  const go = (from, until) => {
    let width = Math.min(Math.max(until - from, least), (everything[1] - everything[0]) * 1.5);
    const middle = Math.min(Math.max((from + until) / 2, everything[0]), everything[1]);
    if (!Number.isFinite(width)) width = HOUR;
    view = [middle - width / 2, middle + width / 2];
    draw();
  };
  const middle = () => (selected >= 0 && at[selected] >= view[0] && at[selected] <= view[1] ? at[selected] : (view[0] + view[1]) / 2);
  const zoom = (factor, around = middle()) => go(around - (around - view[0]) * factor, around + (view[1] - around) * factor);
  const pan = (share) => go(view[0] + (view[1] - view[0]) * share, view[1] + (view[1] - view[0]) * share);

  // ---- the list of what is seen, of which only what can be looked at exists
  const scroller = $("list"), items = $("items"), pool = [];
  const narrow = window.matchMedia("(max-width: 40rem)");
  let part = [0, 0], row = 30;
  const list = (begin, end) => {
    const isSame = part[0] === begin && part[1] === end;
    part = [begin, end];
    row = narrow.matches ? 46 : 30;
    items.style.height = `${(end - begin) * row}px`;
    if (!isSame) reveal();
    fill();
  };
  const reveal = () => {
    const place = Array.prototype.indexOf.call(kept.subarray(part[0], part[1]), selected);
    if (selected < 0 || place < 0) return;
    const y = place * row;
    if (y < scroller.scrollTop || y > scroller.scrollTop + scroller.clientHeight - row) scroller.scrollTop = Math.max(0, y - scroller.clientHeight / 3);
  };
  const fill = () => {
    const from = Math.max(0, Math.floor(scroller.scrollTop / row) - 4);
    const need = Math.min(part[1] - part[0] - from, Math.ceil(scroller.clientHeight / row) + 8);
    while (pool.length < need) pool.push(made());
    pool.forEach((item, n) => {
      item.root.hidden = n >= need;
      if (n < need) show(item, from + n);
    });
  };
  const made = () => {
    const create = (name, className) => Object.assign(document.createElement(name), { className });
    const item = { root: create("li", "row"), button: create("button", ""), time: create("time", ""), sort: create("span", "sort"), word: create("span", ""), what: create("span", "what") };
    item.what.dir = "auto";
    item.button.type = "button";
    item.sort.append(item.word);
    item.button.append(item.time, item.sort, item.what);
    item.root.append(item.button);
    item.button.addEventListener("click", () => choose(item.event, false));
    items.append(item.root);
    return item;
  };
  const show = (item, place) => {
    const event = kept[part[0] + place], data = rows[event];
    item.event = event;
    item.root.style.top = `${place * row}px`;
    item.root.classList.toggle("milestone", Boolean(data[5]));
    item.root.setAttribute("aria-setsize", part[1] - part[0]);
    item.root.setAttribute("aria-posinset", place + 1);
    item.time.textContent = moment(data[0]);
    item.sort.className = `sort ${told.sorts[data[1]][2].replace("people", "people-group")}`;
    item.word.textContent = word(data);
    item.what.textContent = data[9].slice(0, 300);
    if (event === selected) item.button.setAttribute("aria-current", "true");
    else item.button.removeAttribute("aria-current");
  };

  // ---- one event
  const choose = (event, moves = true) => {
    selected = event;
    detail();
    if (event >= 0 && moves && (at[event] < view[0] || at[event] > view[1])) {
      const half = (view[1] - view[0]) / 2;
      go(at[event] - half, at[event] + half);
    }
    reveal();
    draw();
    if (event >= 0) history.replaceState(null, "", `#r=${encodeURIComponent(`${told.kinds[rows[event][6]]}/${rows[event][7]}`)}`);
  };
  const detail = () => {
    const there = selected >= 0;
    $("nothing").hidden = there;
    $("one").hidden = !there;
    if (!there) return;
    const data = rows[selected];
    const set = (id, text) => {
      $(id).textContent = text;
      for (const element of document.querySelectorAll(`[data-of="${id}"]`)) element.hidden = text === "";
    };
    $("one-title").textContent = told.descriptions[data[8]];
    $("one-sort").textContent = data[5] ? `${word(data)}, milestone` : word(data);
    $("one-sort").className = `state ${told.sorts[data[1]][2].replace("people", "people-group")}`;
    $("one-message").textContent = data[9] + (data[10] ? `… (${number(data[10])} more characters in the record)` : "");
    const exact = `${moment(data[0])}.${String(((data[0] % 1000) + 1000) % 1000).padStart(3, "0")} ${told.zone}`;
    const utc = isUtc || Number.isNaN(new Date(data[0]).getTime()) ? "" : ` (${new Date(data[0]).toISOString()})`;
    set("one-time", exact + utc);
    set("one-actor", told.actors[data[2]][0]);
    set("one-channel", told.channels[data[3]]);
    set("one-run", told.runs[data[4]][1]);
    set("one-record", `${told.kinds[data[6]]}/${data[7]}`);
    set("one-because", told.reasons[data[12]]);
    set("one-index", data[11] < 0 ? "" : `line ${number(data[11])} of the archive, counted from 0`);
  };
  const step = (by) => {
    if (!kept.length) return;
    let place = selected < 0 ? first(view[0]) - (by > 0 ? 1 : 0) : kept.indexOf(selected);
    if (place < 0 && selected >= 0) place = first(at[selected]) - (by > 0 ? 1 : 0);
    choose(kept[Math.min(kept.length - 1, Math.max(0, place + by))]);
  };
  const milestone = (by) => {
    const from = selected < 0 ? (by > 0 ? -1 : total) : selected;
    for (let n = from + by; n >= 0 && n < total; n += by) if (rows[n][5]) return choose(n);
    return undefined;
  };
  const find = (name) => {
    const cut = name.indexOf("/");
    const kind = told.kinds.indexOf(name.slice(0, cut)), id = name.slice(cut + 1);
    return rows.findIndex((data) => data[6] === kind && data[7] === id);
  };
  const follow = () => {
    if (!location.hash.startsWith("#r=")) return;
    let name = "";
    try { name = decodeURIComponent(location.hash.slice(3)); } catch { return; }
    const event = find(name);
    if (event < 0) return;
    choose(event);
    $("board").scrollIntoView({ block: "nearest" });
  };

  // ---- pointers
  const hit = (x, y) => {
    const lane = Math.floor((y - head) / LANE);
    let best = null;
    for (const cell of cells.values()) {
      if (cell.lane !== lane) continue;
      const away = Math.abs(cell.x - x);
      if (away < 11 && (!best || away < Math.abs(best.x - x))) best = cell;
    }
    return best;
  };
  const place = (event) => {
    const box = event.currentTarget.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const held = new Map();
  let moved = 0;
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    held.set(event.pointerId, place(event));
    moved = 0;
    canvas.classList.add("held");
  });
  canvas.addEventListener("pointermove", (event) => {
    const [x, y] = place(event);
    const before = held.get(event.pointerId);
    if (!before) return hint(hit(x, y), event);
    held.set(event.pointerId, [x, y]);
    moved += Math.abs(x - before[0]) + Math.abs(y - before[1]);
    if (held.size === 1) {
      const by = ((before[0] - x) / (wide - gutter)) * (view[1] - view[0]);
      if (moved > 3) go(view[0] + by, view[1] + by);
    } else {
      const other = [...held.entries()].find(([id]) => id !== event.pointerId)[1];
      const was = Math.abs(before[0] - other[0]), is = Math.abs(x - other[0]);
      if (was > 8 && is > 8) zoom(was / is, toTime((x + other[0]) / 2));
    }
    return hint(null, event);
  });
  const release = (event) => {
    const isClick = event.type === "pointerup" && held.size === 1 && moved <= 3;
    held.delete(event.pointerId);
    if (!held.size) canvas.classList.remove("held");
    if (!isClick) return;
    const cell = hit(...place(event));
    choose(cell ? (cell.mark >= 0 ? cell.mark : cell.event) : -1, false);
  };
  canvas.addEventListener("pointerup", release);
  canvas.addEventListener("pointercancel", release);
  canvas.addEventListener("pointerleave", (event) => hint(null, event));
  canvas.addEventListener("dblclick", (event) => zoom(0.4, toTime(place(event)[0])));
  canvas.addEventListener("wheel", (event) => {
    if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      event.preventDefault();
      pan(event.deltaX / wide);
    } else if (event.ctrlKey || event.metaKey || event.shiftKey) {
      event.preventDefault();
      zoom(Math.exp(Math.max(-60, Math.min(60, event.deltaY)) / 150), toTime(place(event)[0]));
    }
  }, { passive: false });
  const tip = $("tip");
  const hint = (cell, event) => {
    tip.hidden = !cell;
    if (!cell) return;
    const data = rows[cell.mark >= 0 ? cell.mark : cell.event];
    $("tip-time").textContent = cell.count > 1 ? `${number(cell.count)} events from ${moment(at[cell.event])}` : moment(data[0]);
    $("tip-what").textContent = data[9].slice(0, 400);
    tip.style.left = `${Math.min(event.clientX + 14, window.innerWidth - tip.offsetWidth - 12)}px`;
    tip.style.top = `${Math.min(event.clientY + 16, window.innerHeight - tip.offsetHeight - 12)}px`;
  };
  // The strip: drag what is seen, an edge of it, or a new part.
  let brush = null;
  strip.addEventListener("pointerdown", (event) => {
    strip.setPointerCapture(event.pointerId);
    const [x] = place(event), time = over[0] + (x / wide) * (over[1] - over[0]);
    const left = stripX(view[0]), right = stripX(view[1]);
    const isWhole = left <= 1 && right >= wide - 1;
    if (!isWhole && Math.abs(x - left) < 7) brush = { kind: "left", over };
    else if (!isWhole && Math.abs(x - right) < 7) brush = { kind: "right", over };
    else if (!isWhole && x > left && x < right) brush = { kind: "all", from: time, view: [...view], over };
    else brush = { kind: "new", from: time, over };
  });
  strip.addEventListener("pointermove", (event) => {
    if (!brush) return;
    const time = brush.over[0] + (place(event)[0] / wide) * (brush.over[1] - brush.over[0]);
    if (brush.kind === "left") go(Math.min(time, view[1] - least), view[1]);
    else if (brush.kind === "right") go(view[0], Math.max(time, view[0] + least));
    else if (brush.kind === "all") go(brush.view[0] + time - brush.from, brush.view[1] + time - brush.from);
    else if (Math.abs(stripX(time) - stripX(brush.from)) > 4) go(Math.min(time, brush.from), Math.max(time, brush.from));
  });
  for (const name of ["pointerup", "pointercancel"]) strip.addEventListener(name, () => { brush = null; });

  // ---- keys
  const keys = {
    ArrowRight: (event) => (event.shiftKey ? pan(0.2) : step(1)),
    ArrowLeft: (event) => (event.shiftKey ? pan(-0.2) : step(-1)),
    "+": () => zoom(0.6), "=": () => zoom(0.6), "-": () => zoom(1 / 0.6),
    0: () => go(...home), 9: () => go(...everything),
    m: () => milestone(1), M: () => milestone(-1),
    "/": () => $("words").focus(), "?": () => $("keys").showModal(),
    Escape: () => choose(-1, false),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || $("keys").open) return;
    const isTyping = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
    if (isTyping) {
      if (event.key === "Escape") canvas.focus();
      return;
    }
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act(event);
  });

  // ---- tools
  const chips = $("chips");
  const pressed = () => {
    for (const chip of chips.querySelectorAll("[data-sort]")) chip.setAttribute("aria-pressed", String(shown.sorts.has(Number(chip.dataset.sort))));
  };
  told.sorts.forEach(([name, meaning, group], n) => {
    if (!counts[n]) return;
    const chip = Object.assign(document.createElement("button"), { type: "button", className: `chip ${group.replace("people", "people-group")}`, title: meaning });
    chip.dataset.sort = n;
    const text = document.createElement("span"), count = document.createElement("b");
    text.textContent = name;
    count.textContent = number(counts[n]);
    chip.append(text, count);
    chip.addEventListener("click", () => {
      if (shown.sorts.has(n)) shown.sorts.delete(n);
      else shown.sorts.add(n);
      pressed();
      filter();
    });
    chips.append(chip);
  });
  for (const [id, values] of [["all", [...told.sorts.keys()]], ["none", []]]) {
    $(id).addEventListener("click", () => {
      shown.sorts = new Set(values);
      pressed();
      filter();
    });
  }
  const people = told.actors.map((actor, n) => [actor[0], n, 0]);
  for (const data of rows) people[data[2]][2] += 1;
  for (const [name, n, count] of people.filter((one) => one[0] && one[2]).sort((a, b) => b[2] - a[2]).slice(0, 500)) {
    $("actor").append(new Option(`${name} (${number(count)})`, n));
  }
  $("actor").addEventListener("change", () => { shown.actor = $("actor").value; filter(); });
  $("by").addEventListener("change", () => { shown.lanes = $("by").value; arrange(); });
  let soon = 0;
  $("words").addEventListener("input", () => {
    clearTimeout(soon);
    soon = setTimeout(() => { shown.text = $("words").value; filter(); }, 120);
  });
  const act = { in: () => zoom(0.5), out: () => zoom(2), home: () => go(...home), whole: () => go(...everything), help: () => $("keys").showModal(), close: () => $("keys").close(),
    next: () => step(1), previous: () => step(-1), closer: () => { const half = Math.max((view[1] - view[0]) / 8, least); go(at[selected] - half, at[selected] + half); } };
  for (const [id, work] of Object.entries(act)) $(`do-${id}`).addEventListener("click", work);
  scroller.addEventListener("scroll", fill, { passive: true });
  window.addEventListener("resize", size);
  window.addEventListener("hashchange", follow);
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { mix(); draw(); });
  window.addEventListener("beforeprint", () => { mix(); drawStrip(); drawLanes(); });
  window.addEventListener("afterprint", () => { mix(); draw(); });

  $("live").hidden = false;
  mix();
  pressed();
  filter();
  follow();
})();
