export const executeCommand = async () => ({});
