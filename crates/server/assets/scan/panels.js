// The dialogs: one at a time, and afterwards the focus is back at the scan field.

import { byId } from "./dom.js";

export class Panels {
  /// `onClosed()` is called when none is open any more.
  constructor({ onClosed }) {
    this.current = null;
    for (const dialog of document.querySelectorAll("dialog")) {
      dialog.querySelector("button.close").addEventListener("click", () => this.close());
      // A tap beside the dialog closes it.
      dialog.addEventListener("click", (event) => {
        if (event.target === dialog && isOutside(dialog, event)) this.close();
      });
      dialog.addEventListener("close", () => {
        if (this.current !== dialog) return;
        this.current = null;
        onClosed();
      });
    }
  }

  isOpen(id) {
    return this.current?.id === id;
  }

  /// Opens the dialog with this id in place of another.
  open(id, focus) {
    const former = this.current;
    this.current = byId(id);
    if (former && former !== this.current) former.close();
    if (!this.current.open) this.current.showModal();
    focus?.focus();
  }

  close() {
    this.current?.close();
  }
}

function isOutside(dialog, { clientX, clientY }) {
  const box = dialog.getBoundingClientRect();
  const inside = clientX >= box.left && clientX <= box.right && clientY >= box.top && clientY <= box.bottom;
  return !inside;
}
