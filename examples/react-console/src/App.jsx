import { useCallback, useEffect, useState } from "react";
import { fetchMemory, readAuditLog } from "@client";
import { CommandCard } from "./CommandCard.jsx";
import { HistoryCard } from "./HistoryCard.jsx";
import { SnapshotCard } from "./SnapshotCard.jsx";
import { configuration } from "./configuration.js";
import { useNewest } from "./useNewest.js";

export function App() {
  const [filter, setFilter] = useState("all");
  const [limit, setLimit] = useState(50);
  const [log, setLog] = useState({ entries: [], source: "audit", loading: true });
  const [snapshot, setSnapshot] = useState({ value: null, loading: true });
  const beginLog = useNewest();
  const beginSnapshot = useNewest();

  const loadLog = useCallback(
    async (wanted, most) => {
      const isNewest = beginLog();
      setLog((shown) => ({ ...shown, loading: true }));
      await configuration();
      const reading = await readAuditLog(wanted, most);
      if (isNewest()) setLog({ ...reading, loading: false });
    },
    [beginLog],
  );

  const loadSnapshot = useCallback(async () => {
    const isNewest = beginSnapshot();
    setSnapshot((shown) => ({ ...shown, loading: true }));
    await configuration();
    const value = await fetchMemory();
    if (isNewest()) setSnapshot({ value, loading: false });
  }, [beginSnapshot]);

  useEffect(() => {
    loadLog("all", 50);
    loadSnapshot();
  }, [loadLog, loadSnapshot]);

  return (
    <main className="layout">
      <h1>Techno OS</h1>
      <CommandCard
        onExecuted={() => {
          loadLog(filter, limit);
          loadSnapshot();
        }}
      />
      <SnapshotCard snapshot={snapshot} onReload={loadSnapshot} />
      <HistoryCard
        log={log}
        filter={filter}
        limit={limit}
        onFilter={(wanted) => {
          setFilter(wanted);
          loadLog(wanted, limit);
        }}
        onLimit={setLimit}
        onReload={() => loadLog(filter, limit)}
      />
    </main>
  );
}
