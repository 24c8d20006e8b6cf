// One console, built from the parts that the address names: `?api=…&filter=radio&…`. It says nothing about being busy.
const options = new URLSearchParams(location.search);
const api = options.get("api");
const kind = (name) => options.get(name) ?? "";
const STATES = ["all", "APPROVED", "BLOCKED"];

const made = (name, testId, fields = {}, ...children) => {
  const element = Object.assign(document.createElement(name), fields);
  if (testId) element.dataset.testid = testId;
  element.append(...children);
  return element;
};
const ask = async (path, init = {}) => {
  const answer = await fetch(api + path, { ...init, headers: { "X-API-Key": "key-of-the-tests-0001", ...init.headers } });
  return answer.status === 204 ? null : answer.json();
};

// ---- where the page is: in the document, in a shadow tree, in a frame ----

let root = document.getElementById("app");
if (kind("in") === "shadow") {
  class ConsoleApp extends HTMLElement {}
  customElements.define("console-app", ConsoleApp);
  const host = document.createElement("console-app");
  root.append(host);
  root = host.attachShadow({ mode: "open" });
}
const part = (testId) => root.querySelector(`[data-testid="${testId}"]`);

// ---- the controls ----

let filter = "all";
const chosen = (value) => {
  filter = value;
  if (kind("loads") !== "no") loadAudit();
};
const FILTERS = {
  "": () => {
    const select = made("select", "audit-filter", {}, ...STATES.map((state) => made("option", "", { textContent: state })));
    select.addEventListener("change", () => chosen(select.value));
    return [select];
  },
  radio: () => {
    const radios = STATES.map((state) => {
      const input = made("input", "", { type: "radio", name: "filter", value: state.toLowerCase(), className: "hidden-input", checked: state === "all" });
      input.addEventListener("change", () => chosen(state));
      return made("label", "", {}, input, state === "all" ? "All states" : `${state[0]}${state.slice(1).toLowerCase()}`);
    });
    return [made("fieldset", "audit-filter", {}, ...radios)];
  },
  buttons: () => {
    const buttons = STATES.map((state) => made("button", "", { type: "button", textContent: state, ariaPressed: String(state === "all") }));
    for (const button of buttons)
      button.addEventListener("click", () => {
        for (const other of buttons) other.ariaPressed = String(other === button);
        chosen(button.textContent);
      });
    return [made("div", "audit-filter", {}, ...buttons)];
  },
  popup: () => {
    // The popup opens on the pointer, elsewhere on the page, a moment later.
    const button = made("button", "audit-filter", { type: "button", textContent: "all" });
    button.setAttribute("role", "combobox");
    button.addEventListener("pointerdown", () =>
      setTimeout(() => {
        const items = STATES.map((state) => made("div", "", { textContent: state, role: "option" }));
        const list = made("div", "", { role: "listbox" }, ...items);
        for (const item of items)
          item.addEventListener("click", () => {
            list.remove();
            button.textContent = item.textContent;
            chosen(item.textContent);
          });
        root.append(list);
      }, 100),
    );
    return [button];
  },
  none: () => [],
};
const COMMANDS = {
  "": () => made("input", "command-input"),
  textarea: () => made("textarea", "command-input"),
  editable: () => made("div", "command-input", { contentEditable: "true", textContent: "" }),
  wrapped: () => made("span", "command-input", {}, made("input")),
  keys: () => made("input", "command-input"),
};
const field = (testId) => {
  const element = part(testId);
  return element.matches("input, textarea, div") ? element : element.querySelector("input");
};
const entered = () => field("command-input").value ?? field("command-input").textContent;

