// The client as the compiler of an application sees it: one that knows a browser, one that knows
// Node, one that knows neither, and those of the mini program frameworks.
import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import ts from 'typescript';

const root = join(import.meta.dirname, '../../..');
const folder = join(root, 'lib/client');

/** As an application gets them. */
const declarations = emitDeclarations();

function emitDeclarations(): Map<string, string> {
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile).config,
    ts.sys,
    root,
  );
  const emitted = new Map<string, string>();
  ts.createProgram([join(folder, 'index.ts')], { ...options, emitDeclarationOnly: true }).emit(
    undefined,
    (name, text) => emitted.set(name.replace(`${root}/dist/`, `${root}/application/`), text),
  );
  return emitted;
}

/** What a strict compiler says to this source, library included. */
function complaintsOf(source: string, { lib = ['es2022'], types = [] as string[] } = {}): string[] {
  const options: ts.CompilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    lib: lib.map((name) => `lib.${name}.d.ts`),
    types,
    typeRoots: [join(root, 'node_modules/@types')],
  };
  const main = join(root, 'application/main.ts');
  const files = new Map([...declarations, [main, source]]);
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile, directoryExists } = host;
  host.fileExists = (name) => files.has(name) || fileExists(name);
  host.directoryExists = (name) => name.startsWith(join(root, 'application')) || directoryExists!(name);
  host.readFile = (name) => files.get(name) ?? readFile(name);
  host.getSourceFile = (name, languageVersion) => {
    const text = files.get(name);
    return text === undefined
      ? getSourceFile(name, languageVersion)
      : ts.createSourceFile(name, text, languageVersion);
  };
  return ts
    .getPreEmitDiagnostics(ts.createProgram([main], options, host))
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

const BROWSER = `
  import { createBrowserClient, type BrowserClient, type BrowserUser } from './client/index.js';
  const client: BrowserClient = createBrowserClient({ baseUrl: 'https://api.example.com' });
  async function show() {
    const answer = await client.fetch('/orders', { method: 'POST' });
    const status: number = answer.status;
    const { user } = await client.me<{ userId: string }>();
    const name: string | undefined = user?.claims?.userId ?? user?.nickname;
    return [status, name, await answer.json()];
  }
`;

describe('The types of the browser client', () => {
  it.each([
    ['knows nothing but the language', {}],
    ['knows Node', { types: ['node'] }],
    ['knows a browser', { lib: ['es2022', 'dom'] }],
  ])('compile where the application %s', (_what, options) => {
    expect(complaintsOf(BROWSER, options)).toEqual([]);
  });

  it('are those of the global fetch where there is one', () => {
    const source = `
      import { createBrowserClient } from './client/index.js';
      const client = createBrowserClient({ fetch: window.fetch });
      const same: typeof fetch = client.fetch;
      client.fetch(new Request('/a'), { credentials: 'omit' }).then((answer) => answer.body);
    `;
    expect(complaintsOf(source, { lib: ['es2022', 'dom'] })).toEqual([]);
  });

  it.each([
    ['an option that is none', `createBrowserClient({ baseURL: 'https://api.example.com' })`],
    ['the seam of the tests', `createBrowserClient({ window: {} })`],
    ['a login to nowhere', `createBrowserClient().login({ redirect: '/' })`],
  ])('refuse %s', (_what, call) => {
    const source = `import { createBrowserClient } from './client/index.js';\n${call};`;
    expect(complaintsOf(source)).toEqual([expect.stringMatching(/does not exist in type/)]);
  });

  it('take who is signed in as the module says it', () => {
    const identity = readFileSync(join(root, 'lib/model/identity.ts'), 'utf8');
    const source = `
      import type { BrowserUser } from './client/index.js';
      ${identity}
      export const said = (identity: WechatIdentity): BrowserUser<WechatClaims> => identity;
      export const known = (user: BrowserUser<WechatClaims>): WechatIdentity => user;
    `;
    expect(complaintsOf(source)).toEqual([]);
  });
});

