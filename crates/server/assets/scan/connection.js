// Whether the server answers. The first silence makes it offline, so that the
// next visitors don't wait; a probe in the background brings it back by itself.

const FIRST_PROBE_MS = 1_000;
const SLOWEST_PROBE_MS = 10_000;
const REFRESH_MS = 3 * 60_000;
const PROBE_TIMEOUT_MS = 5_000;

export class Connection extends EventTarget {
  #timer = null;
  #probing = null;
  #pauseMs = FIRST_PROBE_MS;

  /// `probe(timeoutMs)` asks the server something and gives what `Api` gave.
  constructor(probe) {
    super();
    this.probe = probe;
    /// "starting", "online" or "offline".
    this.state = "starting";
    addEventListener("online", () => this.probeNow());
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.probeNow();
    });
  }

  /// Whether it makes sense to ask the server about a visitor who waits.
  get isWorthAsking() {
    return this.state !== "offline" && navigator.onLine !== false;
  }

  /// The server did not answer, or could not.
  silence() {
    if (this.state !== "offline") {
      this.#pauseMs = FIRST_PROBE_MS;
      this.#become("offline");
    }
    this.#later(this.#pauseMs);
  }

  /// Asks at once; one probe at a time.
  probeNow() {
    clearTimeout(this.#timer);
    this.#probing ??= this.#probe().finally(() => {
      this.#probing = null;
    });
    return this.#probing;
  }

  async #probe() {
    const result = await this.probe(PROBE_TIMEOUT_MS);
    if (result === null) return;
    if (!["answer", "revoked"].includes(result.kind)) {
      this.#pauseMs =
        this.state === "offline" ? Math.min(2 * this.#pauseMs, SLOWEST_PROBE_MS) : FIRST_PROBE_MS;
      this.#become("offline");
      this.#later(this.#pauseMs);
    } else {
      this.#become("online");
      this.#later(REFRESH_MS);
    }
  }

  #later(ms) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.probeNow(), ms);
  }

  #become(state) {
    const changed = this.state !== state;
    this.state = state;
    if (changed) this.dispatchEvent(new Event("change"));
  }
}
