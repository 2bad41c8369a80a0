#!/usr/bin/env node
// The bin `nestjs-wechat-mock`: a WeChat to develop against, in a terminal of its own.
import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { runCli } from './run-cli.js';

process.exitCode = await runCli(process.argv.slice(2), {
  out: (line) => process.stdout.write(`${line}\n`),
  err: (line) => process.stderr.write(`${line}\n`),
  random: (bytes) => randomBytes(bytes),
  pause: (ms) => pause(ms, undefined, { ref: false }),
  stopped: new Promise((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  }),
});