/** As `miniprogram-api-typings` 5.2, `@dcloudio/types` 3.4 and `@tarojs/taro` 4.2 declare them. */
const METHOD = `'OPTIONS' | 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE' | 'TRACE' | 'CONNECT'`;
const GLOBALS = {
  wx: `
    type IAnyObject = Record<string, any>;
    interface LoginOption {
      complete?: (result: { errMsg: string }) => void;
      fail?: (result: { errMsg: string; errno: number }) => void;
      success?: (result: { code: string; errMsg: string }) => void;
      timeout?: number;
    }
    interface RequestOption<T extends string | IAnyObject | ArrayBuffer = string | IAnyObject | ArrayBuffer> {
      url: string;
      data?: string | IAnyObject | ArrayBuffer;
      header?: IAnyObject;
      method?: ${METHOD};
      timeout?: number;
      fail?: (result: { errMsg: string; errno: number }) => void;
      success?: (result: { cookies: string[]; data: T; header: IAnyObject; statusCode: number }) => void;
    }
    interface RequestTask { abort(): void }
    declare const wx: {
      login<T extends LoginOption = LoginOption>(option?: T): T extends { success: any } ? void : Promise<{ code: string }>;
      request<T extends string | IAnyObject | ArrayBuffer = string | IAnyObject | ArrayBuffer>(option: RequestOption<T>): RequestTask;
      getStorageSync<T = any>(key: string): T;
      setStorageSync<T = any>(key: string, data: T): void;
      removeStorageSync(key: string): void;
    };`,
  uni: `
    interface LoginOptions {
      provider?: 'weixin' | 'qq' | 'apple';
      timeout?: number;
      success?: (result: { errMsg: string; authResult: string; code: string }) => void;
      fail?: (result: any) => void;
    }
    interface RequestOptions {
      url: string;
      data?: string | { [key: string]: any } | ArrayBuffer;
      header?: any;
      method?: ${METHOD};
      timeout?: number;
      success?: (result: { data: string | { [key: string]: any } | ArrayBuffer; statusCode: number; header: any; cookies: string[] }) => void;
      fail?: (result: { errMsg: string }) => void;
    }
    declare const uni: {
      login(options: LoginOptions): void;
      login<T extends LoginOptions = LoginOptions>(options?: T): Promise<{ code: string }>;
      request(options: RequestOptions): { abort(): void };
      getStorageSync<T = any>(key: string): T;
      setStorageSync(key: string, value: any): void;
      removeStorageSync(key: string): void;
    };`,
  Taro: `
    interface Result { errMsg: string }
    interface Method { OPTIONS: 1; GET: 1; HEAD: 1; POST: 1; PUT: 1; PATCH: 1; DELETE: 1; TRACE: 1; CONNECT: 1 }
    interface Answer<T> extends Result { data: T; header: Record<string, any>; statusCode: number; cookies?: string[] }
    interface Option<T = any, U = any> {
      url: string;
      data?: U;
      header?: Record<string, any>;
      timeout?: number;
      method?: keyof Method;
      success?: (result: Answer<T>) => void;
      fail?: (result: Result) => void;
    }
    interface RequestTask<T> extends Promise<Answer<T>> { abort(): void }
    declare const Taro: {
      login(option?: { success?: (result: Result & { code: string }) => void; fail?: (result: Result) => void }): Promise<Result & { code: string }>;
      request<T = any, U = any>(option: Option<T, U>): RequestTask<T>;
      getStorageSync<T = any>(key: string): T;
      setStorageSync(key: string, data: any): void;
      removeStorageSync(key: string): void;
    };`,
};

describe('The types of the mini program client', () => {
  const made = (wx: string) =>
    `import { createMiniProgramClient } from './client/index.js';\ncreateMiniProgramClient({ wx: ${wx}, baseUrl: 'https://a.example.com' });`;

  it.each(Object.entries(GLOBALS))('take %s without a cast', (name, declared) => {
    expect(complaintsOf(`${made(name)}\n${declared}`)).toEqual([]);
  });

  it('refuse what cannot sign anybody in', () => {
    expect(complaintsOf(`${made('wx')}\ndeclare const wx: { login(): void };`)).toEqual([
      expect.stringMatching(/missing the following properties/),
    ]);
  });
});