root.append(
  COMMANDS[kind("command")](),
  made("input", "session-input"),
  made("button", "command-run", { textContent: "Run", disabled: ["late", "server", "keys"].includes(kind("run")) }),
  made("div", "result", {}, made("b", "result-status"), made("code", "result-trace-id"), made("ul", "result-reasons"), made("p", "result-message")),
  made("div", "audit", {}, ...FILTERS[kind("filter")](), made("input", "audit-limit", { type: "number", value: "50" }), made("button", "audit-refresh", { textContent: "Refresh" }), made("p", "audit-empty", { textContent: "none", hidden: true }), made("div", "", { id: "rows" })),
  made("div", "memory", {}, made("button", "memory-refresh", { textContent: "Refresh" }), made("p", "memory-empty", { textContent: "none" }), made("b", "memory-command"), made("i", "memory-status"), made("u", "memory-timestamp"), made("pre", "memory-output")),
);
if (kind("css")) (root.host ?? root).classList.add(kind("css"));

// ---- what it does ----

const show = (answer) => {
  part("result-status").textContent = kind("css") === "cased" ? answer.status.toLowerCase() : answer.status;
  part("result-trace-id").textContent = answer.trace_id;
  part("result-reasons").textContent = answer.reason_codes.join(", ");
  part("result-message").textContent = answer.message ?? "";
};
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
async function run() {
  if (!/^[A-Z_]{3,32}$/.test(entered())) return;
  const headers = { "Content-Type": "application/json" };
  const answer = await ask("/api/execute", { method: "POST", headers, body: JSON.stringify({ command: entered() }) });
  if (kind("shown") === "late") await pause(60);
  show(answer);
  if (kind("shown") === "toast") {
    await pause(5);
    show({ status: "", trace_id: "", reason_codes: [] });
  }
}
async function loadAudit() {
  const entries = await ask(`/api/audit?filter=${filter}&limit=${part("audit-limit").value}`);
  part("audit-empty").hidden = entries.length > 0;
  const cells = (entry) => ["timestamp", "action", "result", "state", "trace_id"].map((name) => {
    const cell = made("span", "", { textContent: entry[name] });
    cell.dataset.field = name;
    return cell;
  });
  const row = (entry) => made("p", "audit-row", {}, ...cells(entry));
  const list = root.querySelector("#rows");
  if (kind("rows") !== "virtual") return list.replaceChildren(...entries.map(row));
  const scroller = made("div", "", { className: "scroller" });
  const space = made("div");
  space.style.height = `${entries.length * 20}px`;
  const draw = () => {
    const first = Math.max(0, Math.floor(scroller.scrollTop / 20) - 1);
    space.replaceChildren(...entries.slice(first, first + 9).map((entry, at) => {
      const drawn = row(entry);
      drawn.style.top = `${(first + at) * 20}px`;
      return drawn;
    }));
  };
  scroller.addEventListener("scroll", draw);
  scroller.append(space);
  list.replaceChildren(scroller);
  draw();
}
async function loadMemory() {
  const snapshot = await ask("/api/memory");
  part("memory-empty").hidden = snapshot !== null;
  for (const name of ["command", "status", "timestamp", "output"]) part(`memory-${name}`).textContent = snapshot?.[name] ?? "";
}

// ---- when it listens ----

let timer;
const valid = () => (part("command-run").disabled = !/^[A-Z_]{3,32}$/.test(entered()));
const CHECKS = {
  late: () => {
    part("command-run").disabled = true;
    clearTimeout(timer);
    timer = setTimeout(valid, 250);
  },
  server: async () => {
    part("command-run").disabled = true;
    await fetch(`checked?${encodeURIComponent(entered())}`);
    valid();
  },
};
function listen() {
  if (kind("limit") === "loads") part("audit-limit").addEventListener("change", loadAudit);
  if (CHECKS[kind("run")]) field("command-input").addEventListener("input", CHECKS[kind("run")]);
  if (kind("run") === "keys") field("command-input").addEventListener("keyup", valid);
  part("command-run").addEventListener("click", run);
  part("audit-refresh").addEventListener("click", loadAudit);
  part("memory-refresh").addEventListener("click", loadMemory);
}
const starts = Number(kind("starts") || 0);
const start = () => {
  listen();
  if (kind("first") === "loads") {
    loadAudit();
    loadMemory();
  }
};
if (starts === 0) start();
else setTimeout(start, starts);
