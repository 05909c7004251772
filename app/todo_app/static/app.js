// Every address is relative, so the page also works below a path prefix.
const API = "api/todos";

const byId = (id) => document.getElementById(id);
const list = byId("todos");
const todos = new Map();
let loaded = false;

class RequestFailed extends Error {}

async function request(url, method = "GET", body = undefined) {
  let response;
  try {
    response = await fetch(url, {
      method,
      headers: body ? { "Content-Type": "application/json" } : {},
      body: body && JSON.stringify(body),
    });
  } catch {
    throw new RequestFailed("The server cannot be reached. Check your connection and try again.");
  }
  if (!response.ok) throw new RequestFailed(await explain(response));
  return response;
}

async function explain(response) {
  const problem = await response.json().catch(() => ({}));
  const detail = problem.detail ?? `The server answered with status ${response.status}.`;
  return problem.request_id ? `${detail} (request ${problem.request_id})` : detail;
}

// Runs one action; a failure is shown, and the page keeps saying what the server last said.
async function attempt(what, action) {
  try {
    await action();
    hideError();
    return true;
  } catch (error) {
    if (!(error instanceof RequestFailed)) throw error;
    showError(what, error.message);
    return false;
  } finally {
    update();
  }
}

function showError(title, detail) {
  byId("error-title").textContent = title;
  byId("error-detail").textContent = detail;
  byId("error").hidden = false;
}

function hideError() {
  byId("error").hidden = true;
}

async function load() {
  let url = API;
  while (url) {
    const response = await request(url);
    for (const todo of await response.json()) show(todo);
    const next = /<(\?[^>]*)>; rel="next"/.exec(response.headers.get("Link") ?? "");
    url = next && API + next[1];
  }
  loaded = true;
}

async function add(title) {
  const response = await request(API, "POST", { title });
  show(await response.json());
}

async function change(id, changes) {
  const response = await request(`${API}/${id}`, "PATCH", changes);
  show(await response.json());
}

async function remove(id) {
  await request(`${API}/${id}`, "DELETE");
  todos.get(id).item.remove();
  todos.delete(id);
}

// Puts a to-do on the page, or brings the one that is there up to date.
function show(todo) {
  const item = todos.get(todo.id)?.item ?? list.appendChild(newItem(todo.id));
  todos.set(todo.id, { ...todo, item });
  item.classList.toggle("completed", todo.completed);
  item.querySelector(".title").textContent = todo.title;
  const toggle = item.querySelector(".toggle");
  toggle.checked = todo.completed;
  toggle.setAttribute("aria-label", `Done: ${todo.title}`);
  item.querySelector(".edit").setAttribute("aria-label", `Edit ${todo.title}`);
  item.querySelector(".delete").setAttribute("aria-label", `Delete ${todo.title}`);
}

function newItem(id) {
  const item = byId("todo").content.cloneNode(true).firstElementChild;
  item.querySelector(".toggle").addEventListener("change", (event) => {
    toggle(id, item, event.target);
  });
  item.querySelector(".title").addEventListener("dblclick", () => edit(id, item));
  item.querySelector(".edit").addEventListener("click", () => edit(id, item));
  item.querySelector(".delete").addEventListener("click", () => {
    attempt("Not deleted", () => whilePending(item, () => remove(id)));
  });
  return item;
}

async function whilePending(item, action) {
  item.classList.add("pending");
  try {
    await action();
  } finally {
    item.classList.remove("pending");
  }
}

async function toggle(id, item, checkbox) {
  const completed = checkbox.checked;
  await attempt("Not saved", () => whilePending(item, () => change(id, { completed })));
  checkbox.checked = todos.get(id)?.completed ?? completed;
}

// Enter or leaving the field saves, Escape cancels, an empty title deletes. After a failure the
// field stays open with what was typed.
function edit(id, item) {
  if (item.querySelector(".editor")) return;
  const title = item.querySelector(".title");
  const editor = document.createElement("input");
  editor.className = "editor";
  editor.maxLength = 255;
  editor.value = todos.get(id).title;
  editor.setAttribute("aria-label", "New title");

  let finishing = false;
  const close = () => {
    finishing = true; // removing a focused field makes it lose its focus, which must not save
    editor.remove();
    title.hidden = false;
  };
  const save = async () => {
    if (finishing) return;
    finishing = true;
    const value = editor.value.trim();
    const unchanged = value === todos.get(id).title;
    const action = value ? () => change(id, { title: value }) : () => remove(id);
    if (unchanged || (await attempt("Not saved", () => whilePending(item, action)))) close();
    else finishing = false;
  };
  editor.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Enter") save();
    if (event.key === "Escape") close();
  });
  editor.addEventListener("blur", save);

  title.hidden = true;
  title.after(editor);
  editor.focus();
  editor.select();
}

function update() {
  const remaining = [...todos.values()].filter((todo) => !todo.completed).length;
  byId("remaining").textContent = loaded ? `${remaining} left` : "";
  byId("empty").hidden = !loaded || todos.size > 0;
  list.hidden = todos.size === 0;
}

byId("new").addEventListener("submit", async (event) => {
  event.preventDefault();
  const input = byId("new-title");
  const title = input.value.trim();
  if (!title) return;
  input.readOnly = true;
  if (await attempt("Not added", () => add(title))) input.value = "";
  input.readOnly = false;
});
byId("error-close").addEventListener("click", hideError);

await attempt("The to-dos could not be loaded", load);
list.removeAttribute("aria-busy");
