/* The rows of a catalogue and what is looked for in them, without a word of how it is shown.

   A shard stays as it comes: of each column one text with a mark between the cells. A word is looked for in the whole
   text at once, and where it is found tells the row. What else is needed (cells in small letters, numbers, an order)
   is made when it is first asked for, and kept. */

const folder = "_catalog/v1/search/", form = "jsobj.catalog-search/1";
const atATime = 6;  // shards that are fetched at once
const patience = 12;  // milliseconds between two looks at what the person does
const unread = ["_url", "_sha256", "_etag", "_loaded", "_source", "_line"];  // searched only while they are shown

class Trouble extends Error {}

const fold = text => text.toLowerCase().normalize("NFC");
const breathe = () => new Promise(done => {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => { port1.close(); done(); };
  port2.postMessage(0);
});
const pause = time => new Promise(done => setTimeout(done, time));

const fetched = async (name, options) => {
  for (let attempt = 0; ; attempt++) {
    try {
      const answer = await fetch(folder + name, options);
      if (answer.ok) return answer;
      if (answer.status < 500) throw new Trouble("HTTP " + answer.status);
      if (attempt === 2) throw new Trouble("HTTP " + answer.status);
    } catch (error) {
      if (error instanceof Trouble) throw error;
      if (attempt === 2) throw new Trouble("no answer");
    }
    await pause(500 * (attempt + 1));
  }
};

