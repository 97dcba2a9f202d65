/* What the scripts of all pages share: elements, names that cannot deceive, numbers, copying. */
const unseen = /(?![ \u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Zs}]/u;

const make = (tag, attributes = {}, ...inside) => {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...inside);
  return made;
};
const count = number => String(number).replace(/\B(?=(\d{3})+$)/g, "\u202f");
const code = ch => {
  const point = ch.codePointAt(0);
  const [mark, width] = point < 0x100 ? ["x", 2] : point < 0x10000 ? ["u", 4] : ["U", 8];
  return "\\" + mark + point.toString(16).padStart(width, "0");
};
const plain = text => [...text].map(ch => unseen.test(ch) ? code(ch) : ch).join("");
const named = text => {
  if (!unseen.test(text)) return make("bdi", {}, text);
  return make("bdi", {}, ...[...text].map(ch => unseen.test(ch) ? make("span", { class: "unseen" }, code(ch)) : ch));
};
const bytes = size => {
  let value = size;
  for (const unit of ["B", "KiB", "MiB", "GiB", "TiB"]) {
    if (value < 1024) return (unit === "B" || value >= 100 ? value.toFixed(0) : +value.toPrecision(3)) + " " + unit;
    value /= 1024;
  }
  return +value.toPrecision(3) + " PiB";
};
const linkTo = name => "./" + name.split("/").map(encodeURIComponent).join("/") + (name.endsWith("/") ? "index.html" : "");

// -- copying

const status = make("p", { class: "unheard", role: "status" });
document.body.append(status);
const copied = async (text, button) => {
  let done = true;
  try {
    await navigator.clipboard.writeText(text);
  } catch {  // over plain http there is no such thing
    const field = make("textarea", { readonly: "", class: "unheard" });
    field.value = text;
    document.body.append(field);
    field.select();
    done = document.execCommand("copy");
    field.remove();
    button.focus();
  }
  const before = [...button.childNodes];
  if (!button.dataset.busy) {
    button.dataset.busy = "1";
    button.replaceChildren(done ? "Copied" : "Not copied");
    setTimeout(() => { button.replaceChildren(...before); delete button.dataset.busy; }, 1500);
  }
  status.textContent = "";
  setTimeout(() => { status.textContent = done ? "Copied" : "The browser did not let it be copied"; }, 50);
};
