// What is on the list: saved by the server, wanted by the person, and on its way.
//
// An item keeps the two apart: `saved` is what the server has said, `wanted` what the person has
// changed since. While anything is wanted it is sent, one request at a time; what fails stays wanted
// until it is sent again or dropped. Nothing is ever merged silently over somebody else's title.

import { Todos } from "./api.js";
import { Conflict, Item, isNews, randomKey } from "./item.js";

export class Store {
  items = new Set();
  #byId = new Map();
  #gone = new Set(); // no id is given twice
  #sending = 0;
  #moves = 0; // an answer to a question asked before the last move may be out of date

  /** `view` shows and hides items, `tell` passes on what the server has acknowledged. */
  constructor({ url, items, view, tell }) {
    this.todos = new Todos(url);
    this.view = view;
    this.tell = tell;
    for (const item of items) this.#enter(item);
  }

  // ---- What the person does

  add(title) {
    const orders = [...this.items].map((item) => item.shown.order + 1);
    // At the end even if the clock of whoever added the last one is ahead of ours.
    const order = Math.min(Math.max(Date.now(), ...orders), Number.MAX_SAFE_INTEGER);
    this.#new({ title, completed: false, order });
  }

  /** Add again, in its old place, what has been deleted; or keep it, if that is not done yet. */
  restore(item, { title, completed, order }) {
    if (!this.items.has(item)) return this.#new({ title, completed, order });
    delete item.wanted.deleted;
    item.failure = null;
    this.#push(item);
  }

  change(item, fields) {
    Object.assign(item.wanted, fields);
    if (item.saved && !item.busy) this.#forgetWanted(item, item.saved);
    item.failure = null; // it is sent along; a conflict shows again
    this.#push(item);
  }

  remove(item) {
    if (item.saved || item.busy) this.change(item, { deleted: true });
    else this.drop(item);
  }

  completeAll(completed) {
    const items = [...this.items].filter((item) => item.shown.completed !== completed);
    this.#together(items, { completed }, () => this.todos.completeAll(completed));
  }

  clearCompleted() {
    const items = [...this.items].filter((item) => item.shown.completed);
    this.#together(items, { deleted: true }, () => this.todos.clearCompleted());
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
      item.failure = item.isUnsent ? failure : null;
    }
    item.busy = false;
    this.#settle(item);
  }

  async #create(item) {
    const { title, completed, order } = item.wanted;
    item.draft ??= { key: randomKey(), body: { title, completed, order } };
    const { draft } = item;
    try {
      this.#saved(item, await this.#sent(() => this.todos.add(draft)), draft.body);
    } catch (failure) {
      if (failure.isFinal) item.draft = null;
      throw failure;
    }
  }

  async #update(item) {
    const { saved } = item;
    const sent = { ...item.wanted };
    // What came with all the others came without its version.
    if (!saved.version) return this.#merge(item, sent, await this.todos.get(saved));
    try {
      const remove = () => this.todos.remove(saved);
      const change = () => this.todos.change(saved, sent);
      const todo = await this.#sent(sent.deleted ? remove : change);
      if (todo) this.#saved(item, todo, sent);
      else this.#deleted(item);
    } catch (failure) {
      if (failure.status !== 404 && failure.status !== 412) throw failure;
      this.#merge(item, sent, failure.status === 404 ? null : await this.todos.get(saved));
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
  async #together(items, fields, act) {
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
      const answer = new Map((await this.#sent(act)).map((todo) => [todo.id, todo]));
      for (const item of members) {
        const todo = answer.get(item.saved.id); // also one that was to go, if others reopened it
        if (todo) this.#saved(item, todo, fields);
        else if (fields.deleted) this.#deleted(item);
      }
    } catch (error) {
      failure = error;
      failure.again = () => {
        const still = [...members].filter((item) => item.failure === failure);
        for (const item of still) item.failure = null;
        this.#together(still, fields, act);
      };
    }
    for (const item of members) {
      item.busy = false;
      item.failure = item.isUnsent ? failure : null;
      this.#push(item); // what the person changed meanwhile
    }
  }

  async #sent(act) {
    this.#sending += 1;
    try {
      return await act();
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
    this.tell({ saved: [todo], gone: [] });
  }

  #deleted(item) {
    this.tell({ saved: [], gone: [item.saved.id] });
    this.#gone.add(item.saved.id);
    if (item.wanted.deleted) this.#leave(item);
    else this.#rebase(item, null); // it is wanted again
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

  /** News from another tab. */
  hear(news) {
    this.#moves += 1;
    this.#absorb(news);
  }

  /** Ask for the whole list; the answer counts only if nothing happened here meanwhile. */
  async refresh() {
    const moves = this.#moves;
    const saved = await this.todos.all();
    if (moves !== this.#moves || this.#sending) return;
    const ids = new Set(saved.map(({ id }) => id));
    this.#absorb({ saved, gone: [...this.#byId.keys()].filter((id) => !ids.has(id)) });
  }

  #absorb({ saved, gone }) {
    for (const todo of saved) {
      const item = this.#byId.get(todo.id);
      if (!item && !this.#gone.has(todo.id)) this.#show(this.#enter(new Item(todo)));
      else if (item && isNews(todo, item.saved)) this.#settle(item, todo);
    }
    for (const id of gone) if (this.#byId.has(id)) this.#settle(this.#byId.get(id), null);
  }

  /** Take what the server has had since, as soon as that overwrites nothing. */
  #settle(item, newer = item.newer) {
    item.newer = newer;
    if (newer !== undefined && !item.isUnsaved && !item.editing) {
      item.newer = undefined;
      if (newer === null) return this.#leave(item);
      if (isNews(newer, item.saved)) item.saved = newer;
    }
    this.#show(item);
  }

  #new(wanted) {
    this.#push(this.#enter(Object.assign(new Item(), { wanted })));
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
}
