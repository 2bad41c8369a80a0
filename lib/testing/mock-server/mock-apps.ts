// The apps registered with the mock: which secrets, scopes and hosts each one has.
import { MockServerError } from './mock-server-error.js';
import type { MockAppOptions, MockAppType } from './mock-server.types.js';
import { checkDomain, checkDomainPath } from './redirect-domains.js';

/** An app with every default filled in. */
export type MockApp = Readonly<Omit<Required<MockAppOptions>, 'secret' | 'openPlatform' | 'domainPath'>> & {
  readonly secrets: readonly string[];
  readonly domainPath?: string | undefined;
  readonly openPlatform?: string;
};

const SCOPES: Record<MockAppType, readonly string[]> = {
  'official-account': ['snsapi_base', 'snsapi_userinfo'],
  website: ['snsapi_login'],
  mobile: ['snsapi_userinfo'],
  'mini-program': [],
};

const NAMES: Record<MockAppType, string> = {
  'official-account': '示例公众号',
  website: '示例网站',
  mobile: '示例移动应用',
  'mini-program': '示例小程序',
};

/**
 * One app of each type. Good enough to try things out; the same on every start, so an application's
 * configuration may name them.
 */
export const DEFAULT_MOCK_APPS: readonly Readonly<MockAppOptions>[] = [
  { type: 'official-account', appId: 'wx00000000000000a1', secret: 'a1'.repeat(16), openPlatform: 'mock' },
  { type: 'website', appId: 'wx00000000000000b2', secret: 'b2'.repeat(16), openPlatform: 'mock' },
  { type: 'mobile', appId: 'wx00000000000000c3', secret: 'c3'.repeat(16), openPlatform: 'mock' },
  { type: 'mini-program', appId: 'wx00000000000000d4', secret: 'd4'.repeat(16), openPlatform: 'mock' },
];

/**
 * The secret of an app that everybody has; undefined for one's own, which is not shown: it may be a
 * real one.
 */
export function wellKnownSecret(app: MockApp): string | undefined {
  const known = DEFAULT_MOCK_APPS.find(({ appId }) => appId === app.appId)?.secret;
  return app.secrets.find((secret) => secret === known);
}

/** The apps that are registered. */
export class MockApps {
  readonly #apps = new Map<string, MockApp>();

  /** @throws MockServerError naming the option that is wrong */
  constructor(options: readonly MockAppOptions[]) {
    if (!Array.isArray(options) || options.length === 0) {
      throw new MockServerError('apps', 'is empty or not an array', 'Leave it out for one app of each type.');
    }
    options.forEach((app, index) => this.#add(app, `apps[${index}]`));
  }

  find(appId: string): MockApp | undefined {
    return this.#apps.get(appId);
  }

  /** @throws MockServerError for an unknown appid; `where` is the method that was asked */
  get(appId: string, where: string): MockApp {
    const app = this.#apps.get(appId);
    if (!app)
      throw new MockServerError(
        where,
        `got the unknown appId ${JSON.stringify(appId)}`,
        `Known: ${this.ids()}.`,
      );
    return app;
  }

  list(): MockApp[] {
    return [...this.#apps.values()];
  }

  ids(): string {
    return [...this.#apps.keys()].join(', ');
  }

  #add(app: MockAppOptions, at: string): void {
    checkShape(app, at);
    if (!Object.hasOwn(SCOPES, app.type)) {
      throw new MockServerError(
        `${at}.type`,
        `is ${JSON.stringify(app.type)}`,
        `Use one of: ${Object.keys(SCOPES).join(', ')}.`,
      );
    }
    if (typeof app.appId !== 'string' || !/^[\w-]+$/.test(app.appId)) {
      throw new MockServerError(
        `${at}.appId`,
        `is ${JSON.stringify(app.appId)}`,
        'Use letters, digits, _ and - only.',
      );
    }
    if (this.#apps.has(app.appId))
      throw new MockServerError(`${at}.appId`, `${app.appId} is there twice`, 'Keep one.');
    const secrets: readonly unknown[] = Array.isArray(app.secret) ? app.secret : [app.secret];
    if (secrets.length === 0 || secrets.some((secret) => typeof secret !== 'string' || secret === '')) {
      throw new MockServerError(
        `${at}.secret`,
        'is missing or empty',
        'Give a string, or several in an array.',
      );
    }
    const scopes = app.scopes ?? SCOPES[app.type];
    const strange = scopes.find((scope) => !SCOPES[app.type].includes(scope));
    if (strange !== undefined) {
      const possible = SCOPES[app.type].join(', ') || 'none';
      throw new MockServerError(
        `${at}.scopes`,
        `has ${JSON.stringify(strange)}, which a ${app.type} cannot have`,
        `Possible: ${possible}.`,
      );
    }
    this.#apps.set(app.appId, {
      type: app.type,
      appId: app.appId,
      secrets: secrets as string[],
      name: app.name ?? NAMES[app.type],
      domains: (app.domains ?? ['127.0.0.1', 'localhost']).map((domain, index) =>
        checkDomain(domain, `${at}.domains[${index}]`),
      ),
      domainPath: checkDomainPath(app.domainPath, `${at}.domainPath`),
      anyPort: app.anyPort ?? false,
      scopes: [...scopes],
      openPlatform: app.openPlatform,
    });
  }
}

/** What TypeScript would say, for JSON files and for JavaScript. */
function checkShape(app: MockAppOptions, at: string): void {
  if (typeof app !== 'object' || app === null) {
    throw new MockServerError(at, `is ${JSON.stringify(app)}`, 'Give { type, appId, secret, … }.');
  }
  const known = [
    'type',
    'appId',
    'secret',
    'name',
    'domains',
    'domainPath',
    'anyPort',
    'scopes',
    'openPlatform',
  ];
  const unknown = Object.keys(app).find((key) => !known.includes(key));
  if (unknown !== undefined) {
    throw new MockServerError(`${at}.${unknown}`, 'is unknown', `Known: ${known.join(', ')}.`);
  }
  for (const key of ['domains', 'scopes'] as const) {
    if (app[key] !== undefined && !Array.isArray(app[key])) {
      throw new MockServerError(`${at}.${key}`, 'is not an array', 'Give an array of strings.');
    }
  }
  for (const key of ['name', 'openPlatform'] as const) {
    if (app[key] !== undefined && (typeof app[key] !== 'string' || app[key] === '')) {
      throw new MockServerError(`${at}.${key}`, 'is not a name', 'Give a string, or leave it out.');
    }
  }
}