describe('The types of the QR code', () => {
  it('take an element of the page and the script’s constructor without a cast', () => {
    const code =
      "import { showQrLogin } from './client/index.js';\n" +
      "const code = showQrLogin({ element: document.querySelector('#code')!, WxLogin, wx: { stylelite: 1 } });\n" +
      'code.signedIn.then(() => code.close());\n' +
      'interface El { id: string; querySelector(selectors: string): { contentWindow: object | null } | null; replaceChildren(...nodes: (El | string)[]): void }\n' +
      'interface El2 extends El { tagName: string }\n' +
      'declare const document: { querySelector(selectors: string): El2 | null };\n' +
      'declare const WxLogin: { new (options: any): unknown };';
    expect(complaintsOf(code)).toEqual([]);
    expect(complaintsOf(code.replace('stylelite: 1', "stylelite: '1'"))).toHaveLength(1);
  });
});

/** As `weixin-js-sdk` 1.6 declares it: names of APIs are a closed list there. */
const WX = `
  type ApiMethod = 'updateAppMessageShareData' | 'scanQRCode' | 'chooseWXPay';
  declare namespace wx {
    function config(conf: {
      debug?: boolean;
      appId: string;
      timestamp: number;
      nonceStr: string;
      signature: string;
      jsApiList?: ApiMethod[];
      openTagList?: ('wx-open-launch-weapp' | 'wx-open-launch-app')[];
    }): void;
    function ready(fn: () => void): void;
    function error(fn: (err: { errMsg: string }) => void): void;
  }`;

describe('The types of the JS-SDK client', () => {
  const made = (options: string, declared = WX) =>
    `import { configureJsSdk } from './client/index.js';\nvoid configureJsSdk(wx, ${options});\n${declared}`;

  it.each([
    ['knows nothing but the language', {}],
    ['knows Node', { types: ['node'] }],
    ['knows a browser', { lib: ['es2022', 'dom'] }],
  ])('take wx without a cast where the application %s', (_what, options) => {
    expect(complaintsOf(made(`{ url: '/js-sdk', jsApiList: ['scanQRCode'] }`), options)).toEqual([]);
  });

  it('take wx as the script leaves it, of which nobody knows the type', () => {
    expect(complaintsOf(made(`{ url: '/js-sdk', jsApiList: [] }`, 'declare const wx: any;'))).toEqual([]);
  });

  it('take what getJsSdkConfig gives', () => {
    const module = readFileSync(join(root, 'lib/js-sdk/js-sdk.ts'), 'utf8');
    const shape = /export (interface WechatJsSdkConfig \{[^}]*\})/.exec(module)![1]!;
    const source = made(`{ getConfig: async (url): Promise<WechatJsSdkConfig> => ask(url), jsApiList: [] }`);
    const rest = `${shape}\ndeclare const ask: (url: string) => WechatJsSdkConfig;`;
    expect(complaintsOf(`${source}\n${rest}`)).toEqual([]);
  });

  it.each([
    ['an option that is none', `{ endpoint: '/js-sdk', jsApiList: [] }`],
    ['the seam of the tests', `{ url: '/js-sdk', jsApiList: [], window: {} }`],
  ])('refuse %s', (_what, options) => {
    expect(complaintsOf(made(options))).toEqual([expect.stringMatching(/does not exist in type/)]);
  });
});

describe.each(['browser', 'mini-program', 'qr-login', 'js-sdk'])('%s.js', (name) => {
  const source = readFileSync(join(folder, `${name}.ts`), 'utf8');
  const compiledFor = (target: ts.ScriptTarget) =>
    ts.transpileModule(source, {
      compilerOptions: { target, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true },
    }).outputText;

  it('imports nothing: a copy of it works by itself', () => {
    expect(compiledFor(ts.ScriptTarget.ES2022)).not.toMatch(
      /\bimport\b(?! (?:\{ \w+ \}|wx) from '(?:nestjs|weixin))/,
    );
  });

  it('is written in syntax of ES2020: a compiler finds nothing to put in older words', () => {
    expect(compiledFor(ts.ScriptTarget.ES2022)).toBe(compiledFor(ts.ScriptTarget.ES2020));
  });
});
