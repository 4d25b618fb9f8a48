// What this page knows of time. Its clock may be wrong by seconds or decades, may
// be set, and may stop while the phone sleeps: so each check says what the clock
// showed, how long ago that was as far as the page can tell, and how far the server
// was ahead. See docs/interfaces/device-api.md, "Time".

const BEAT_MS = 1_000;
/// By how much the two clocks of the browser may part between two beats.
const PARTED_MS = 1_000;
/// Browsers let the timers of hidden pages beat once a minute; what is longer may
/// have been a sleep in which both clocks stood still.
const LONGEST_BEAT_MS = 90_000;

export class Clock {
  #wall = Date.now();
  #steady = performance.now();
  #measured = null;

  // Whether the page was out of sight since the last beat.
  #wasHidden = document.hidden;

  constructor() {
    /// Changes whenever the clock was set or the phone may have slept, and is
    /// another after each load of the page.
    this.span = crypto.randomUUID();
    /// Changes only when the phone may have slept, or the page is loaded: within it the
    /// steady clock measures, however often the other one is set.
    this.life = crypto.randomUUID();
    /// The server's time at the last contact, or null.
    this.contactAt = null;
    setInterval(() => this.#beat(), BEAT_MS);
    document.addEventListener("visibilitychange", () => {
      this.#wasHidden = true;
    });
  }

  /// What goes into a check or a cancellation when it happens.
  /// `snapshot` is what the device knows of itself then.
  now(snapshot) {
    this.#beat();
    const measured = this.#measured?.span === this.span ? this.#measured : null;
    return {
      at: new Date(this.#wall).toISOString(),
      when: {
        span: this.span,
        life: this.life,
        steady: this.#steady,
        offset_ms: measured?.offsetMs,
        contact_at: this.contactAt ?? undefined,
        set_up: snapshot?.set_up,
        enrolment: snapshot?.enrolment,
      },
    };
  }

  /// How long ago a check or an entry was, in milliseconds.
  msSince({ at, scanned_at, when }) {
    this.#beat();
    const isSteady = when?.life === this.life;
    return isSteady ? this.#steady - when.steady : this.#wall - Date.parse(at ?? scanned_at);
  }

  /// What goes with it when it is sent.
  sending(when) {
    this.#beat();
    const known = when?.span === this.span;
    return {
      sent_at: new Date(this.#wall).toISOString(),
      age_ms: known ? Math.max(0, Math.round(this.#steady - when.steady)) : undefined,
      offset_ms: when?.offset_ms,
      contact_at: when?.contact_at,
    };
  }

  /// The server told its time in an answer to what was asked at `began`, by
  /// `performance.now()`.
  hear(serverTime, began) {
    this.#beat();
    const midway = this.#wall - (this.#steady - began) / 2;
    const offsetMs = Math.round(Date.parse(serverTime) - midway);
    this.#measured = { span: this.span, offsetMs };
    this.contact(serverTime);
  }

  /// The server spoke at this moment of its own.
  contact(serverTime) {
    if (this.contactAt === null || Date.parse(serverTime) > Date.parse(this.contactAt)) {
      this.contactAt = serverTime;
    }
  }

  #beat() {
    const [wall, steady] = [Date.now(), performance.now()];
    const beat = steady - this.#steady;
    const parted = wall - this.#wall - beat;
    const isParted = Math.abs(parted) > PARTED_MS;
    const isLong = beat > LONGEST_BEAT_MS;
    if (isParted || isLong) this.span = crypto.randomUUID();
    // The steady clock may stop in sleep. In sight a page does not sleep.
    if ((isParted && this.#wasHidden) || isLong) this.life = crypto.randomUUID();
    this.#wasHidden = document.hidden;
    this.#wall = wall;
    this.#steady = steady;
  }
}
