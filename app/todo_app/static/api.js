// The interface of the server: requests that are tried again while that can help, versions and keys
// that make this safe, and failures in words for people.

const ATTEMPTS = 3;
const TIMEOUT = 15_000;
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 10_000;

const TOO_LATE = "The server takes too long to answer.";
const UNREACHABLE = "The server cannot be reached.";
const WORDS = {
  404: "It is no longer there.",
  429: "The server is getting too many requests.",
  503: "The server is too busy.",
};

/** Why a request came to nothing; `status` is 0 where there was no answer at all. */
export class Failure extends Error {
  constructor(message, { status = 0, retryAfter = 0 } = {}) {
    super(message);
    this.status = status;
    this.retryAfter = retryAfter;
  }

  /** The server has said no, and would again; otherwise it may even have done what it was asked. */
  get isFinal() {
    return this.status >= 400 && this.status < 500 && ![408, 429].includes(this.status);
  }
}

/** The to-dos of a list. Each has a `version` where it came alone or with the page. */
export class Todos {
  #pages = new Map();

  constructor(url) {
    this.url = url;
  }

  /** All of them, page by page; pages that have not changed are not sent again. */
  async all() {
    const pages = new Map();
    for (let url = this.url; url && !pages.has(url); url = pages.get(url).next) {
      const known = this.#pages.get(url);
      const headers = known?.etag ? { "If-None-Match": known.etag } : {};
      const response = await once(url, { headers });
      pages.set(url, response.status === 304 ? known : page(response, url));
    }
    this.#pages = pages;
    return [...pages.values()].flatMap(({ todos }) => todos);
  }

  /** Null if there is none any more. */
  async get({ id }) {
    try {
      return versioned(await request(`${this.url}/${id}`));
    } catch (failure) {
      if (failure.status === 404) return null;
      throw failure;
    }
  }

  async add({ key, body }) {
    const headers = { "Idempotency-Key": key };
    return versioned(await request(this.url, { method: "POST", headers, body }));
  }

  /** Change it, unless somebody else has: that is a failure with status 412. */
  async change({ id, version }, body) {
    const headers = { "If-Match": `"${version}"` };
    return versioned(await request(`${this.url}/${id}`, { method: "PATCH", headers, body }));
  }

  async remove({ id, version }) {
    const headers = { "If-Match": `"${version}"` };
    await request(`${this.url}/${id}`, { method: "DELETE", headers });
  }

  async completeAll(completed) {
    const answer = await request(this.url, { method: "PATCH", body: { completed } });
    return answer.headers.has("Link") ? this.all() : answer.content;
  }

  /** Returns what is left. */
  async clearCompleted() {
    await request(`${this.url}?completed=true`, { method: "DELETE" });
    return this.all();
  }
}

/** Every request may safely be sent twice: changes carry a version, new to-dos a key. */
async function request(url, options = {}) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await once(url, options);
    } catch (failure) {
      const pause = failure.retryAfter || FIRST_PAUSE * 3 ** (attempt - 1) * (0.75 + Math.random() / 2);
      if (failure.isFinal || attempt === ATTEMPTS || pause > LONGEST_PAUSE) throw failure;
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
}

async function once(url, { method = "GET", headers = {}, body } = {}) {
  const options = {
    method,
    headers: body ? { ...headers, "Content-Type": "application/json" } : headers,
    body: body && JSON.stringify(body),
    cache: "no-store",
    signal: AbortSignal.timeout(TIMEOUT),
  };
  let response;
  let text;
  try {
    response = await fetch(url, options);
    text = await response.text();
  } catch (error) {
    throw new Failure(error.name === "TimeoutError" ? TOO_LATE : UNREACHABLE);
  }
  const { ok, status, headers: answered } = response;
  const content = parsed(text);
  if ((ok && content !== undefined) || status === 304) return { status, headers: answered, content };
  const retryAfter = 1000 * (Number(answered.get("Retry-After")) || 0);
  throw new Failure(words(status, content), { status: ok ? 502 : status, retryAfter });
}

/** What the JSON says: null if there is none, undefined if it is none, as from a proxy's own page. */
function parsed(text) {
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return undefined;
  }
}

function words(status, problem) {
  const [error] = problem?.errors ?? [];
  if (status === 422 && error) return `The ${error.field} ${error.detail}.`;
  return WORDS[status] ?? problem?.detail ?? `The server has a problem (${status}).`;
}

function page({ headers, content }, url) {
  const next = /<([^>]*)>\s*;[^,]*\brel="?next\b/.exec(headers.get("Link") ?? "");
  return {
    etag: headers.get("ETag"),
    todos: content,
    next: next && new URL(next[1], new URL(url, document.baseURI)).href,
  };
}

function versioned({ content, headers }) {
  return { ...content, version: Number(/\d+/.exec(headers.get("ETag"))) };
}
