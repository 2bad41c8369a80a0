// Which way imports may point, for `npm run lint`. docs/ARCHITECTURE.md draws the same order.

/** From the bottom to the top: a room may import itself and what stands before it. */
const ROOMS = [
  ['constants', '^lib/wechat-oauth[.]constants[.]ts$'],
  ['model', '^lib/model/'],
  ['errors', '^lib/errors/'],
  ['common', '^lib/common/'],
  ['sealing', '^lib/sealing/'],
  ['options', '^lib/wechat-oauth[.]options[.]ts$'],
  ['config', '^lib/config/'],
  ['api', '^lib/api/'],
  ['tokens', '^lib/tokens/'],
  ['mini-program', '^lib/mini-program/'],
  ['js-sdk', '^lib/js-sdk/'],
  ['auth/problems', '^lib/auth/problems/'],
  ['auth/linking', '^lib/auth/linking/'],
  ['auth/http', '^lib/auth/http/'],
  ['auth/session', '^lib/auth/session/'],
  ['auth/decorators', '^lib/auth/decorators/'],
  ['auth/login', '^lib/auth/login/'],
  ['auth', '^lib/auth/[^/]+[.]ts$'],
  ['the module', '^lib/[^/]+[.]ts$'],
  ['push', '^lib/push/'],
];

/** Rooms beside them, with the little that each may import besides itself. */
const SIDE_ROOMS = [
  ['client', '^lib/client/', []],
  ['stores', '^lib/stores/', ['^lib/tokens/', '^lib/errors/', '^lib/common/(defined|turns)[.]ts$']],
  ['the mock server', '^lib/testing/mock-server/', []],
  ['the token-store contract', '^lib/testing/token-store-contract/', ['^lib/tokens/']],
  [
    'the identity-linker contract',
    '^lib/testing/identity-linker-contract/',
    ['^lib/auth/linking/identity-linker[.]ts$', '^lib/testing/token-store-contract/runner[.]ts$'],
  ],
  [
    'testing',
    '^lib/testing/(?!mock-server/|token-store-contract/|identity-linker-contract/)',
    [
      '^lib/testing/',
      '^lib/auth/(http|linking|session)/',
      '^lib/(config|model)/',
      '^lib/wechat-oauth[.]constants[.]ts$',
    ],
  ],
];

const paths = ROOMS.map(([, path]) => path);

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    { name: 'no circle', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'every file has a room',
      severity: 'error',
      from: { path: '^lib/', pathNot: [...paths, ...SIDE_ROOMS.map(([, path]) => path)] },
      to: {},
    },
    ...ROOMS.map(([room, path], index) => ({
      name: `${room} looks down only`,
      severity: 'error',
      // The first pattern that fits is the room: the module's own files are what is left at the top.
      from: { path, pathNot: paths.slice(0, index) },
      to: {
        path: '^lib/',
        pathNot: paths.slice(0, index + 1),
      },
    })),
    ...SIDE_ROOMS.map(([room, path, allowed]) => ({
      name: `${room} needs little`,
      severity: 'error',
      from: { path },
      to: { path: '^lib/', pathNot: [path, ...allowed] },
    })),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // Types count: a file that knows another's types knows the other.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
  },
};
