// The way each unsure thing goes unless a test says otherwise: what the current official text says,
// else what most reports say.
import { MockServerError } from './mock-server-error.js';
import type { MockUnsure } from './mock-server.types.js';

const DEFAULTS: Readonly<MockUnsure> = {
  rotateRefreshToken: false,
  refreshTokenDays: 30,
  refreshTokenRenews: false,
  refreshKeepsLiveToken: true,
  newLoginKillsRefreshToken: false,
  scopeInTokenAnswer: true,
  unionidOnBase: false,
  refusalRedirects: false,
  contentType: 'text/plain',
  errcodeAsString: false,
  errcodeZeroOnSuccess: false,
  errmsgSuffix: 'rid',
  strictOrder: true,
  stateOptional: false,
  stateCharset: true,
  scopeList: false,
  usedCode: 40163,
  expiredCode: 42003,
  foreignCode: 40029,
  invalidToken: 40001,
  snapshotVirtualOpenid: true,
  snapshotFlag: true,
  snapshotUserinfo: true,
  silentAfterConsent: false,
  countryCodeAsNumber: false,
  jsTicketsPerDay: 1_000,
  qrCodesPerDay: 100_000,
  pushAgainAfterError: true,
  scanInSmallLetters: false,
  pushTwice: false,
};

/**
 * What else than a value of the default's own type is allowed, and where the values are few, which.
 */
const CHOICES: Partial<Record<keyof MockUnsure, readonly unknown[]>> = {
  rotateRefreshToken: [true, false, 'old-lives'],
  errmsgSuffix: ['rid', 'hints', 'hint', 'none'],
  usedCode: [40163, 40029],
  expiredCode: [42003, 40029],
  foreignCode: [40029, 40242],
  invalidToken: [40001, 40014],
};

/**
 * @throws MockServerError for an unknown name or a value that is not one of its ways; names left
 * out or undefined keep the default
 */
export function resolveUnsure(given: Partial<MockUnsure> = {}): MockUnsure {
  const resolved: Record<string, unknown> = { ...DEFAULTS };
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    if (!Object.hasOwn(DEFAULTS, name)) {
      throw new MockServerError(
        `unsure.${name}`,
        'is unknown',
        `Known: ${Object.keys(DEFAULTS).join(', ')}.`,
      );
    }
    const key = name as keyof MockUnsure;
    const choices = CHOICES[key] ?? (typeof DEFAULTS[key] === 'boolean' ? [true, false] : undefined);
    if (choices ? !choices.includes(value) : typeof value !== typeof DEFAULTS[key]) {
      const fix = choices ? `Use one of: ${choices.join(', ')}.` : `Use a ${typeof DEFAULTS[key]}.`;
      throw new MockServerError(`unsure.${name}`, `is ${JSON.stringify(value)}`, fix);
    }
    resolved[name] = value;
  }
  return resolved as unknown as MockUnsure;
}
