// A number typed by hand: big keys under the thumb, or the keyboard where passes
// bear letters.

import { byId, el, icon } from "./dom.js";

export class Typing {
  constructor({ words, device, panels, onCode }) {
    Object.assign(this, { words, device, panels });
    this.field = byId("type-code");
    byId("go-type").addEventListener("click", () => this.open());
    byId("type-form").addEventListener("submit", (event) => {
      event.preventDefault();
      const code = this.field.value.trim();
      if (code === "") return;
      panels.close();
      onCode(code);
    });
  }

  open() {
    const serial = this.device.snapshot.detection.format.num_type === "serial";
    this.field.value = "";
    // Our own keys are larger than the phone's.
    this.field.inputMode = serial ? "text" : "none";
    byId("keypad").replaceChildren(...(serial ? [] : this.#keys()));
    this.panels.open("type", this.field);
  }

  #keys() {
    const digits = [..."1234567890"].map((digit) =>
      el("button", { type: "button", onclick: () => this.#put(digit) }, digit),
    );
    const erase = el("button", { type: "button", onclick: () => this.#erase() }, icon("i-erase"));
    erase.className = "wide";
    erase.setAttribute("aria-label", this.words.t("erase"));
    return [...digits, erase];
  }

  #put(digit) {
    this.field.value += digit;
  }

  #erase() {
    this.field.value = this.field.value.slice(0, -1);
  }
}
