// What is on the list: saved by the server, wanted by the person, and on its way.
//
// An item keeps the two apart: `saved` is what the server has said, `wanted` what the person has
// changed since. While anything is wanted it is sent, one request at a time; what fails stays wanted
// until it is sent again or dropped. Nothing is ever merged silently over somebody else's title.

import { Collection, Failure, request } from "./api.js";

const SOONEST = 5_000;
const LATEST = 60_000;

export class Item {
  wanted = {};
  draft = null; // what was sent to add it, and under which key: a retry sends the same
  busy = false; // a request is on its way
  editing = false;
  failure = null;
  newer = undefined; // what the server has had since; null: it is gone

  constructor(saved = null) {
    this.saved = saved;
  }

  get shown() {
    return { ...this.saved, ...this.wanted };
  }

  get isUnsent() {
    return !this.saved || Object.keys(this.wanted).length > 0;
  }

  get isUnsaved() {
    return this.isUnsent || this.busy;
  }
}

/** Somebody else has changed or deleted what was changed here; `theirs` is null if deleted. */
export class Conflict extends Failure {
  constructor(mine, theirs) {
    let what = theirs?.completed ? "Completed elsewhere." : "Reopened elsewhere.";
    if (!theirs) what = "Deleted elsewhere.";
    else if (theirs.title !== mine.title) what = `Changed elsewhere to “${theirs.title}”.`;
    super(what, { status: 412 });
    this.theirs = theirs;
  }
}

export class Store {
  items = new Set();
  #byId = new Map();
  #gone = new Set(); // no id is given twice
  #sending = 0;
  #moves = 0; // an answer to a question asked before the last move may be out of date

  /** `view` is told what to show: `show(item)`, `hide(item)`, `connection(failure or null)`. */
  constructor({ url, name, view, items }) {
    this.url = url;
    this.view = view;
    this.collection = new Collection(url);
    this.channel = new BroadcastChannel(`todos:${name}`);
    this.channel.onmessage = ({ data }) => this.#hear(data);
    for (const item of items) this.#enter(item);
  }

  // ---- What the person does

  add(title) {
    const orders = [...this.items].map((item) => item.shown.order + 1);
    // At the end even if the clock of whoever added the last one is ahead of ours.
    const order = Math.min(Math.max(Date.now(), ...orders), Number.MAX_SAFE_INTEGER);
    const item = new Item();
    item.wanted = { title, completed: false, order };
    this.#enter(item);
    this.#push(item);
  }

  change(item, fields) {
    Object.assign(item.wanted, fields);
    if (item.saved && !item.busy) this.#forgetWanted(item, item.saved);
    if (!(item.failure instanceof Conflict)) item.failure = null;
    this.#push(item);
  }

  remove(item) {
    if (item.saved || item.busy) this.change(item, { deleted: true });
    else this.drop(item);
  }

  completeAll(completed) {
    const items = [...this.items].filter((item) => item.shown.completed !== completed);
    this.#together(items, { completed }, this.url, { method: "PATCH", body: { completed } });
  }

  clearCompleted() {
    const items = [...this.items].filter((item) => item.shown.completed);
    this.#together(items, { deleted: true }, `${this.url}?completed=true`, { method: "DELETE" });
  }

  edited(item) {
    item.editing = false;
    this.#settle(item);
  }

  // ---- What the person decides after a failure

  /** Send it again; in a conflict, over what the others have. */
  again(item) {
    if (item.failure instanceof Conflict) this.#rebase(item, item.failure.theirs);
    item.failure = null;
    this.#push(item);
  }

  /** Forget what was wanted: the row shows what the server has. */
  drop(item) {
    if (item.failure instanceof Conflict) item.newer = item.failure.theirs;
    item.failure = null;
    item.wanted = {};
    if (item.saved) this.#settle(item);
    else this.#leave(item);
  }

