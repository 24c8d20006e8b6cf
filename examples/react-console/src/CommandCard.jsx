import { useId, useState } from "react";
import { commandProblem, executeCommand, withoutKey } from "@client";
import { configuration } from "./configuration.js";
import { useNewest } from "./useNewest.js";

export function CommandCard({ onExecuted }) {
  const commandId = useId();
  const sessionId = useId();
  const [command, setCommand] = useState("");
  const [session, setSession] = useState("");
  const [outcome, setOutcome] = useState(null);
  const [pending, setPending] = useState(false);
  const begin = useNewest();

  async function handleSubmit(event) {
    event.preventDefault();
    const isNewest = begin();
    // While an answer is awaited nothing may look like one.
    setOutcome(null);
    setPending(true);
    await configuration();
    const answer = await executeCommand(command, session);
    if (!isNewest()) return;
    setOutcome(answer);
    setPending(false);
    if (commandProblem(command, session) === "") onExecuted();
  }

  return (
    <section className="card command-card">
      <h2>Command</h2>
      <form onSubmit={handleSubmit} noValidate autoComplete="off">
        <label htmlFor={commandId}>Command</label>
        <input id={commandId} name="command" value={command} onChange={(event) => setCommand(event.target.value)} />
        <label htmlFor={sessionId}>Session</label>
        <input id={sessionId} name="session" value={session} onChange={(event) => setSession(event.target.value)} />
        <button type="submit" className="button button--primary">
          Execute
        </button>
      </form>
      <div role="status" className="outcome" aria-busy={pending}>
        {pending && <p className="muted">Waiting for the answer …</p>}
        {outcome && <Outcome outcome={outcome} />}
      </div>
    </section>
  );
}

function Outcome({ outcome }) {
  return (
    <>
      <strong className={`badge badge--${outcome.status.toLowerCase()}`}>{outcome.status}</strong>
      {outcome.message && <p className="outcome__message">{withoutKey(outcome.message)}</p>}
      {outcome.reason_codes.length > 0 && (
        <ul className="outcome__reasons">
          {outcome.reason_codes.map((code, index) => (
            <li key={index}>{withoutKey(code)}</li>
          ))}
        </ul>
      )}
      <p className="muted">
        Trace <code className="outcome__trace">{withoutKey(outcome.trace_id)}</code>
      </p>
    </>
  );
}
