import { useId } from "react";
import { FILTERS, withoutKey } from "@client";

export function HistoryCard({ log, filter, limit, onFilter, onLimit, onReload }) {
  function handleSubmit(event) {
    event.preventDefault();
    onReload();
  }

  const filterId = useId();
  const limitId = useId();
  return (
    <section className="card history-card" aria-busy={log.loading}>
      <h2>History</h2>
      <form className="toolbar" onSubmit={handleSubmit} noValidate>
        <label htmlFor={filterId}>State</label>
        <select id={filterId} value={filter} onChange={(event) => onFilter(event.target.value)}>
          {FILTERS.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
        <label htmlFor={limitId}>Entries</label>
        <input
          id={limitId}
          type="number"
          min="1"
          max="1000"
          value={Number.isNaN(limit) ? "" : limit}
          onChange={(event) => onLimit(event.target.valueAsNumber)}
        />
        <button type="submit" className="button">
          Reload
        </button>
      </form>
      {log.entries.length === 0 ? (
        <p className="history__none muted">{log.source === "none" ? "The history could not be read." : "No entries."}</p>
      ) : (
        <table>
          <thead>
            <tr>
              <th>Time</th>
              <th>Action</th>
              <th>Result</th>
              <th>State</th>
              <th>Trace</th>
              <th>Execution</th>
            </tr>
          </thead>
          <tbody>
            {log.entries.map((entry, index) => (
              <tr key={`${entry.trace_id}-${index}`}>
                <td>{entry.timestamp}</td>
                <td>{withoutKey(entry.action)}</td>
                <td>{entry.result}</td>
                <td>{entry.state}</td>
                <td>{withoutKey(entry.trace_id ?? "")}</td>
                <td>{withoutKey(entry.execution_id ?? "")}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
