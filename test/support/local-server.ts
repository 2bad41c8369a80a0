// An HTTP server of a test's own, on this machine and any free port.
import http from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server that answers at `origin` until it is closed. */
export interface LocalServer {
  /** `http://127.0.0.1:<port>` */
  readonly origin: string;
  /** Ends connections that are kept open, too. */
  close(): void;
}

export async function localServer(handler: http.RequestListener): Promise<LocalServer> {
  const server = http.createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
