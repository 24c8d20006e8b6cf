// A connection ends on its ninth request: unhandled, or handled and without a response. A fresh one is served.
const served = new WeakMap();
const ninth = (socket) => served.get(socket) % 9 === 0;
export function before(request) {
  served.set(request.socket, (served.get(request.socket) ?? 0) + 1);
  if (request.method !== "GET" || !ninth(request.socket)) return false;
  request.socket.destroy();
  return true;
}
export function send({ response, code, body, headers }) {
  if (ninth(response.socket)) return response.socket.destroy();
  response.writeHead(code, headers);
  response.end(body);
}
