// What is always visible: where this scanner is, whether the server answers, how
// many have come, what is still to be sent, and what needs attention.

import { byId, el, icon } from "./dom.js";

/// By how much a clock may be wrong.
const CLOCK_MS = 30_000;

export class Bar {
  #battery = null;

  constructor({ words, device, journal, connection, desk, scanner }) {
    Object.assign(this, { words, device, journal, connection, desk, scanner });
    void this.#watchBattery();
  }

  /// In per cent, or null if the browser does not tell.
  get batteryPercent() {
    return this.#battery === null ? null : Math.round(this.#battery.level * 100);
  }

  show() {
    const { words, device, journal } = this;
    const { snapshot } = device;
    byId("where-device").textContent = snapshot?.device_name ?? snapshot?.device ?? "";
    byId("where-door").textContent = snapshot?.door_name ?? snapshot?.sector_name ?? snapshot?.door ?? "";
    this.#showLine();
    byId("today").textContent = device.admittedToday(journal);
    byId("unsent").textContent = journal.unsent;
    byId("unsent-box").toggleAttribute("data-some", journal.unsent > 0);
    byId("battery-box").hidden = this.batteryPercent === null;
    byId("battery").textContent = `${this.batteryPercent} %`;
    const [hint, sign] = this.#mode();
    byId("ready-hint").textContent = words.t(hint);
    byId("ready-icon").setAttribute("href", sign);
    byId("notices").replaceChildren(...this.#notices());
  }

  // What a scan does now.
  #mode() {
    if (this.desk.looking) return ["ready_look", "#i-look"];
    return this.desk.direction === "exit" ? ["ready_exit", "#i-exit"] : ["ready_scan", "#i-frame"];
  }

  #showLine() {
    const state = this.device.revoked ? "signed_out" : this.connection.state;
    const line = byId("line");
    // Said again only if it is new.
    const key = `${state} ${this.words.language}`;
    if (line.dataset.key === key) return;
    line.dataset.key = key;
    line.dataset.state = state;
    line.replaceChildren(icon(state === "online" ? "i-online" : "i-offline"), this.words.t(state));
  }

  #notices() {
    const { words, device, desk } = this;
    const notices = [];
    const add = (className, text, button, onclick) => {
      const children = [el("p", {}, text)];
      if (button) children.push(el("button", { type: "button", onclick }, button));
      notices.push(el("div", { className }, ...children));
    };
    if (desk.looking) {
      add("look", words.t("banner_look"), words.t("help_desk_end"), () => desk.lookUp(false));
    }
    if (desk.direction === "exit") {
      const may = device.settings.may_switch_direction;
      add("exit", words.t("banner_exit"), may ? words.t("switch_to_entry") : null, () => desk.turn());
    }
    if (this.scanner.wasAmbiguous) {
      add("loud", words.t("notice_untaught"), words.t("settings"), () => byId("more-settings").click());
    }
    if (device.snapshot && !device.snapshot.mapped) add("loud", words.t("notice_unmapped"));
    if (Math.abs(device.clockAheadMs ?? 0) > CLOCK_MS) {
      add("loud", words.t("notice_clock", { n: Math.round(Math.abs(device.clockAheadMs) / 1000) }));
    }
    return notices;
  }

  async #watchBattery() {
    try {
      this.#battery = (await navigator.getBattery?.()) ?? null;
    } catch {
      // Not every browser tells.
      return;
    }
    this.#battery?.addEventListener("levelchange", () => this.show());
    this.show();
  }
}
