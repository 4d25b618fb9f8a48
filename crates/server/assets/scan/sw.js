// Keeps one whole version of the scanner page for use without network. It never
// touches the device API.

const VERSION = "{{version}}";
const PAGE = "/scan";
const FILES = {{files}};
const CACHE = `scan-${VERSION}`;

addEventListener("install", (event) => {
  event.waitUntil(install());
});

async function install() {
  const cache = await caches.open(CACHE);
  const page = await fetch(PAGE, { cache: "no-store" });
  // The service may have been updated since it gave out this worker.
  if (!page.ok || page.headers.get("etag") !== `"${VERSION}"`) throw new Error("another version");
  await cache.addAll(FILES);
  await cache.put(PAGE, page);
}

addEventListener("activate", (event) => {
  event.waitUntil(activate());
});

async function activate() {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith("scan-") && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
  await clients.claim();
}

addEventListener("message", ({ data }) => {
  if (data === "take over") skipWaiting();
});

addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (pathname === PAGE || pathname === `${PAGE}/`) event.respondWith(kept(PAGE, request));
  else if (pathname.startsWith(`${PAGE}/`)) event.respondWith(kept(request, request));
});

async function kept(what, request) {
  return (await caches.match(what)) ?? fetch(request);
}
