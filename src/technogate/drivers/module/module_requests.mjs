/**
 * Reports what a client module sends to another place than its backend, attempts included: by fetch with its body, by
 * WebSocket, and whatever is written to a connection. Requests to the backend itself are left alone.
 */
import diagnostics from "node:diagnostics_channel";
import net from "node:net";
import { Duplex } from "node:stream";

const pending = new Set();

/** Wait until the bodies that are read without blocking are reported. */
export const reported = () => Promise.allSettled(pending);

const isStreamed = (body) => body instanceof ReadableStream || typeof body?.[Symbol.asyncIterator] === "function";
const asText = (bytes) => Buffer.from(bytes.buffer ?? bytes, bytes.byteOffset ?? 0, bytes.byteLength).toString("latin1");

/** A body of fetch as text; a stream, which can be read only once, is left to the connection. */
async function textOf(body) {
  if (body === undefined || body === null) return "";
  if (body instanceof Blob) return body.text();
  if (body instanceof FormData) {
    const parts = [...body].map(async ([name, value]) => `${name}=${typeof value === "string" ? value : await value.text()}`);
    return (await Promise.all(parts)).join("\n");
  }
  if (body instanceof ArrayBuffer || ArrayBuffer.isView(body)) return asText(body);
  return isStreamed(body) ? "" : String(body);
}

/** Host and port of a URL, "" for what is no address on the network. */
function placeOf(url) {
  try {
    const { protocol, hostname, port } = new URL(url);
    const usual = { "http:": "80", "ws:": "80", "https:": "443", "wss:": "443" }[protocol];
    return usual === undefined ? "" : `${hostname}:${port || usual}`;
  } catch {
    return "";
  }
}

/**
 * Observe fetch, WebSocket and every connection from now on. `base` is the backend's address; `report` takes one request:
 * `{method, url, headers, body, kind}`.
 */
export function observeRequests(base, report) {
  const own = placeOf(base);
  const isElsewhere = (place) => place !== "" && place !== own;

  const { fetch: nativeFetch } = globalThis;
  globalThis.fetch = (input, init) => {
    const request = input instanceof Request ? input : undefined;
    const url = request?.url ?? String(input);
    if (isElsewhere(placeOf(url))) {
      const sent = init?.body ?? (request?.body ? request.clone().blob() : undefined);
      const told = Promise.resolve(sent)
        .then(textOf)
        .then((body) => {
          const headers = [...new Headers(init?.headers ?? request?.headers)];
          report({ method: init?.method ?? request?.method ?? "GET", url, headers, body, kind: "fetch" });
        })
        .catch(() => {}); // fetch itself reports what is wrong with its arguments
      pending.add(told);
      told.finally(() => pending.delete(told));
    }
    return nativeFetch(input, init);
  };

  // Every request of Node's own client and of its library, a redirect that is followed among them.
  diagnostics.subscribe("undici:request:create", ({ request }) => {
    const url = `${request.origin}${request.path}`;
    if (!isElsewhere(placeOf(url))) return;
    const headers = Array.isArray(request.headers) ? request.headers : [String(request.headers)];
    const pairs = headers.map((text, index) => [`header ${index + 1}`, String(text)]);
    report({ method: request.method, url, headers: pairs, body: "", kind: "request" });
  });

  const { WebSocket } = globalThis;
  if (WebSocket !== undefined) {
    const { send } = WebSocket.prototype;
    WebSocket.prototype.send = function (data) {
      if (isElsewhere(placeOf(this.url))) {
        const told = textOf(data).then((body) => report({ method: "GET", url: this.url, headers: [], body, kind: "websocket" }));
        pending.add(told);
        told.finally(() => pending.delete(told));
      }
      return send.call(this, data);
    };
  }

  const places = new WeakMap();
  const { connect } = net.Socket.prototype;
  net.Socket.prototype.connect = function (...args) {
    const [first, second] = Array.isArray(args[0]) ? args[0] : args;
    const { host, port } = typeof first === "object" && first !== null ? first : { host: second, port: first };
    if (port !== undefined) places.set(this, `${typeof host === "string" ? host : "localhost"}:${port}`);
    return connect.apply(this, args);
  };
  const { end } = net.Socket.prototype;
  const written = (socket, chunk) => {
    const place = places.get(socket);
    if (place === undefined || !isElsewhere(place) || !(typeof chunk === "string" || ArrayBuffer.isView(chunk))) return;
    const body = typeof chunk === "string" ? chunk : asText(chunk);
    report({ method: "write", url: `tcp://${place}`, headers: [], body, kind: "connection" });
  };
  net.Socket.prototype.write = function (chunk, ...rest) {
    written(this, chunk);
    return Duplex.prototype.write.call(this, chunk, ...rest);
  };
  net.Socket.prototype.end = function (chunk, ...rest) {
    written(this, chunk);
    return end.call(this, chunk, ...rest);
  };
}
