// What the terminal says: the greeting, what happens to a code, and the ways in which a start can
// fail, in one line.
import { ConsoleLogger } from '@nestjs/common';
import type { WechatEvent } from 'nestjs-wechat-oauth';
import { MockServerError } from 'nestjs-wechat-oauth/testing';
import { CONFIRM, MOCK_PORT, PUBLIC_URL } from './settings.js';

const MOCK_URL = `http://127.0.0.1:${MOCK_PORT}`;

const HOW = {
  code: '输入手机上看到的六位数字 · type the six digits that the phone shows (CONFIRM=tap: a button instead)',
  tap: '在手机的聊天里打开链接，点“是我” · open the link in the chat and press "It is me"',
};

const NEWS: Partial<Record<WechatEvent['type'], string>> = {
  'scan.created': `新二维码，在这里扫 · a new code, scan it at ${MOCK_URL}`,
  'scan.scanned': '已扫码 · scanned',
  'scan.confirmed': '已登录 · signed in',
  'scan.refused': '手机上拒绝了 · refused on the phone',
  'scan.void': '二维码作废 · the code is void',
  'scan.expired': '二维码过期 · the code is over',
  'scan.disowned': '“不是我” · "that was not me"',
  'scan.limited': '二维码太多 · too many codes',
};

export function greet(): string {
  return [
    '',
    `  扫码关注登录 · Scan to follow and sign in   ${PUBLIC_URL}`,
    '',
    `  1  打开上面的地址，点“我的订单” · open the address above, go to the orders: a code`,
    `  2  在另一个标签页打开 ${MOCK_URL}，选这个二维码和一个人 · in another tab, choose the code and a person`,
    `  3  ${HOW[CONFIRM]}`,
    '',
    `  微信   模拟服务器 ${MOCK_URL} · a mock, nothing leaves this machine`,
    '',
    '  Ctrl+C 停止 · stops',
    '',
  ].join('\n');
}

/** One line for what happens to a code. Scene, digits and openid are in no event. */
export function tell({ type }: WechatEvent): void {
  if (NEWS[type] !== undefined) console.log(`  扫码 · scan   ${NEWS[type]}`);
}

export function explain(error: unknown): string {
  if (error instanceof MockServerError) return error.message;
  const { code, port } = error as NodeJS.ErrnoException & { port?: number };
  if (code === 'EADDRINUSE') {
    const variable = port === MOCK_PORT ? 'MOCK_PORT' : 'PORT';
    return `端口 ${port} 已被占用 · Port ${port} is taken. Try: ${variable}=${port! + 1_000} npm start`;
  }
  // Unforeseen, so the stack is worth more than a short line.
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** Nest reports a failed start with a stack; `explain` says the same in one line. */
export class QuietLogger extends ConsoleLogger {
  override error(message: unknown, ...rest: unknown[]): void {
    const context = rest.at(-1);
    if (context !== 'ExceptionHandler' && context !== 'NestApplication') super.error(message, ...rest);
  }
}
