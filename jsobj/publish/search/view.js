/* The page around the engine: fields, the list, and the fragment of the URL, in which a search is sent to others. */

const atFirst = 60, atOnce = 200;  // rows
const warmed = 8 * 1024 ** 2;  // bytes that are fetched before anybody asks for them
const shortest = 300;  // characters of a cell that are shown at once
const most = 10;  // columns that are shown without being asked for
const titles = {
  _object: "File", _key: "Key", _size: "Size", _url: "URL", _sha256: "SHA-256", _etag: "ETag", _loaded: "Loaded",
  _source: "Source", _line: "Line",
};
const find = id => document.getElementById(id);
const [search, number, progress, trouble, table] = ["search", "count", "progress", "trouble", "table"].map(find);
const body = table.tBodies[0], more = find("more");

let catalogue, fields = [], boxes = [], sort = null;
let run = 0, found = null, walk = null, fresh = true, drawing = 0, shown = 0, keeping = 0;

// -- what is asked for

const title = column => titles[catalogue.columns[column].name] || catalogue.columns[column].name || "no name";
const seen = () => boxes.flatMap((box, column) => box.checked ? [column] : []).sort((a, b) => place(a) - place(b));
const place = column => ({ _object: -1, _size: Infinity })[catalogue.columns[column].name] ?? column;
const usual = () => {
  const all = catalogue.columns.map((_, column) => column).sort((a, b) => place(a) - place(b));
  const own = all.filter(column => !catalogue.columns[column].name.startsWith("_"));
  const beside = all.filter(column => ["_object", "_size"].includes(catalogue.columns[column].name));
  return new Set([...own.slice(0, most - beside.length), ...(own.length || beside.length ? beside : all.slice(0, most))]);
};
const asked = () => {
  const shown = new Set(seen()), words = [], ranges = [];
  const everywhere = catalogue.columns.flatMap(({ name }, column) => unread.includes(name) && !shown.has(column) ? [] : [column]);
  for (const word of fold(search.value).split(/\s+/).filter(Boolean)) words.push({ columns: everywhere, word });
  fields.forEach(([first, last], column) => {
    if (last === undefined) {
      if (first.value) words.push({ columns: [column], word: fold(first.value) });
    } else if (first.value || last.value) {
      const value = catalogue.kinds[column] === "date" ? day : Number;
      const [least, largest] = [first.value ? value(first.value) : -Infinity, last.value ? value(last.value) : Infinity];
      ranges.push({ column, least, largest });
    }
  });
  return { words, ranges, sort };
};

// -- the fragment: #q=leaf&.date=2026-01-01..2026-02-01&sort=-date&show=item

const fragment = () => {
  const parts = new URLSearchParams();
  if (search.value) parts.append("q", search.value);
  fields.forEach(([first, last], column) => {
    const value = last === undefined ? first.value : first.value || last.value ? first.value + ".." + last.value : "";
    if (value) parts.append("." + catalogue.columns[column].name, value);
  });
  if (sort) parts.append("sort", (sort.down ? "-" : "") + catalogue.columns[sort.column].name);
  const shown = seen(), first = usual();
  if (shown.length !== first.size || shown.some(column => !first.has(column))) {
    for (const column of shown) parts.append("show", catalogue.columns[column].name);
  }
  return parts.toString();
};
const column = name => catalogue.columns.findIndex(each => each.name === name);
const restore = hash => {
  const parts = new URLSearchParams(hash.slice(1)), unknown = [];
  search.value = parts.get("q") || "";
  for (const each of fields.flat()) each.value = "";
  for (const [name, value] of parts) {
    if (!name.startsWith(".")) continue;
    const at = column(name.slice(1));
    if (at === -1) unknown.push(name.slice(1));
    else if (fields[at].length === 1) fields[at][0].value = value;
    else value.split("..").slice(0, 2).forEach((end, n) => { fields[at][n].value = end; });
  }
  const order = parts.get("sort") || "", at = order.startsWith("-") && column(order) === -1 ? order.slice(1) : order;
  if (order && column(at) === -1) unknown.push(at);
  sort = order && column(at) !== -1 ? { column: column(at), down: at !== order } : null;
  const shown = parts.has("show") ? new Set(parts.getAll("show").map(column)) : usual();
  boxes.forEach((box, n) => { box.checked = shown.has(n); });
  if (seen().length === 0) for (const n of usual()) boxes[n].checked = true;
  if (fields.flat().some(field => field.value) && innerWidth > 640) find("filters").open = true;  // else they hide the rows
  complain("link", unknown.length ? `The link asks for columns that are not here: ${unknown.map(plain).join(", ")}.` : "");
};
const keep = () => {
  const now = fragment();
  if (now !== new URLSearchParams(location.hash.slice(1)).toString()) {
    history.replaceState(null, "", now ? "#" + now : location.pathname + location.search);
  }
};

