// Asks the server, and sorts what comes back into the five things that matter
// to the page. Nothing that the network does becomes an exception.

const PATH = "/api/v1/";

/// `ask` gives one of
///   {kind: "answer", body, headers, bytes}   the server's answer
///   {kind: "problem", code}                  it will not do this; repeating is of no use
///   {kind: "unwell", code}                   it cannot do this now
///   {kind: "revoked"}                        this device's token is not valid
///   {kind: "silent"}                         no answer, or one of something else on the way
export class Api {
  constructor(token) {
    this.token = token;
  }

  get(path, timeoutMs) {
    return this.#ask("GET", path, undefined, timeoutMs);
  }

  post(path, body, timeoutMs) {
    return this.#ask("POST", path, body, timeoutMs);
  }

  async #ask(method, path, body, timeoutMs) {
    const { token } = this;
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), timeoutMs);
    try {
      const response = await fetch(PATH + path, {
        method,
        headers: this.#headers(body),
        body: body instanceof Blob || body === undefined ? body : JSON.stringify(body),
        cache: "no-store",
        credentials: "omit",
        // A portal that wants a login sends us elsewhere; that is no answer.
        redirect: "error",
        signal: stop.signal,
      });
      const result = await sorted(response);
      // What is said to a former token is not said to this device.
      return token === this.token ? result : { kind: "silent" };
    } catch {
      return { kind: "silent" };
    } finally {
      clearTimeout(timer);
    }
  }

  #headers(body) {
    const headers = {};
    if (this.token !== null) headers.authorization = `Bearer ${this.token}`;
    if (body instanceof Blob) headers["content-type"] = body.type;
    else if (body !== undefined) headers["content-type"] = "application/json";
    return headers;
  }
}

async function sorted(response) {
  const type = (response.headers.get("content-type") ?? "").split(";")[0].trim();
  if (response.ok && type === "application/json") {
    const bytes = await response.arrayBuffer();
    const body = JSON.parse(new TextDecoder().decode(bytes));
    return { kind: "answer", body, headers: response.headers, bytes };
  }
  if (type !== "application/problem+json") return { kind: "silent" };
  // A gateway on the way may speak of problems, too.
  const { code, type: kind } = await response.json();
  if (typeof code !== "string" || kind !== `urn:passerelle:problem:${code}`) return { kind: "silent" };
  if (response.status === 401) return { kind: code === "token_invalid" ? "revoked" : "silent" };
  return { kind: response.status >= 500 ? "unwell" : "problem", code };
}
