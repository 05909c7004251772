// The page: what people do with it, and what it counts.

import { follow } from "./follow.js";
import { copy, field, find, focusOn, hide, isSeen, itemOf, keepFocus, list, read, show } from "./rows.js";
import { Store } from "./store.js";

const app = find(".todoapp");

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

// ---- What people do

let deleted = [];
let timer = 0;

function say(text) {
  find(".said").textContent = text;
}

function offerUndo(items, text) {
  deleted = items.filter(({ saved }) => saved).map((item) => [item, item.shown]);
  say(text);
  find(".toast").classList.toggle("shown", deleted.length > 0);
  clearTimeout(timer);
  timer = setTimeout(closeOffer, 20_000);
}

function closeOffer() {
  deleted = [];
  find(".toast").classList.remove("shown");
}

function undo() {
  for (const [item, todo] of deleted) store.restore(item, todo);
  say("Undone.");
  closeOffer();
}

/** As the server does, which takes no control characters; a tab may have been pasted. */
const clean = (text) => text.replace(/\p{Cc}+/gu, " ").trim();

function remove(row) {
  const item = itemOf(row);
  offerUndo([item], `Deleted “${item.shown.title}”.`);
  keepFocus(row, () => store.remove(item));
}

function edit(row) {
  const item = itemOf(row);
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
  ".again": (row) => store.again(itemOf(row)),
  ".drop": (row) => keepFocus(row, () => store.drop(itemOf(row))),
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
  keepFocus(row, () => store.change(itemOf(row), { completed: target.checked }));
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
  if (event.key !== "ArrowDown" || !first) return;
  event.preventDefault();
  focusOn(first);
});
find(".toggle-all").addEventListener("change", ({ target }) => store.completeAll(target.checked));
find(".clear-completed").addEventListener("click", () => {
  const items = [...store.items].filter((item) => item.shown.completed && !item.shown.deleted);
  offerUndo(items, items.length === 1 ? "Deleted 1 to-do." : `Deleted ${items.length} to-dos.`);
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
find(".undo").addEventListener("click", () => {
  undo();
  focusOn(null);
});
document.addEventListener("keydown", (event) => {
  const isUndo = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z" && deleted.length > 0;
  if (!isUndo || event.target.matches("input:not([type=checkbox])")) return;
  event.preventDefault();
  undo();
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

// ---- The list, in this tab and in the others

const channel = new BroadcastChannel(`todos:${app.dataset.list}`);
const store = new Store({
  url: app.dataset.todos,
  items: [...list.children].map(read),
  view: {
    show(item) {
      show(item);
      if (item.failure && deleted.some(([each]) => each === item)) closeOffer();
      later();
    },
    hide(item) {
      hide(item);
      later();
    },
  },
  tell: (news) => channel.postMessage(news),
});
channel.onmessage = ({ data }) => store.hear(data);
const isPart = "more" in app.dataset;
follow(store, { now: isPart, report: connection });
if (!isPart) later();
addEventListener("online", () => store.againAll());
// A filter in the address is a target, and browsers take the focus there instead of to `autofocus`.
addEventListener("load", () => {
  if (document.activeElement === document.body) focusOn(null);
});
