// Conforming; it listens on a Unix socket alone, and does not remove one that it finds.
export const listen = (server) => server.listen(process.env.SOCKET);
