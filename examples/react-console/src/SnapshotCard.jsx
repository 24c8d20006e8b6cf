import { withoutKey } from "@client";

export function SnapshotCard({ snapshot: { value, loading }, onReload }) {
  return (
    <section className="card snapshot-card" aria-busy={loading}>
      <h2>Last snapshot</h2>
      <button type="button" className="button" onClick={onReload}>
        Reload
      </button>
      {value === null ? (
        <p className="snapshot__none muted">No snapshot yet.</p>
      ) : (
        <dl>
          <dt>Command</dt>
          <dd className="snapshot__command">{withoutKey(value.command)}</dd>
          <dt>Status</dt>
          <dd className="snapshot__status">{value.status}</dd>
          <dt>At</dt>
          <dd className="snapshot__time">{value.timestamp}</dd>
          <dt>Output</dt>
          <dd>
            <pre className="snapshot__output">{withoutKey(value.output)}</pre>
          </dd>
        </dl>
      )}
    </section>
  );
}
