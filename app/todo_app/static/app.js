// The page: rows for what the store holds, and what people do with them.
//
// The server has filled in the rows of the first paint; new ones are copies of the same <template>.
// Which rows a filter shows is up to the style sheet (:target), so it is right before this runs.

import { Conflict, Item, Store } from "./store.js";

const find = (selector, parent = document) => parent.querySelector(selector);
const copy = (name) => document.getElementById(name).content.firstElementChild.cloneNode(true);

const app = find(".todoapp");
const list = find(".todo-list");
const field = find(".new-todo");
const rows = new Map();
const items = new WeakMap();

// ---- Rows

function tie(item, row) {
  rows.set(item, row);
  items.set(row, item);
  return row;
}

/** What the server has put into a row. */
function read(row) {
  const [id, version, order] = ["id", "version", "order"].map((name) => Number(row.dataset[name]));
  const completed = row.classList.contains("completed");
  const item = new Item({ id, version, order, completed, title: find(".title", row).textContent });
  tie(item, row);
  return item;
}

function show(item) {
  const { title, completed, deleted } = item.shown;
  const row = rows.get(item) ?? tie(item, copy("row"));
  const isNew = !row.isConnected;
  if (deleted && !item.failure) {
    row.remove();
  } else {
    row.classList.toggle("completed", completed);
    row.classList.toggle("pending", item.busy);
    row.classList.toggle("failed", Boolean(item.failure));
    find(".toggle", row).checked = completed;
    if (find(".title", row).textContent !== title) entitle(row, title);
    showFailure(row, item);
    place(row);
    if (isNew) row.classList.add("entering");
  }
  later();
}

function hide(item) {
  const row = rows.get(item);
  const next = row?.contains(document.activeElement) && neighbour(row);
  row?.remove();
  rows.delete(item);
  if (next !== false && row) focusOn(next);
  later();
}

function entitle(row, title) {
  find(".title", row).textContent = title;
  for (const button of row.querySelectorAll("[data-label]")) {
    button.setAttribute("aria-label", `${button.dataset.label} ${title}`);
  }
}

function showFailure(row, { failure, shown }) {
  let box = find(".trouble", row);
  if (!failure) {
    const hadFocus = box?.contains(document.activeElement);
    box?.remove();
    if (hadFocus) focusOn(row);
    return;
  }
  if (!box) row.append((box = copy("trouble")));
  let [again, drop] = ["Retry", "Discard"];
  if (failure instanceof Conflict) {
    [again, drop] = failure.theirs ? ["Keep mine", "Take theirs"] : ["Add again", "Let it go"];
    if (shown.deleted) again = "Delete anyway";
  }
  find("p", box).textContent = `${shown.deleted ? "Not deleted." : "Not saved."} ${failure.message}`;
  find(".again", box).textContent = again;
  find(".drop", box).textContent = drop;
}

/** In the order of the list: by `order`, then by id, those without one last. */
function isBefore(one, other) {
  if (!one || !other) return true;
  const [a, b] = [one, other].map((row) => items.get(row).shown);
  return a.order === b.order ? (a.id ?? Infinity) <= (b.id ?? Infinity) : a.order < b.order;
}

function place(row) {
  const { previousElementSibling: previous, nextElementSibling: next } = row;
  if (row.isConnected && isBefore(previous, row) && isBefore(row, next)) return;
  row.remove();
  let before = list.lastElementChild;
  while (before && !isBefore(before, row)) before = before.previousElementSibling;
  if (before) before.after(row);
  else list.prepend(row);
}

// ---- Totals

let isLater = false;

/** Count once, however many rows have changed. */
function later() {
  if (isLater) return;
  isLater = true;
  queueMicrotask(() => {
    isLater = false;
    showTotals();
  });
}

function showTotals() {
  const all = [...store.items].filter((item) => item.failure || !item.shown.deleted);
  const active = all.filter((item) => !item.shown.completed).length;
  const completed = all.length - active;
  for (const part of app.querySelectorAll(".main, .footer")) part.hidden = all.length === 0;
  find(".toggle-all").checked = all.length > 0 && active === 0;
  find(".clear-completed").hidden = completed === 0;
  Object.assign(find("progress"), { max: all.length || 1, value: completed });
  const strong = document.createElement("strong");
  strong.textContent = active;
  const words = active === 1 ? " item left" : " items left";
  const count = find(".todo-count");
  if (count.textContent !== active + words) count.replaceChildren(strong, words);
  document.title = active ? `(${active}) To do` : "To do";
  showUnsaved(all.filter((item) => item.failure).length);
}

function showUnsaved(failed) {
  const text = failed === 1 ? "1 change is not saved." : `${failed} changes are not saved.`;
  const alert = find(".unsaved p");
  if (alert.textContent !== text) alert.textContent = failed ? text : "";
  find(".unsaved").classList.toggle("several", failed > 1);
}

function connection(failure) {
  const text = failure ? `${failure.message} What others change does not show up here for now.` : "";
  const line = find(".connection");
  if (line.textContent !== text) line.textContent = text;
}

// ---- Focus

const isSeen = (row) => row.isConnected && row.getClientRects().length > 0;

function neighbour(row) {
  const seen = [...list.children].filter((other) => other === row || isSeen(other));
  const at = seen.indexOf(row);
  return seen[at + 1] ?? seen[at - 1] ?? null;
}

