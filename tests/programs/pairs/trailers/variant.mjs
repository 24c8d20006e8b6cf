// Conforming; each body comes in chunks, with a trailer behind them.
export function send({ request, response, code, body, headers }) {
  const { "Content-Length": length, ...rest } = headers;
  if (request.method === "HEAD" || !body) {
    response.writeHead(code, headers);
    return response.end();
  }
  response.writeHead(code, { ...rest, Trailer: "X-Checksum" });
  for (const part of [body.slice(0, 20), body.slice(20)]) if (part) response.write(part);
  response.addTrailers({ "X-Checksum": "abc" });
  response.end();
}
