// Sends requests as a console would and reports what the runtime's own fetch makes of each response: for each request
// a list of outcomes, one for each time that it is sent. It decides nothing. Runs in Node and in a page alike.
async ({ base, requests, until, limitMs }) => {
  const aborter = new AbortController();
  const outcomeOf = async (path, options) => {
    try {
      const response = await fetch(base + path, options);
      const { status, type } = response;
      return { error: "", status, type, text: await response.text() };
    } catch (error) {
      return { error: String(error?.name ?? error), status: 0, type: "", text: "" };
    }
  };
  const late = () => new Promise((end) => setTimeout(() => end({ error: "", status: 0, type: "pending", text: "" }), limitMs));
  const send = async ({ method, path, redirect, times }) => {
    const body = method === "POST" ? "{}" : undefined;
    const options = { method, body, redirect, cache: "no-store", signal: aborter.signal };
    const outcomes = [];
    for (let time = 0; time < times; time += 1) {
      outcomes.push(await Promise.race([outcomeOf(path, options), late()]));
    }
    return outcomes;
  };
  // Everything is aborted when `until` is answered: that is when every response stalls.
  if (until !== "") void outcomeOf(until, { cache: "no-store" }).then(() => aborter.abort());
  return Promise.all(requests.map(send));
};
