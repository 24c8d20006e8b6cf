// Conforming; it speaks HTTP/1.0: no length, and the end of the connection ends each response.
export function send({ request, response, code, body, headers }) {
  const { "Content-Length": _, ...rest } = headers;
  const lines = Object.entries(rest).map(([name, value]) => `${name}: ${value}\r\n`).join("");
  response.socket.end(`HTTP/1.0 ${code} Some\r\n${lines}\r\n${request.method === "HEAD" ? "" : body}`);
}
