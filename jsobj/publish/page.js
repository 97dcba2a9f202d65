const rows = JSON.parse(document.getElementById("data").textContent).map(
  ([name, size = 0, time = null, sum = "", objects = 0, kind = "", link = ""], order) =>
    ({ name, size, time, sum, objects, kind, link, order, small: name.toLowerCase() }));
const table = document.getElementById("table");
const atFirst = 60, atOnce = 200;  // rows

const href = row => {
  if (row.link) return row.link === "#" ? "" : row.link;
  return linkTo(row.name);
};

for (const lines of document.querySelectorAll(".lines")) {
  const pre = lines.querySelector("pre");
  const button = make("button", { type: "button", "aria-label": "Copy: " + pre.getAttribute("aria-label") }, "Copy");
  button.addEventListener("click", () => copied(pre.textContent + "\n", button));
  lines.append(button);
}
if (!table) return;

// -- the rows

const body = table.tBodies[0];
const more = make("button", { type: "button", id: "more" });
table.after(more);
table.tHead.rows[0].append(make("th", { scope: "col", class: "copy" }, make("span", { class: "unheard" }, "Link")));
let ordered = rows, chosen = rows, shown = 0;

const cells = row => {
  const link = href(row), name = plain(row.name);
  const first = make("th", { scope: "row", class: "name" }, link ? make("a", { href: link }, named(row.name)) : named(row.name));
  const kind = row.kind || (row.name.endsWith("/") ? count(row.objects) + (row.objects === 1 ? " file" : " files") : "");
  if (kind) first.append(" ", make("span", { class: "kind" }, kind));
  const time = make("td", { class: "time" });
  if (row.time !== null) {
    const iso = new Date(row.time * 1000).toISOString();
    time.append(make("time", { datetime: iso.slice(0, 19) + "Z" }, iso.slice(0, 10) + " ", make("span", {}, iso.slice(11, 16))));
  }
  const sum = make("td", { class: "sum" }), copy = make("td", { class: "copy" });
  if (row.sum) {
    const algorithm = row.sum.length === 64 ? "SHA-256" : "MD5";
    sum.append(make("span", { class: "algorithm" }, algorithm), " ", make("code", {}, row.sum),
      make("button", { type: "button", "data-copy": row.sum, "aria-label": `Copy ${algorithm} of ${name}` }, "Copy"));
  }
  if (link) copy.append(make("button", { type: "button", "data-copy": "", "aria-label": "Copy link to " + name }, "Copy link"));
  return make("tr", {}, first, make("td", { class: "size", title: row.size + " bytes" }, bytes(row.size)), time, sum, copy);
};
const draw = number => {
  const next = chosen.slice(shown, shown + number);
  body.append(...next.map(cells));
  shown += next.length;
  more.hidden = shown === chosen.length;
  more.textContent = `Show more (${count(chosen.length - shown)})`;
};
const redraw = () => {
  body.replaceChildren();
  shown = 0;
  draw(atFirst);
};
body.addEventListener("click", event => {
  const button = event.target.closest("button");
  if (button) copied(button.dataset.copy || button.closest("tr").querySelector("a").href, button);
});
more.addEventListener("click", () => {
  const from = shown;
  draw(atOnce);
  body.rows[from].querySelector("a, button")?.focus();
});
new IntersectionObserver(seen => {
  if (seen.some(each => each.isIntersecting) && !more.hidden) draw(atOnce);
}, { rootMargin: "800px" }).observe(more);
addEventListener("beforeprint", () => draw(chosen.length));

// -- search

const search = document.getElementById("search"), number = document.getElementById("count");
const select = () => {
  const words = search.value.toLowerCase().split(" ").filter(Boolean);
  chosen = words.length ? ordered.filter(row => words.every(word => row.small.includes(word))) : ordered;
  redraw();
  const all = `${count(rows.length)} ${rows.length === 1 ? "entry" : "entries"}`;
  number.textContent = words.length ? `${count(chosen.length)} of ${all}` : all;
};
search.addEventListener("input", select);

// -- order

const values = { name: row => row.order, size: row => row.size, time: row => row.time };
let column = "name", down = false;
const arrange = () => {
  const value = values[column], sign = down ? -1 : 1;
  ordered = [...rows].sort((a, b) => {
    const [x, y] = [value(a), value(b)];
    if (x === y) return a.order - b.order;
    if (x === null || y === null) return x === null ? 1 : -1;
    return sign * (x - y);
  });
};
for (const head of table.tHead.rows[0].cells) {
  const key = head.className;
  if (!(key in values)) continue;
  const button = make("button", { type: "button" }, ...head.childNodes);
  head.append(button);
  if (key === column) head.setAttribute("aria-sort", "ascending");
  button.addEventListener("click", () => {
    down = key === column ? !down : key !== "name";  // the largest and the latest first
    column = key;
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    arrange();
    select();
  });
}
select();
