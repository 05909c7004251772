// The rows: copies of the page's <template>, as the server's own are, filled from items.
//
// Which rows a filter shows is up to the style sheet (:target), so it is right before this runs.

import { Conflict, Item } from "./item.js";

export const find = (selector, parent = document) => parent.querySelector(selector);
export const copy = (name) => document.getElementById(name).content.firstElementChild.cloneNode(true);

export const list = find(".todo-list");
export const field = find(".new-todo");
const rows = new Map();
const items = new WeakMap();

export const itemOf = (row) => items.get(row);

function tie(item, row) {
  rows.set(item, row);
  items.set(row, item);
  return row;
}

/** What the server has put into a row. */
export function read(row) {
  const [id, version, order] = ["id", "version", "order"].map((name) => Number(row.dataset[name]));
  const completed = row.classList.contains("completed");
  const item = new Item({ id, version, order, completed, title: find(".title", row).textContent });
  tie(item, row);
  return item;
}

export function show(item) {
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
}

export function hide(item) {
  const row = rows.get(item);
  rows.delete(item);
  if (row?.contains(document.activeElement)) keepFocus(row, () => row.remove());
  else row?.remove();
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

// ---- Focus

export const isSeen = (row) => row.isConnected && row.getClientRects().length > 0;

function neighbour(row) {
  const seen = [...list.children].filter((other) => other === row || isSeen(other));
  const at = seen.indexOf(row);
  return seen[at + 1] ?? seen[at - 1] ?? null;
}

export function focusOn(row) {
  if (row) find(".toggle", row).focus();
  // Not where that would bring up a keyboard on the screen.
  else if (!matchMedia("(pointer: coarse)").matches) field.focus();
}

/** Do something to a row that may make it go, and leave the focus beside it. */
export function keepFocus(row, action) {
  const next = neighbour(row);
  action();
  if (!isSeen(row)) focusOn(next);
}
