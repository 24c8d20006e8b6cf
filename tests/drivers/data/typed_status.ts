export const statusOf = (command: string): string => (command === "PING" ? "APPROVED" : "BLOCKED");
