// The service worker: the page works without network, and changes to a new
// version only in a pause.

const LOOK_MS = 15 * 60_000;
const PAUSE_MS = 3_000;

/// `isIdle()` says whether a reload would disturb nobody.
export async function keepUpdated(isIdle) {
  const { serviceWorker } = navigator;
  if (!serviceWorker) return;
  let controlled = serviceWorker.controller !== null;
  serviceWorker.addEventListener("controllerchange", () => {
    // The first worker takes over what is already its own version.
    if (controlled) location.reload();
    controlled = true;
  });
  const options = { scope: "/scan", updateViaCache: "none" };
  const registration = await serviceWorker.register("/scan/sw.js", options);
  setInterval(() => {
    if (registration.waiting && isIdle()) registration.waiting.postMessage("take over");
  }, PAUSE_MS);
  setInterval(() => {
    registration.update().catch(() => {});
  }, LOOK_MS);
}
