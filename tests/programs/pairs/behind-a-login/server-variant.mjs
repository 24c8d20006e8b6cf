// Conforming: the page is there for a person who has logged in; the form is served in its place until then.
const USER = "ana", PASSWORD = process.env.PAGE_PASSWORD ?? "correct horse";
const form = (said) => `<!doctype html><html lang="en"><title>Log in</title><h1>Log in</h1><p role="alert">${said}</p>
<form method="post" action="/login"><label>User <input name="user" autocomplete="username"></label>
<label>Password <input name="password" type="password" autocomplete="current-password"></label><button>Log in</button></form>`;
export function before(request, response, path) {
  if (path === "/login" && request.method === "POST") {
    let body = "";
    request.on("data", (c) => (body += c)).on("end", () => {
      const sent = new URLSearchParams(body);
      if (sent.get("user") === USER && sent.get("password") === PASSWORD) {
        response.writeHead(303, { location: "/", "set-cookie": "seen=1; HttpOnly; SameSite=Lax; Path=/" });
        return response.end();
      }
      response.writeHead(403, { "content-type": "text/html; charset=utf-8" });
      response.end(form("Wrong user or password."));
    });
    return true;
  }
  if (/\bseen=1\b/.test(request.headers.cookie ?? "")) return false;
  response.writeHead(200, { "content-type": "text/html; charset=utf-8" });
  response.end(form(""));
  return true;
}
