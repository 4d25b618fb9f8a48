// Puts the page together.

import { Api } from "./api.js";
import { Bar } from "./bar.js";
import { Camera } from "./camera.js";
import { Checks } from "./checks.js";
import { Clock } from "./clock.js";
import { Connection } from "./connection.js";
import { Desk } from "./desk.js";
import { Device, isSnapshot } from "./device.js";
import { byId } from "./dom.js";
import { Enrol, codeInAddress } from "./enrol.js";
import { Entered } from "./entered.js";
import { Forced } from "./forced.js";
import { History } from "./history.js";
import { Words } from "./i18n.js";
import { Journal } from "./journal.js";
import { TEXT } from "./learn.js";
import { Lists } from "./lists.js";
import { Panels } from "./panels.js";
import { Scanner } from "./scanner.js";
import { Screen } from "./screen.js";
import { Settings } from "./settings.js";
import { Several } from "./several.js";
import { Sound } from "./sound.js";
import { Store } from "./store.js";
import { Sync } from "./sync.js";
import { Typing } from "./typing.js";
import { keepUpdated } from "./update.js";
import { Wedge } from "./wedge.js";

const LOCK = "passerelle-scan";
/// A pause in which an update disturbs nobody.
const PAUSE_MS = 10_000;

const words = await Words.load();
byId("too-old").remove();
words.fill(document);
document.title = `Passerelle – ${words.t("title")}`;

if (!globalThis.isSecureContext) {
  unable("unable_insecure");
} else {
  const waiting = setTimeout(() => other(), 300);
  // One tab works; another waits for its turn.
  await navigator.locks.request(LOCK, async () => {
    clearTimeout(waiting);
    byId("unable").hidden = true;
    try {
      await start(await Store.open());
    } catch {
      unable("unable_storage");
    }
    // Held as long as the page lives.
    await new Promise(() => {});
  });
}

function unable(key) {
  byId("unable-title").textContent = words.t("unable_title");
  byId("unable-text").textContent = words.t(key);
  byId("work").hidden = true;
  byId("unable").hidden = false;
}

function other() {
  byId("unable-title").textContent = words.t("other_tab_title");
  byId("unable-text").textContent = words.t("other_tab_text");
  byId("unable").hidden = false;
}

