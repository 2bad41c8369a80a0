// What is told of logins that fail: how often, at which level, and under which reference.
import { ForbiddenException, Logger } from '@nestjs/common';
import { WechatApiError, WechatConfigError, WechatNetworkError } from '../../../../lib/index.js';
import { Failures } from '../../../../lib/auth/problems/failures.js';
import {
  LoginHandlerTooLate,
  RedirectNotAllowed,
  StateSpent,
} from '../../../../lib/auth/problems/login-error.js';
import { type WechatEvent, WechatEvents } from '../../../../lib/common/wechat-events.js';
import { LogCapture } from '../../../support/log-capture.js';
import { FakeRuntime, makeParts } from '../../../support/parts.js';

const { app } = makeParts();
const other = { ...app, name: 'other' };
const unreachable = () => new WechatNetworkError('/sns/oauth2/access_token', 'timeout', false);
const api = (errcode: number) => new WechatApiError({ errcode, errmsg: 'said WeChat', endpoint: '/sns/x' });

function setUp() {
  const runtime = new FakeRuntime();
  const events = new WechatEvents();
  const emitted: WechatEvent[] = [];
  events.events$.subscribe((event) => emitted.push(event));
  const logs = new LogCapture();
  Logger.overrideLogger(logs);
  const failures = new Failures(events, runtime);
  const told = (level: string) => logs.lines.filter((line) => line.level === level).map(({ text }) => text);
  return { runtime, failures, emitted, logs, told };
}

afterAll(() => Logger.overrideLogger(false));

describe('A login that failed', () => {
  it('has one reference, in the answer, the event and the log', () => {
    const { failures, emitted, told } = setUp();
    const ref = failures.tell(unreachable(), app, 'wechat', true);
    expect(ref).toMatch(/^[0-9A-F]{10}$/);
    expect(emitted).toEqual([{ type: 'flow.failed', kind: 'network', app: app.name, client: 'wechat', ref }]);
    expect(told('error')).toEqual([expect.stringContaining(`ref ${ref}: `)]);
  });

  it('is told once, however many requests share it', () => {
    const { failures, emitted, logs } = setUp();
    for (const error of [unreachable(), new Error('their own'), new StateSpent()]) {
      const refs = Array.from({ length: 12 }, () => failures.tell(error, app, 'wechat', true));
      expect(new Set(refs).size).toBe(1);
    }
    expect([emitted.length, logs.lines.length]).toEqual([3, 3]);
  });

  it.each<[string, unknown, string, string, boolean]>([
    ['a dead code, for a page', api(40029), 'debug', 'code', true],
    ['a code used before, for a page', api(40163), 'debug', 'code', true],
    ['a state that is spent', new StateSpent(), 'debug', 'code', true],
    ['a person whom WeChat blocks', api(40226), 'debug', 'blocked', false],
    ['a wrong app secret', api(40125), 'error', 'config', false],
    [
      'a missing option',
      new WechatConfigError('publicUrl', 'is missing', 'Write it.'),
      'error',
      'config',
      true,
    ],
    ['WeChat being busy', api(-1), 'error', 'upstream', false],
    ['a network that is down', unreachable(), 'error', 'network', true],
    ['a login handler that throws', new TypeError('hunter2'), 'error', 'handler', true],
    ['a login handler that throws text', 'hunter2', 'error', 'handler', true],
    ['a login handler that takes too long', new LoginHandlerTooLate(5_000), 'error', 'handler', true],
    ['an address that is not allowed', new RedirectNotAllowed(), 'error', 'handler', true],
    ['an exception for a program', new ForbiddenException('hunter2'), 'debug', 'handler', false],
    ['an exception for a page', new ForbiddenException('hunter2'), 'error', 'handler', true],
  ])('by %s has its level and kind, and nothing of a foreign text', (_what, error, level, kind, page) => {
    const { failures, emitted, logs } = setUp();
    failures.tell(error, app, 'wechat', page);
    expect(logs.lines.map((line) => line.level)).toEqual([level]);
    expect(emitted).toMatchObject([{ kind }]);
    expect(logs.text).not.toContain('hunter2');
  });

  it('carries what WeChat said', () => {
    const { failures, emitted } = setUp();
    failures.tell(
      new WechatApiError({ errcode: -1, errmsg: '', rid: 'rid-1', endpoint: '/x' }),
      app,
      'wechat',
      true,
    );
    expect(emitted).toMatchObject([{ errcode: -1, rid: 'rid-1' }]);
  });
});

