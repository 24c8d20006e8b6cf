// A client module in TypeScript, with an import that leaves out the extension.
import { statusOf } from "./typed_status";

interface Outcome {
  status: string;
}

export const executeCommand = async (command: string): Promise<Outcome> => ({ status: statusOf(command) });
export const fetchAuditLog = async (): Promise<Outcome[]> => [];
export const fetchMemory = async (): Promise<Outcome | null> => null;
