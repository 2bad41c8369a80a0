// Canaries where no answer comes, or one that repeats the request.
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { partsAt, CALLS, expectSilence } from './canary-kit.js';

describe('An error that comes from the network', () => {
  let close: (() => void)[] = [];
  afterEach(() => {
    for (const end of close) end();
    close = [];
  });

  async function listen(server: net.Server): Promise<string> {
    const sockets = new Set<net.Socket>();
    server.on('connection', (socket: net.Socket) => {
      socket.on('error', () => undefined);
      sockets.add(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    close.push(() => {
      server.close();
      for (const socket of sockets) socket.destroy();
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  const onData = (answer: (socket: net.Socket, text: string) => void) =>
    net.createServer((socket) => socket.once('data', (data) => answer(socket, data.toString())));

  const servers: [name: string, server: () => net.Server][] = [
    ['says nothing', () => onData(() => undefined)],
    ['hangs up', () => onData((socket) => socket.end())],
    ['resets', () => onData((socket) => socket.resetAndDestroy())],
    ['speaks another protocol and quotes the request', () => onData((socket, text) => socket.end(text))],
    [
      'breaks off in the middle of a quote',
      () => onData((socket, text) => socket.end(`HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n${text}`)),
    ],
    [
      'redirects to where the secret would be stolen',
      () =>
        http.createServer(
          (request, response) => void response.writeHead(302, { location: request.url }).end(),
        ),
    ],
  ];

  it.each(
    servers.flatMap(([name, server]) => CALLS.map(([method, call]) => [method, name, call, server] as const)),
  )('of %s when the other side %s holds none of them', async (_method, _name, call, server) => {
    await expectSilence(partsAt(await listen(server()), 60), call);
  });
});
