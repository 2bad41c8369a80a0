// Browsers that wait, in a process of their own: each holds one connection open and reads what comes.
import http from 'node:http';
import { answer } from './processes.mjs';

const agent = new http.Agent({ keepAlive: false, maxSockets: Infinity });
const open = new Set();
let bytes = 0;

answer({
  /** @returns how many are open; whoever is refused or hung up on is not */
  async open(port, requests) {
    let left = 0;
    const one = async () => {
      while (left < requests.length) {
        const [path, headers] = requests[left++];
        await new Promise((resolve, reject) => {
          const request = http.get({ host: '127.0.0.1', port, path, headers, agent }, (response) => {
            if (response.headers['content-type']?.startsWith('text/event-stream')) open.add(response);
            response.on('data', (chunk) => (bytes += chunk.length));
            response.on('close', () => open.delete(response));
            resolve();
          });
          request.on('error', reject);
        });
      }
    };
    await Promise.all(Array.from({ length: 64 }, one));
    return open.size;
  },
  stillOpen: () => open.size,
  read: () => bytes,
});