const unpacked = async answer => {
  const data = new Uint8Array(await answer.arrayBuffer());
  if (data[0] !== 0x1f || data[1] !== 0x8b) return new TextDecoder().decode(data);  // the server has done it
  return new Response(new Blob([data]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
};

/* Where each cell begins, and behind the last one where the next would. */
const beginnings = (text, mark, rows) => {
  const at = new Uint32Array(rows + 1);
  for (let row = 1; row < rows; row++) at[row] = text.indexOf(mark, at[row - 1]) + 1;
  at[rows] = text.length + 1;
  return at;
};

class Shard {
  constructor({ rows, columns }, kinds) {
    this.rows = rows;
    this.columns = columns.map(([mark, text]) => ({ mark, text }));
    this.kinds = kinds;
  }

  cell(column, row) {
    const one = this.columns[column];
    one.at ??= beginnings(one.text, one.mark, this.rows);
    return one.text.slice(one.at[row], one.at[row + 1] - 1);
  }

  /* The same in small letters; most texts have no others, and are not kept twice. */
  small(column) {
    const one = this.columns[column];
    if (one.small === undefined) {
      const text = fold(one.text);
      one.small = text === one.text ? one : { mark: one.mark, text };
    }
    one.small.at ??= beginnings(one.small.text, one.mark, this.rows);
    return one.small;
  }

  /* Numbers, or days since 1970; NaN for none. */
  numbers(column) {
    const one = this.columns[column];
    if (one.numbers === undefined) {
      const value = this.kinds[column] === "date" ? day : text => text === "" ? NaN : Number(text);
      one.numbers = Float64Array.from({ length: this.rows }, (_, row) => value(this.cell(column, row)));
    }
    return one.numbers;
  }

  /* What is compared where rows are sorted: undefined for none, which comes last. */
  key(column, row) {
    if (this.kinds[column] === "number") {
      const number = this.numbers(column)[row];
      return number === number ? number : undefined;
    }
    const { text, at } = this.small(column);
    return text.slice(at[row], at[row + 1] - 1) || undefined;
  }

  /* The numbers of the rows in the order of a column. */
  order(column, down) {
    const one = this.columns[column], name = down ? "falling" : "rising";
    if (one[name] === undefined) {
      const keys = Array.from({ length: this.rows }, (_, row) => this.key(column, row));
      one[name] = Uint16Array.from(keys.keys()).sort((a, b) => compared(keys[a], keys[b], down) || a - b);
    }
    return one[name];
  }

  /* Marks in ``found`` the rows of a column that have the word. */
  mark(column, word, found) {
    const { mark, text, at } = this.small(column);
    if (word.includes(mark)) return;
    for (let row = 0, place = text.indexOf(word); place !== -1; place = text.indexOf(word, at[row + 1])) {
      while (at[row + 1] <= place) row++;
      found[row] = 1;
      if (row + 1 === this.rows) return;
    }
  }

  /* Which rows a query leaves, a byte for each, and how many. */
  select(query) {
    const left = new Uint8Array(this.rows).fill(1);
    const only = found => { for (let row = 0; row < this.rows; row++) left[row] &= found[row]; };
    for (const { columns, word } of query.words) {
      const found = new Uint8Array(this.rows);
      for (const column of columns) this.mark(column, word, found);
      only(found);
    }
    for (const { column, least, largest } of query.ranges) {
      const numbers = this.numbers(column);
      for (let row = 0; row < this.rows; row++) left[row] &= numbers[row] >= least && numbers[row] <= largest;
    }
    let number = 0;
    for (let row = 0; row < this.rows; row++) number += left[row];
    return { left, number };
  }
}

const day = text => Date.parse(text.slice(0, 10)) / 864e5;
const compared = (a, b, down) => {
  if (a === b) return 0;
  if (a === undefined || b === undefined) return a === undefined ? 1 : -1;
  return (a < b) === down ? 1 : -1;
};

class Catalogue {
  constructor(index, text) {
    this.text = text;
    this.rows = index.rows;
    this.cut = index.cut;
    this.columns = index.columns;
    this.kinds = index.columns.map(column => column.kind);
    this.shards = index.shards.map(shard => ({ ...shard, loaded: null, value: null }));
    this.bytes = index.shards.reduce((sum, shard) => sum + shard.bytes, 0);
  }

  static async open() {
    const answer = await fetched("index.json", { cache: "no-cache" });
    const text = await answer.text();
    let index;
    try {
      index = JSON.parse(text);
    } catch {
      throw new Trouble("its index is no JSON");
    }
    if (index.schema !== form) throw new Trouble("it is of another release: publish this page again");
    return new Catalogue(index, text);
  }

  /* One shard; a failure is not remembered. */
  load(number) {
    const shard = this.shards[number];
    shard.loaded ??= fetched(shard.name).then(unpacked).then(text => {
      const value = new Shard(JSON.parse(text), this.kinds);
      if (value.rows !== shard.rows || value.columns.length !== this.columns.length) throw new Trouble("not what was written");
      return shard.value = value;
    }).catch(error => {
      shard.loaded = null;
      throw error instanceof Trouble ? error : new Trouble("damaged on the way");
    });
    return shard.loaded;
  }

  /* Whether there is another index by now: shards of an old one are deleted after a while. */
  async renewed() {
    try {
      return await (await fetched("index.json", { cache: "no-cache" })).text() !== this.text;
    } catch {
      return false;
    }
  }

  /* Whether a query may find anything in a shard, as far as the index tells. */
  may(number, query) {
    return query.ranges.every(({ column, least, largest }) => {
      let range = this.shards[number].ranges[column];
      if (range === undefined) return true;
      if (this.kinds[column] === "date") range = range.map(day);
      return range[0] <= largest && range[1] >= least;
    });
  }

  /* Finds the rows of a query, shard by shard. ``tell`` is called with what is known, now and then and at the end, and
     says whether to go on. */
  async find(query, tell) {
    const found = { query, shards: this.shards.map(() => null), number: 0, seen: 0, missing: [], over: false };
    const all = query.words.length === 0 && query.ranges.length === 0;
    const wanted = [];
    this.shards.forEach((shard, number) => {
      if (all && !query.sort) {
        found.shards[number] = { number: shard.rows };  // it is read when somebody comes to it
        found.number += shard.rows;
      } else if (this.may(number, query)) wanted.push(number);
      else {
        found.shards[number] = { number: 0 };
        found.seen += shard.rows;
      }
    });
    let since = performance.now();
    for (let at = 0; at < wanted.length; at++) {
      for (const next of wanted.slice(at, at + atATime)) this.load(next).catch(() => {});
      const number = wanted[at];
      let shard = this.shards[number].value;
      if (shard === null) {
        try {
          shard = await this.load(number);
        } catch (error) {
          found.missing.push({ rows: this.shards[number].rows, reason: error.message });
          found.shards[number] = { number: 0 };
        }
      }
      if (shard !== null) {
        const one = all ? { number: shard.rows } : shard.select(query);
        if (query.sort && one.number) shard.order(query.sort.column, query.sort.down);
        found.shards[number] = one;
        found.number += one.number;
      }
      found.seen += this.shards[number].rows;
      if (performance.now() - since > patience) {
        await breathe();
        if (found.over = !tell(found)) return;
        since = performance.now();
      }
    }
    found.over = true;
    tell(found);
  }

  /* The rows that were found, in order, as they are found: [shard, row]. Where they are sorted, after the end only. */
  async *list(found) {
    if (found.query.sort) {
      yield* this.merged(found);
      return;
    }
    for (let number = 0; number < found.shards.length; number++) {
      while (found.shards[number] === null) {
        if (found.over) return;
        await pause(20);
      }
      const one = found.shards[number];
      if (one.number === 0) continue;
      let shard;
      try {
        shard = await this.load(number);
      } catch (error) {
        found.missing.push({ rows: one.number, reason: error.message });
        found.number -= one.number;
        one.number = 0;
        continue;
      }
      for (let row = 0; row < shard.rows; row++) if (!one.left || one.left[row]) yield [shard, row];
    }
  }

  *merged({ query: { sort: { column, down } }, shards }) {
    const heads = [];
    const step = head => {
      do head.at++; while (head.at < head.order.length && head.left && !head.left[head.order[head.at]]);
      if (head.at < head.order.length) head.key = head.shard.key(column, head.order[head.at]);
      else heads.splice(heads.indexOf(head), 1);
    };
    shards.forEach((one, number) => {
      if (one.number === 0) return;
      const shard = this.shards[number].value;
      heads.push({ shard, left: one.left, order: shard.order(column, down), at: -1 });
    });
    [...heads].forEach(step);
    while (heads.length) {
      let first = heads[0];
      for (const head of heads) if (compared(head.key, first.key, down) < 0) first = head;
      yield [first.shard, first.order[first.at]];
      step(first);
    }
  }
}
