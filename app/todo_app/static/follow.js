// Asks for what other devices have changed: every few seconds while the page is seen, less often
// when nobody does anything or the server does not answer.

const SOONEST = 5_000;
const LATEST = 60_000;

/** `report` is called with every failure to refresh, and with null after a success. */
export function follow(store, { now, report }) {
  let touched = Date.now();
  let failures = 0;
  let timer = 0;
  let isAsking = false;

  async function refresh() {
    clearTimeout(timer);
    if (document.hidden || isAsking) return;
    isAsking = true;
    let failure = null;
    try {
      await store.refresh();
    } catch (error) {
      failure = error;
    }
    isAsking = false;
    failures = failure ? failures + 1 : 0;
    report(failure);
    later(failure?.retryAfter ?? 0);
  }

  function later(atLeast) {
    const idle = (Date.now() - touched) / 12;
    const pause = Math.min(LATEST, Math.max(SOONEST, idle) * 2 ** failures);
    timer = setTimeout(refresh, Math.max(pause, atLeast));
  }

  for (const event of ["focus", "online"]) addEventListener(event, refresh);
  addEventListener("pageshow", ({ persisted }) => persisted && refresh()); // back from its sleep
  document.addEventListener("visibilitychange", refresh);
  for (const event of ["pointerdown", "keydown"]) {
    addEventListener(event, () => (touched = Date.now()), { passive: true });
  }
  if (now) refresh();
  else later(0);
}