// -- the list

const troubles = new Map();
const complain = (about, ...said) => {
  if (!said[0] && !troubles.has(about)) return;  // what has not changed is not read out again
  if (said[0]) troubles.set(about, said);
  else troubles.delete(about);
  trouble.replaceChildren(...[...troubles.values()].map(parts => make("p", {}, ...parts)));
  trouble.hidden = troubles.size === 0;
};
const link = name => name && !name.split("/").some(step => step === "." || step === "..") ? linkTo(name) : "";
const content = (name, text) => {
  if (name === "_object" && link(text)) return make("a", { href: link(text) }, named(text));
  if (name === "_size" && text) return make("span", { title: text + " bytes" }, bytes(Number(text)));
  if (text.length <= shortest) return named(text);
  const all = make("button", { type: "button", "aria-label": "Show all of it" }, "…");
  const part = make("span", {}, named(text.slice(0, shortest).replace(/[\ud800-\udbff]$/, "")), all);
  all.addEventListener("click", () => part.replaceChildren(named(text)));
  return part;
};
const line = (shard, row) => make("tr", { role: "row" }, ...seen().map((at, n) => {
  const { name, kind } = catalogue.columns[at], text = shard.cell(at, row);
  const first = n === 0 && text, role = first ? { scope: "row", role: "rowheader" } : { role: "cell" };
  return make(first ? "th" : "td", { ...role, class: text ? kind : "none", "data-title": title(at) }, content(name, text));
}));
const watch = new IntersectionObserver(all => {
  if (all.some(each => each.isIntersecting) && !more.hidden) draw(atOnce);
}, { rootMargin: "800px" });
const draw = async amount => {
  if (drawing === run || walk === null) return;
  const mine = drawing = run;
  for (let left = amount; left > 0 && walk !== null; left--) {
    const { value, done } = await walk.next();
    if (mine !== run) return;
    if (fresh) body.replaceChildren();
    fresh = false;
    if (done) walk = null;
    else {
      body.append(line(...value));
      shown++;
    }
  }
  if (shown === found.number && found.over) walk = null;
  drawing = 0;
  report();
  watch.unobserve(more);  // it is told anew where the button is by now
  watch.observe(more);
};

/* What is known by now. Those who listen hear it at the end. */
const report = () => {
  const { query, number: left, seen: read, missing, over } = found;
  const all = `${count(catalogue.rows)} ${catalogue.rows === 1 ? "row" : "rows"}`;
  const some = query.words.length || query.ranges.length;
  number.setAttribute("aria-busy", String(!over || drawing === run));
  number.textContent = !over ? `${count(left)} so far, ${count(read)} of ${all} read` : some ? `${count(left)} of ${all}` : all;
  progress.hidden = over;
  progress.max = catalogue.rows || 1;
  progress.value = read;
  more.hidden = walk === null || !over;
  more.textContent = `Show more (${count(left - shown)})`;
  if (!over || missing.length === 0) return complain("missing");
  const again = make("button", { type: "button" }, "Try again");
  again.addEventListener("click", restart);
  const reasons = [...new Set(missing.map(each => each.reason))].join(", ");
  const lost = missing.reduce((sum, each) => sum + each.rows, 0);
  complain("missing", `${count(lost)} rows could not be read (${reasons}) and are left out. `, again);
  found.renewed ??= catalogue.renewed().then(renewed => { if (renewed) location.reload(); });
};
const restart = async () => {
  const mine = ++run;
  let told = performance.now();
  walk = null;
  fresh = true;
  shown = 0;
  number.setAttribute("aria-busy", "true");
  head();
  clearTimeout(keeping);
  keeping = setTimeout(keep, 250);  // browsers refuse to be told at every key
  await catalogue.find(asked(), now => {
    if (mine !== run) return false;
    found = now;
    if (walk === null && fresh && (now.over || (now.number && !now.query.sort))) {
      walk = catalogue.list(now);
      draw(atFirst);
    }
    if (now.over || performance.now() - told > 150) {
      told = performance.now();
      report();
    }
    return true;
  });
};

/* All shards, in the background: what is typed next is looked for in memory. */
let warm = false;
const warmUp = async () => {
  if (warm) return;
  warm = true;
  const wanted = catalogue.shards.keys();
  await Promise.all(Array.from({ length: atATime }, async () => {
    for (const next of wanted) await catalogue.load(next).catch(() => {});
  }));
};

// -- the fields