function focusOn(row) {
  if (row) find(".toggle", row).focus();
  // Not where that would bring up a keyboard on the screen.
  else if (!matchMedia("(pointer: coarse)").matches) field.focus();
}

/** Do something to a row that may make it go, and leave the focus beside it. */
function keepFocus(row, action) {
  const next = neighbour(row);
  action();
  if (!isSeen(row)) focusOn(next);
}

function say(text) {
  find(".said").textContent = text;
}

// ---- What people do

/** As the server does, which takes no control characters; a tab may have been pasted. */
const clean = (text) => text.replace(/\p{Cc}+/gu, " ").trim();

function remove(row) {
  const item = items.get(row);
  say(`Deleted ${item.shown.title}.`);
  keepFocus(row, () => store.remove(item));
}

function edit(row) {
  const item = items.get(row);
  if (item.editing) return;
  const editor = copy("editor");
  editor.value = item.shown.title;
  const finish = ({ saves, isKey }) => {
    if (!item.editing) return;
    item.editing = false; // the field, on its way out, loses the focus once more
    const title = clean(editor.value);
    editor.remove();
    row.classList.remove("editing");
    if (isKey) focusOn(row);
    if (saves && !title) remove(row);
    else if (saves && title !== item.shown.title) store.change(item, { title });
    store.edited(item);
  };
  editor.addEventListener("blur", () => finish({ saves: true }));
  editor.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Enter") finish({ saves: true, isKey: true });
    if (event.key === "Escape") finish({ saves: false, isKey: true });
  });
  item.editing = true;
  row.classList.add("editing");
  row.append(editor);
  editor.focus();
}

function onRowKey(event, row) {
  const isToggle = event.target.matches(".toggle");
  const seen = [field, ...[...list.children].filter(isSeen).map((other) => find(".toggle", other))];
  const at = seen.indexOf(event.target);
  const acts = {
    F2: () => edit(row),
    Enter: () => edit(row),
    Delete: () => remove(row),
    ArrowDown: () => seen[at + 1]?.focus(),
    ArrowUp: () => seen[at - 1]?.focus(),
  };
  if ((event.key !== "F2" && !isToggle) || event.target.matches(".edit")) return;
  if (!(event.key in acts) || event.isComposing) return;
  event.preventDefault(); // and the Enter that opens a field does not close it
  acts[event.key]();
}

const onClick = {
  ".rename": edit,
  ".destroy": remove,
  ".again": (row) => store.again(items.get(row)),
  ".drop": (row) => keepFocus(row, () => store.drop(items.get(row))),
};

list.addEventListener("click", (event) => {
  const row = event.target.closest("li");
  for (const [selector, act] of Object.entries(onClick)) if (event.target.closest(selector)) act(row);
  // A click on the title is no tick: it may become a double click, which edits.
  if (event.target.closest("label") && !event.target.matches(".toggle")) event.preventDefault();
});
list.addEventListener("dblclick", (event) => {
  if (event.target.closest("label") && !event.target.matches(".toggle")) edit(event.target.closest("li"));
});
list.addEventListener("change", ({ target }) => {
  const row = target.closest("li");
  if (!target.matches(".toggle")) return;
  keepFocus(row, () => store.change(items.get(row), { completed: target.checked }));
});
list.addEventListener("keydown", (event) => onRowKey(event, event.target.closest("li")));
list.addEventListener("animationend", ({ target }) => target.classList.remove("entering"));

find(".add").addEventListener("submit", (event) => {
  event.preventDefault();
  const title = clean(field.value);
  if (!title) return;
  field.value = "";
  store.add(title);
});
field.addEventListener("keydown", (event) => {
  const first = [...list.children].find(isSeen);
  if (event.key === "ArrowDown" && first) focusOn(first);
});
find(".toggle-all").addEventListener("change", ({ target }) => store.completeAll(target.checked));
find(".clear-completed").addEventListener("click", () => {
  store.clearCompleted();
  focusOn(null);
});
find(".again-all").addEventListener("click", () => store.againAll());
find(".drop-all").addEventListener("click", () => store.dropAll());
find(".copy").addEventListener("click", async ({ target }) => {
  const address = location.href.split("#")[0];
  const isCopied = await navigator.clipboard?.writeText(address).then(() => true, () => false);
  target.textContent = isCopied ? "Copied" : "Copy it from the address bar";
  say(target.textContent);
  setTimeout(() => (target.textContent = "Copy link"), 3000);
});
addEventListener("beforeunload", (event) => {
  if ([...store.items].some((item) => item.isUnsaved)) event.preventDefault();
});

function route() {
  const links = [...app.querySelectorAll(".filters a")];
  const selected = links.find((link) => link.hash === location.hash) ?? links[0];
  for (const link of links) {
    link.classList.toggle("selected", link === selected);
    if (link === selected) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}
addEventListener("hashchange", route);
route();

const store = new Store({
  url: app.dataset.todos,
  name: app.dataset.list,
  view: { show, hide, connection },
  items: [...list.children].map(read),
});
store.follow({ now: "more" in app.dataset });
addEventListener("online", () => store.againAll());
// A filter in the address keeps the browser from minding `autofocus`.
if (document.activeElement === document.body) focusOn(null);
