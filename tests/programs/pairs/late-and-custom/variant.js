// Conforming: the markup is there at once and the handlers 1.2 s later; the filter is a listbox of a component library, in
// a popup; Run is disabled until the command has been checked, 250 ms after the last key.
const STATES = ["all", "APPROVED", "BLOCKED", "EXPIRED", "WARNING", "NEUTRAL"];
export function start({ wire, loadAudit, loadMemory, $, commandProblem }) {
  const box = document.createElement("div");
  Object.assign(box, { tabIndex: 0, textContent: "all", value: "all" });
  box.dataset.testid = "audit-filter";
  box.setAttribute("role", "combobox");
  const list = document.createElement("ul");
  list.setAttribute("role", "listbox");
  list.hidden = true;
  const options = STATES.map((state) => Object.assign(document.createElement("li"), { textContent: state, role: "option" }));
  list.append(...options);
  $("audit-filter").replaceWith(box, list);
  document.getElementById("f").addEventListener("submit", (event) => event.preventDefault());
  const button = $("command-run");
  button.disabled = true;
  let timer;
  const check = () => {
    button.disabled = commandProblem($("command-input").value) !== "";
  };
  setTimeout(() => {
    box.onclick = () => {
      list.hidden = !list.hidden;
    };
    for (const option of options)
      option.onclick = () => {
        box.value = box.textContent = option.textContent;
        list.hidden = true;
        loadAudit();
      };
    $("command-input").addEventListener("input", () => {
      button.disabled = true;
      clearTimeout(timer);
      timer = setTimeout(check, 250);
    });
    check();
    wire();
    loadAudit();
    loadMemory();
  }, 1200);
}