const order = find("order");
const sortBy = (at, down) => {
  sort = at === null ? null : { column: at, down };
  restart();
};
const head = () => {
  const filters = fields.filter(each => each.some(field => field.value)).length;
  find("filters").firstElementChild.textContent = filters ? `Filters (${filters})` : "Filters";
  find("columns").firstElementChild.textContent = `Columns (${seen().length} of ${boxes.length})`;
  find("clear").hidden = !(filters || search.value || sort);
  order.value = sort ? (sort.down ? "-" : "") + sort.column : "";
  const focused = document.activeElement?.closest?.("thead button")?.dataset.column;
  table.tHead.rows[0].replaceChildren(...seen().map(at => {
    const button = make("button", { type: "button", "data-column": at }, named(title(at)));
    const own = sort?.column === at;
    button.addEventListener("click", () => sortBy(own && sort.down ? null : at, own));
    const sorted = own ? { "aria-sort": sort.down ? "descending" : "ascending" } : {};
    return make("th", { scope: "col", role: "columnheader", class: catalogue.kinds[at], ...sorted }, button);
  }));
  if (focused !== undefined) table.tHead.querySelector(`[data-column="${focused}"]`)?.focus();
};
const field = (attributes, label) => {
  const made = make("input", { autocomplete: "off", "aria-label": plain(label), ...attributes });
  made.addEventListener("input", restart);
  return made;
};
const build = () => {
  catalogue.columns.forEach(({ name, kind }, at) => {
    const label = title(at), type = kind === "date" ? { type: "date" } : { type: "number", step: "any" };
    const ranges = catalogue.shards.map(shard => shard.ranges[at]).filter(Boolean);
    const end = (which, sign) => kind !== "number" || !ranges.length ? {} :
      { placeholder: ranges.map(range => range[which]).reduce((a, b) => sign * (a - b) < 0 ? a : b) };
    fields.push(kind === "text" ? [field({ type: "search", spellcheck: "false" }, label + " contains")] : [
      field({ ...type, ...end(0, 1) }, label + " from"), field({ ...type, ...end(1, -1) }, label + " to")]);
    const box = make("input", { type: "checkbox" });
    box.addEventListener("change", () => {
      if (seen().length === 0) box.checked = true;
      restart();
    });
    boxes.push(box);
  });
  const all = catalogue.columns.map((_, at) => at).sort((a, b) => place(a) - place(b));
  find("filters").lastElementChild.append(...all.map(at => make("div", { class: "filter" },
    make("span", { "aria-hidden": "true" }, named(title(at))), make("div", {}, ...fields[at]))));
  find("columns").lastElementChild.append(...all.map(at => make("label", {}, boxes[at], " ", named(title(at)))));
  order.append(make("option", { value: "" }, "Key"), ...all.flatMap(at => [["", "↑"], ["-", "↓"]].map(([sign, arrow]) =>
    make("option", { value: sign + at }, `${plain(title(at))} ${arrow}`))));
};

// -- what the person does

const links = () => [...body.querySelectorAll("a")];
const listen = () => {
  search.addEventListener("input", restart);
  search.addEventListener("keydown", event => {
    if (event.key !== "ArrowDown") return;
    event.preventDefault();
    links()[0]?.focus();
  });
  body.addEventListener("keydown", async event => {
    const way = { ArrowDown: 1, ArrowUp: -1 }[event.key], from = links().indexOf(event.target);
    if (!way || from === -1) return;
    event.preventDefault();
    if (from + way === links().length && !more.hidden) await draw(atOnce);
    (from + way < 0 ? search : links()[from + way])?.focus();
  });
  order.addEventListener("change", () => sortBy(order.value ? Math.abs(order.value) : null, order.value.startsWith("-")));
  find("clear").addEventListener("click", () => {
    for (const each of [search, ...fields.flat()]) each.value = "";
    search.focus();
    sortBy(null);
  });
  find("share").addEventListener("click", event => {
    keep();
    copied(location.href, event.currentTarget);
  });
  more.addEventListener("click", async () => {
    const from = shown;
    await draw(atOnce);
    body.rows[from]?.querySelector("a, button")?.focus();
  });
  document.querySelector(".asked").addEventListener("focusin", warmUp, { once: true });
  addEventListener("hashchange", event => {
    restore(new URL(event.newURL).hash);  // not the location's: keep() may have been there since
    restart();
  });
};

(async () => {
  if (typeof DecompressionStream === "undefined") {
    number.textContent = "";
    return complain("old", "This browser is too old to search here. Firefox 113, Safari 16.4, Chrome 80 and all later ones can.");
  }
  number.textContent = "Reading the catalogue…";
  try {
    catalogue = await Catalogue.open();
  } catch (error) {
    number.textContent = "";
    return complain("closed", `The catalogue could not be read: ${error.message}.`);
  }
  build();
  restore(location.hash);
  listen();
  if (catalogue.cut) complain("cut", `${count(catalogue.cut)} very long cells are here with their first 10 000 characters.`);
  find("asked").hidden = false;
  await restart();
  if (catalogue.bytes <= warmed) warmUp();
})();
