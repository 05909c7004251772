// One to-do: what the server has said of it, what the person wants, and what came in between.

import { Failure } from "./api.js";

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

export const isNews = (todo, saved) =>
  todo.version
    ? todo.version > (saved.version ?? 0)
    : ["title", "completed", "order"].some((name) => todo[name] !== saved[name]);

/** `crypto.randomUUID` exists on secure pages only. */
export function randomKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
