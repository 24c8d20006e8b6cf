// Conforming; it closes each connection after its response, and says so.
export function send({ response, code, body, headers }) {
  response.writeHead(code, { ...headers, Connection: "close" });
  response.end(body);
}
