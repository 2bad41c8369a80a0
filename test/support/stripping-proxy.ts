// A reverse proxy in front of an application: takes a path away, and may add the headers that
// proxies, or attackers, send.
import http from 'node:http';
import type { AddressInfo } from 'node:net';

export interface RunningProxy {
  port: number;
  /** The addresses that reached the application. */
  readonly passedOn: string[];
  close(): Promise<void>;
}

/** @param strip the path that the application does not see, e.g. `/shop` */
export async function startProxy(
  target: number,
  strip: string,
  headers: http.OutgoingHttpHeaders = {},
): Promise<RunningProxy> {
  const passedOn: string[] = [];
  const server = http.createServer((request, response) => {
    const url = request.url ?? '/';
    if (url !== strip && !url.startsWith(`${strip}/`)) {
      response.writeHead(404).end('the proxy knows no such path');
      return;
    }
    const path = url.slice(strip.length) || '/';
    passedOn.push(path);
    const onward = http.request(
      {
        host: '127.0.0.1',
        port: target,
        method: request.method,
        path,
        headers: { ...request.headers, ...headers },
        agent: false,
      },
      (answer) => {
        response.writeHead(answer.statusCode!, answer.rawHeaders);
        answer.pipe(response);
      },
    );
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    passedOn,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
