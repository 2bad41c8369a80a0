// The one error the mock throws at the test that uses it. What it answers over HTTP is another
// matter (wechat-failure.ts).

/**
 * The mock was set up or used wrongly. `message` names the option or method, what is wrong with it,
 * and the fix.
 */
export class MockServerError extends Error {
  constructor(
    /** The option or method as one writes it, e.g. `apps[0].domains[1]`. */
    readonly option: string,
    problem: string,
    fix: string,
  ) {
    super(`WechatMockServer: ${option} ${problem}. ${fix}`);
    this.name = 'MockServerError';
  }
}