  againAll() {
    const failed = [...this.items].filter(({ failure }) => failure && !(failure instanceof Conflict));
    const alone = failed.filter(({ failure }) => !failure.again);
    for (const again of new Set(failed.map(({ failure }) => failure.again))) again?.();
    for (const item of alone) this.again(item);
  }

  dropAll() {
    for (const item of [...this.items]) if (item.failure) this.drop(item);
  }

  // ---- Sending

  async #push(item) {
    this.#show(item);
    if (item.busy || item.failure) return;
    item.busy = true;
    this.#show(item);
    try {
      while (item.isUnsent) await (item.saved ? this.#update(item) : this.#create(item));
    } catch (failure) {
      item.failure = failure;
    }
    item.busy = false;
    this.#settle(item);
  }

  async #create(item) {
    const { title, completed, order } = item.wanted;
    item.draft ??= { key: randomKey(), body: { title, completed, order } };
    const { key, body } = item.draft;
    try {
      const headers = { "Idempotency-Key": key };
      const { content } = await this.#send(this.url, { method: "POST", headers, body });
      this.#saved(item, content, body);
    } catch (failure) {
      if (failure.isFinal) item.draft = null;
      throw failure;
    }
  }

  async #update(item) {
    const url = `${this.url}/${item.saved.id}`;
    const headers = { "If-Match": `"${item.saved.version}"` };
    const sent = { ...item.wanted };
    const what = sent.deleted ? { method: "DELETE" } : { method: "PATCH", body: sent };
    try {
      const { content } = await this.#send(url, { ...what, headers });
      if (sent.deleted) this.#deleted(item);
      else this.#saved(item, content, sent);
    } catch (failure) {
      if (failure.status !== 404 && failure.status !== 412) throw failure;
      const theirs = failure.status === 412 ? await this.#theirs(url) : null;
      this.#merge(item, sent, theirs);
    }
  }

  async #theirs(url) {
    try {
      return (await request(url)).content;
    } catch (failure) {
      if (failure.status === 404) return null;
      throw failure;
    }
  }

  /** Changes that touch different fields, or say the same, do not contradict each other. */
  #merge(item, sent, theirs) {
    if (!theirs && sent.deleted) return this.#deleted(item);
    const before = item.saved;
    const touched = sent.deleted ? ["title", "completed"] : Object.keys(sent);
    const contradicts = (name) => theirs[name] !== before[name] && theirs[name] !== sent[name];
    if (!theirs || touched.some(contradicts)) throw new Conflict(before, theirs);
    this.#saved(item, theirs, {});
  }

  /** One request for many rows, unless an unsaved change of some row would get in its way. */
  async #together(items, fields, url, options) {
    const members = new Set(items);
    const isReady = (item) =>
      item.saved && !item.busy &&
      Object.keys(item.wanted).every((name) => members.has(item) && name in fields);
    if (![...this.items].every(isReady)) {
      for (const item of members) this.change(item, fields);
      return;
    }
    for (const item of members) {
      Object.assign(item.wanted, fields);
      item.busy = true;
      this.#show(item);
    }
    let failure = null;
    try {
      const { content, headers } = await this.#send(url, options);
      const todos = headers.has("Link") ? await this.collection.read() : content;
      const answer = new Map(todos?.map((todo) => [todo.id, todo]));
      for (const item of members) {
        if (fields.deleted) this.#deleted(item);
        else if (answer.has(item.saved.id)) this.#saved(item, answer.get(item.saved.id), fields);
      }
    } catch (error) {
      failure = error;
      failure.again = () => {
        const still = [...members].filter((item) => item.failure === failure);
        for (const item of still) item.failure = null;
        this.#together(still, fields, url, options);
      };
    }
    for (const item of members) {
      item.busy = false;
      item.failure = failure;
      this.#push(item); // what the person changed meanwhile
    }
  }

  async #send(url, options) {
    this.#sending += 1;
    try {
      return await request(url, options);
    } finally {
      this.#sending -= 1;
      this.#moves += 1;
    }
  }

  // ---- What the server has said

  #saved(item, todo, sent) {
    const seen = this.#byId.get(todo.id);
    if (seen && seen !== item) this.#leave(seen); // the answer was lost, and it came with a refresh
    item.saved = todo;
    this.#byId.set(todo.id, item);
    this.#forgetWanted(item, sent);
    this.#forgetWanted(item, todo);
    this.channel.postMessage({ saved: [todo], gone: [] });
  }

  #deleted(item) {
    this.#gone.add(item.saved.id);
    this.#leave(item);
    this.channel.postMessage({ saved: [], gone: [item.saved.id] });
  }

  #forgetWanted(item, values) {
    for (const name of Object.keys(item.wanted)) {
      if (item.wanted[name] === values[name]) delete item.wanted[name];
    }
  }

  #rebase(item, theirs) {
    item.newer = undefined;
    if (theirs) {
      item.saved = theirs;
      return;
    }
    const { title, completed, order } = item.shown;
    this.#gone.add(item.saved.id);
    this.#byId.delete(item.saved.id);
    Object.assign(item, { saved: null, draft: null, wanted: { title, completed, order } });
  }

  #absorb({ saved, gone }) {
    for (const todo of saved) {
      const item = this.#byId.get(todo.id);
      if (!item && !this.#gone.has(todo.id)) this.#show(this.#enter(new Item(todo)));
      else if (item && todo.version > item.saved.version) this.#settle(item, todo);
    }
    for (const id of gone) if (this.#byId.has(id)) this.#settle(this.#byId.get(id), null);
  }

  /** Take what the server has had since, as soon as that overwrites nothing. */
  #settle(item, newer = item.newer) {
    item.newer = newer;
    if (newer !== undefined && !item.isUnsaved && !item.editing) {
      item.newer = undefined;
      if (newer === null) return this.#leave(item);
      if (newer.version > item.saved.version) item.saved = newer;
    }
    this.#show(item);
  }

  #enter(item) {
    this.items.add(item);
    if (item.saved) this.#byId.set(item.saved.id, item);
    return item;
  }

  #leave(item) {
    this.items.delete(item);
    this.#byId.delete(item.saved?.id);
    item.wanted = {};
    this.view.hide(item);
  }

  #show(item) {
    if (this.items.has(item)) this.view.show(item);
  }

  // ---- Keeping up with other tabs and devices

  #hear(news) {
    this.#moves += 1;
    this.#absorb(news);
  }

  #reading = false;
  #timer = 0;
  #failures = 0;
  #touched = Date.now();

  /** Ask now, and from now on every few seconds, less often when nobody does anything. */
  follow({ now }) {
    for (const event of ["focus", "pageshow", "online"]) addEventListener(event, () => this.refresh());
    document.addEventListener("visibilitychange", () => this.refresh());
    for (const event of ["pointerdown", "keydown"]) {
      addEventListener(event, () => (this.#touched = Date.now()), { passive: true });
    }
    if (now) this.refresh();
    else this.#later(0);
  }

  async refresh() {
    clearTimeout(this.#timer);
    if (document.hidden || this.#reading) return;
    this.#reading = true;
    const moves = this.#moves;
    let failure = null;
    try {
      const todos = await this.collection.read();
      if (moves === this.#moves && !this.#sending) this.#replace(todos);
    } catch (error) {
      failure = error;
    }
    this.#failures = failure ? this.#failures + 1 : 0;
    this.view.connection(failure);
    this.#reading = false;
    this.#later(failure?.retryAfter ?? 0);
  }

  #replace(todos) {
    const ids = new Set(todos.map(({ id }) => id));
    this.#absorb({ saved: todos, gone: [...this.#byId.keys()].filter((id) => !ids.has(id)) });
  }

  #later(atLeast) {
    const idle = (Date.now() - this.#touched) / 12;
    const pause = Math.min(LATEST, Math.max(SOONEST, idle) * 2 ** this.#failures);
    this.#timer = setTimeout(() => this.refresh(), Math.max(pause, atLeast));
  }
}

/** `crypto.randomUUID` exists on secure pages only. */
function randomKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