async function start(store) {
  const device = await Device.load(store);
  const clock = new Clock();
  const age = (entry) => clock.msSince(entry);
  const isRecent = (entry) => device.isRecent(entry.at ?? entry.scanned_at, age(entry));
  const [journal, history, entered, settings, scanner] = await Promise.all([
    Journal.load(store),
    History.load(store),
    Entered.load(store, isRecent),
    Settings.load(store),
    Scanner.load(store),
  ]);
  await journal.dropOldAttempts(age);
  for (const entry of journal.untold) if (device.isOurs(entry) && isRecent(entry)) entered.take(entry);
  const api = new Api(device.token);
  const connection = new Connection(probe);
  if (device.snapshot !== null) clock.contact(device.snapshot.server_time);
  const checks = new Checks({ api, clock, device, journal, entered, connection });
  const sync = new Sync({ api, clock, device, journal, connection });
  const sound = new Sound();
  const panels = new Panels({ onClosed: home });
  const screen = new Screen({
    words,
    sound,
    timezone: () => device.snapshot?.timezone,
    dayOf: (moment) => device.dayOf(moment),
    onForce: (answer) => force(answer),
    onAgain: (answer) => desk.again(answer),
    onMore: (answer) => several.open(answer),
    onDone: home,
  });
  const desk = new Desk({ device, journal, history, checks, sync, screen, panels, changed: show });
  new Lists({ words, device, journal, history, panels });
  const bar = new Bar({ words, device, journal, connection, desk, scanner });
  const forced = new Forced({
    words,
    panels,
    onForce: (code, forcedNote) => desk.force(code, forcedNote),
  });
  const several = new Several({
    panels,
    onChosen: (answer, count) => desk.more(answer, count),
  });
  new Typing({ words, device, panels, onCode: (code) => desk.read(code) });
  const enrol = new Enrol({
    words,
    device,
    journal,
    history,
    entered,
    scanner,
    api,
    onEnrolled: enrolled,
    onBack: () => view(),
    onLanguage: (language) => settings.chooseLanguage(language, apply),
  });
  settings.attach({ words, device, panels, scanner, apply, onEnrol: () => view("enrol") });
  const camera = new Camera({
    video: byId("video"),
    api,
    onCode: saw,
  });
  new Wedge({ home: byId("scan"), pauseMs: () => scanner.pauseMs, onKeys: typed });

  // Whether somebody asked for the enrolment page.
  let enrolling = false;

  // A code before the camera; `sight` is how it was seen.
  function saw(text, sight) {
    const isWorking = device.ready && !byId("work").hidden;
    // It is for the other kind of scanner.
    if (text.includes(TEXT)) return;
    // What is still there begins nothing.
    if (sight === "still") return void (isWorking && desk.read(text, sight));
    if (begins([text]) || !isWorking) return;
    if (panels.isOpen("force")) return forced.fill(text);
    if (desk.read(text, sight)) panels.close();
  }

  // The keys of a scanner.
  function typed(keys, end) {
    if (scanner.learns(keys, end)) return taught();
    if (begins(scanner.texts(keys, end).texts)) return;
    if (!device.ready || byId("work").hidden) return;
    const code = scanner.text(keys, end, device.snapshot.detection);
    if (code !== null && panels.isOpen("force")) return forced.fill(code);
    if (code === null) desk.ambiguous();
    else desk.read(code);
    panels.close();
    show();
  }

  // Whether one of these texts is for the enrolment.
  function begins(texts) {
    const code = texts.map(codeInAddress).find((found) => found !== null);
    if (code === undefined && !enrol.isOpen) return false;
    void (code === undefined ? enrol.takeOne(texts) : enrol.take(code));
    return true;
  }

  // The scanner has read the code that teaches.
  function taught() {
    enrol.showScanner();
    panels.close();
    if (!byId("work").hidden) screen.done(words.t("scanner_taught"), null, scanner.shown(words));
    show();
  }

  function force(answer) {
    screen.close();
    forced.open(answer.code);
  }

  async function probe(timeoutMs) {
    // What was done before the token was revoked is still to be brought.
    if (device.token === null || (device.revoked && journal.unsent === 0)) return null;
    const began = performance.now();
    const asked = await api.get(`device?${about()}`, timeoutMs);
    // What does not look like our snapshot is somebody else's answer.
    const foreign = asked.kind === "answer" && !isSnapshot(asked.body);
    const result = foreign ? { kind: "silent" } : asked;
    if (result.kind === "answer") {
      clock.hear(result.body.server_time, began);
      await device.takeSnapshot(result.body).catch(() => {});
      await entered.forgetOthers(isRecent).catch(() => {});
      await journal.dropOldAttempts(age).catch(() => {});
      void device.refreshList(api).catch(() => {});
      apply();
    } else if (result.kind === "revoked") {
      await device.revoke();
      void sync.wake();
    }
    return result;
  }

  // What this device tells of itself.
  function about() {
    const query = new URLSearchParams({
      device_time: new Date().toISOString(),
      unsent: journal.unsent,
      mode: connection.state === "offline" ? "offline" : "online",
    });
    if (journal.oldestUnsent !== null) query.set("oldest_unsent", journal.oldestUnsent);
    if (bar.batteryPercent !== null) query.set("battery_percent", bar.batteryPercent);
    return query;
  }

  async function enrolled() {
    apply();
    await connection.probeNow();
    // That one may have been on its way with the former token.
    if (!device.ready || connection.state !== "online") await connection.probeNow();
    void sync.wake();
    view();
  }

  // Takes language and sound from where they are set.
  function apply() {
    sound.on = settings.sound;
    if (settings.language !== null && settings.language !== words.language) {
      words.use(settings.language);
      words.fill(document);
      document.title = `Passerelle – ${words.t("title")}`;
      // Its texts were made when it opened.
      if (enrol.isOpen) enrol.open();
      if (panels.isOpen("settings")) byId("more-settings").click();
    }
    show();
  }

  function show() {
    bar.show();
    enrol.showUnsent();
    byId("go-camera-words").textContent = words.t(camera.isOn ? "camera_stop" : "camera");
    if (camera.isOn && !desk.looking) byId("ready-hint").textContent = words.t("camera_aim");
    const { forced_entry, help_desk, may_switch_direction } = device.settings;
    byId("more-force").hidden = !forced_entry;
    byId("more-look").hidden = !help_desk || desk.looking;
    byId("more-direction").hidden = !may_switch_direction;
    byId("more-direction-words").textContent = words.t(
      desk.direction === "entry" ? "switch_to_exit" : "switch_to_entry",
    );
    if (device.revoked && !enrol.isOpen && !screen.isOpen) view();
  }

  // Enrolment, or the page at work.
  function view(wanted) {
    enrolling = wanted === "enrol";
    const working = device.ready && !device.revoked && wanted !== "enrol";
    byId("work").hidden = !working;
    if (working) {
      enrol.close();
    } else {
      camera.stop();
      panels.close();
      enrol.open();
    }
    show();
    home();
  }

  // The focus is never lost: it goes back to the scan field.
  function home() {
    if (device.revoked && !enrol.isOpen) return view();
    if (panels.current === null && !byId("work").hidden) {
      byId("scan").focus({ preventScroll: true });
    }
  }

  async function film() {
    if (camera.isOn) camera.stop();
    else await camera.start();
    home();
  }

  camera.addEventListener("change", () => {
    const { isOn } = camera;
    for (const id of ["video", "aim"]) byId(id).hidden = !isOn;
    // The answer leaves the switch of the camera in sight.
    byId("stage").classList.toggle("filming", isOn);
    screen.cover();
    byId("ready").classList.toggle("filming", isOn);
    byId("go-camera").setAttribute("aria-pressed", String(isOn));
    show();
    byId("torch").hidden = !camera.hasTorch;
    const problem = camera.problem ?? (isOn && camera.blind ? "camera_needs_line" : null);
    byId("camera-problem").textContent = problem === null ? "" : words.t(problem);
    byId("camera-problem").hidden = problem === null;
  });
  byId("go-camera").addEventListener("click", film);
  byId("torch").addEventListener("click", ({ currentTarget }) => {
    const on = currentTarget.getAttribute("aria-pressed") !== "true";
    currentTarget.setAttribute("aria-pressed", String(on));
    void camera.light(on).catch(() => {});
  });
  byId("go-more").addEventListener("click", () => panels.open("more"));
  document.addEventListener("focusout", () => {
    setTimeout(() => {
      if (document.activeElement === document.body) home();
    });
  });

  connection.addEventListener("change", () => {
    show();
    if (connection.state === "online") void sync.wake();
    // The first snapshot came late.
    if (device.ready && byId("work").hidden && !enrolling && !device.revoked) view();
  });
  sync.addEventListener("change", () => {
    show();
    // What was sent counts in the server's number now.
    if (journal.unsent === 0) void connection.probeNow();
  });

  // A link with a code, opened by hand or by the phone's own camera.
  async function takeLink() {
    const code = codeInAddress(location.hash);
    if (code === null) return false;
    // A reload must not try the code again.
    globalThis.history.replaceState(null, "", location.pathname);
    view("enrol");
    await enrol.take(code);
    return true;
  }
  addEventListener("hashchange", () => void takeLink());

  apply();
  view();
  void keepUpdated(
    () =>
      desk.isIdle &&
      !screen.isOpen &&
      panels.current === null &&
      !camera.isOn &&
      !enrol.isBegun &&
      performance.now() - desk.lastAt > PAUSE_MS,
  ).catch(() => {});
  void navigator.storage?.persist?.().catch(() => {});
  void keepAwake();
  document.documentElement.dataset.started = "yes";
  if (!(await takeLink())) await connection.probeNow();
}

// A scanner that falls asleep makes a queue.
async function keepAwake() {
  const wake = async () => {
    if (!document.hidden) await navigator.wakeLock?.request("screen").catch(() => {});
  };
  document.addEventListener("visibilitychange", wake);
  await wake();
}