describe('Two thousand logins that fail while WeChat is away', () => {
  it('are a line when it begins, and one with their number when it has ended', () => {
    const { runtime, failures, emitted, told } = setUp();
    for (let login = 0; login < 2_000; login++) {
      failures.tell(unreachable(), app, 'wechat', true);
      runtime.time += 30;
    }
    failures.worked(app);
    failures.worked(app);
    expect(told('error')).toHaveLength(1);
    expect(told('log')).toEqual([expect.stringContaining('failed meanwhile: 2000')]);
    expect(emitted).toHaveLength(2_000);
    // Every reference can be found, at debug.
    const all = [...told('error'), ...told('debug')].join('\n');
    expect(emitted.every((event) => all.includes((event as { ref: string }).ref))).toBe(true);
    // And the next time begins anew.
    failures.tell(api(-1), app, 'wechat', false);
    expect(told('error')).toHaveLength(2);
  });

  it('are told of again every five minutes while it lasts', () => {
    const { runtime, failures, told } = setUp();
    for (let second = 0; second < 900; second++) {
      failures.tell(unreachable(), app, 'wechat', true);
      runtime.time += 1_000;
    }
    expect(told('error')).toHaveLength(3);
    expect(told('error')[1]).toContain('Failed since it began: 301.');
  });

  it('are a pair of lines in ten seconds at most where every other one succeeds', () => {
    const { runtime, failures, told } = setUp();
    for (let login = 0; login < 600; login++) {
      failures.tell(unreachable(), app, 'wechat', true);
      failures.worked(app);
      runtime.time += 100;
    }
    expect(told('error').length).toBeLessThanOrEqual(6);
    expect(told('log').length).toBeLessThanOrEqual(6);
  });

  it('are told for each app', () => {
    const { runtime, failures, told } = setUp();
    failures.tell(unreachable(), app, 'wechat', true);
    failures.tell(unreachable(), other, 'wechat', true);
    runtime.time += 60_000;
    failures.worked(other);
    expect([told('error').length, told('log').length]).toEqual([2, 1]);
    expect(told('log')[0]).toContain('"other"');
  });

  it('hide no mistake of the application meanwhile', () => {
    const { failures, told } = setUp();
    failures.tell(unreachable(), app, 'wechat', true);
    failures.tell(new TypeError('x'), app, 'wechat', true);
    failures.tell(new RangeError('x'), app, 'wechat', true);
    expect(told('error')).toHaveLength(3);
  });

  it('hide no mistake in the options meanwhile, nor does that hide them', () => {
    const { runtime, failures, told } = setUp();
    for (let turn = 0; turn < 3; turn++) {
      failures.tell(unreachable(), app, 'wechat', true);
      failures.tell(api(40125), app, 'wechat', true);
    }
    expect(told('error').map((text) => /40125|timeout/.exec(text)?.[0])).toEqual(['timeout', '40125']);
    runtime.time += 10_000;
    failures.worked(app);
    expect(told('log')).toHaveLength(2);
  });

  it('are nothing to a login that worked before', () => {
    const { failures, logs } = setUp();
    failures.worked(app);
    expect(logs.lines).toEqual([]);
  });
});

describe('Codes of programs that WeChat refuses', () => {
  it('are a warning with app and errcode, once in ten minutes with their number', () => {
    const { runtime, failures, told } = setUp();
    for (let second = 0; second < 1_201; second++) {
      failures.tell(api(40029), app, 'mini-program', false);
      runtime.time += 1_000;
    }
    expect(told('warn')).toHaveLength(3);
    expect(told('warn')[0]).toContain(`app "${app.name}", errcode 40029, 1 since`);
    expect(told('warn')[1]).toContain('errcode 40029, 600 since');
    expect(told('warn')[0]).toContain(app.appId);
    expect(told('error')).toEqual([]);
  });

  it('are told apart by app and by errcode', () => {
    const { failures, told } = setUp();
    for (const at of [app, other]) {
      for (const errcode of [40029, 40163]) failures.tell(api(errcode), at, 'native-app', false);
    }
    expect(told('warn')).toHaveLength(4);
  });
});
