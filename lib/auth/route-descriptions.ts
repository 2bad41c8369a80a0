// What @nestjs/swagger says of the ready-made routes.
import type { RouteDescription } from './decorators/described.decorator.js';
import { SECURITY } from './session/security-schemes.js';

const text = { type: 'string' } as const;

const IDENTITY = {
  type: 'object',
  required: ['app', 'appId', 'openid', 'scope', 'isSnapshotUser'],
  properties: {
    app: { ...text, description: 'Name of the app in the options.' },
    appId: text,
    openid: { ...text, description: 'Names the person for this app.' },
    unionid: { ...text, description: 'The same for all apps of one open-platform account.' },
    scope: { type: 'array', items: text, description: 'What was granted.' },
    nickname: text,
    avatarUrl: text,
    isSnapshotUser: { type: 'boolean' },
    claims: { type: 'object', description: 'What the login handler of the application gave.' },
  },
} as const;

const PROBLEM = {
  type: 'object',
  required: ['statusCode', 'code', 'message', 'ref'],
  properties: {
    statusCode: { type: 'integer' },
    code: { ...text, example: 'WECHAT_LOGIN_REQUIRED' },
    message: { ...text, description: 'For the person, in the language of the request.' },
    loginUrl: { ...text, description: 'Where a person can sign in.' },
    app: text,
    scope: text,
    reason: text,
    ref: { ...text, description: 'Stands in the log too.' },
  },
} as const;

const problem = (description: string) => ({ description, schema: PROBLEM });

const RETURN_TO = 'A path, or an address on an allowed origin.';

export const LOGIN: RouteDescription = {
  summary: 'Signs a person in with WeChat',
  description: 'For pages: open it in the browser. A fetch gets 401, or 204 where somebody is signed in.',
  query: { returnTo: RETURN_TO, app: 'Name of the app to sign in with.', scope: 'What to ask for.' },
  answers: {
    204: { description: 'A fetch of somebody who is signed in.' },
    302: { description: 'To WeChat, or to `returnTo` where somebody is signed in.' },
    400: problem('Wrong parameters, or a browser without cookies.'),
    401: problem('A fetch of somebody who is not signed in.'),
    403: problem('This client cannot sign in here, or the person was refused.'),
    502: problem('WeChat did not answer as it should.'),
    503: problem('Too many logins at once.'),
  },
};

export const CALLBACK: RouteDescription = {
  summary: 'Where WeChat sends people back to',
  description: 'For WeChat, with the option `callbackPath`; nobody else has a reason to open it.',
  query: { code: 'Of WeChat, for one use.', state: 'As it was sent to WeChat.' },
  answers: {
    302: { description: 'Signed in: to the page that was asked for. Or to WeChat once more.' },
    400: problem('Wrong parameters, or a browser without cookies.'),
    401: problem('Not opened as a page.'),
    403: problem('The person said no, or was refused.'),
    404: { description: 'No answer of WeChat to a login of ours.' },
    502: problem('WeChat or the login handler failed.'),
    503: problem('Too many logins at once, or a browser that fetches ahead.'),
  },
};

export const LOGIN_QR: RouteDescription = {
  summary: 'Begins a login by a QR code in a page',
  description:
    'For `new WxLogin({ id, …answer })` of a page on an allowed origin. Texts are percent-encoded already.',
  query: {
    returnTo: RETURN_TO,
    app: 'Name of the website app.',
    scope: 'What to ask for.',
    self_redirect: '`true`: the login ends in the frame of the code. `false`: in the window.',
  },
  answers: {
    200: {
      description: 'Belongs to the browser that asked, by a cookie: no cache may keep it.',
      schema: {
        type: 'object',
        required: ['appid', 'scope', 'redirect_uri', 'state', 'self_redirect', 'expiresAt'],
        properties: {
          appid: text,
          scope: text,
          redirect_uri: text,
          state: text,
          self_redirect: { type: 'boolean' },
          expiresAt: { type: 'integer', description: 'Milliseconds since 1970.' },
        },
      },
    },
    400: problem('No such app or scope, or a parameter twice.'),
    403: problem('A page of another origin, or no request of a script.'),
  },
};

export const ME: RouteDescription = {
  summary: 'Who is signed in',
  security: Object.values(SECURITY),
  answers: {
    200: {
      description: '`user` is null when nobody is signed in.',
      schema: {
        type: 'object',
        required: ['user'],
        properties: { user: { ...IDENTITY, nullable: true } },
      },
    },
    503: problem('The session cannot be checked (`session.revocable: "strict"`).'),
  },
};

export const LOGOUT: RouteDescription = {
  summary: 'Signs out',
  security: Object.values(SECURITY),
  query: { returnTo: `For a form: ${RETURN_TO.toLowerCase()}` },
  answers: {
    204: { description: 'The cookies are gone.' },
    303: { description: 'The same for a form, which goes on to `returnTo`.' },
    403: { description: 'Asked by a page of another origin.' },
    503: problem('Copies of the session could not be ended (`session.revocable`).'),
  },
};

export const SESSION: RouteDescription = {
  summary: 'Trades a code of a mini program or native app for a session',
  body: {
    type: 'object',
    required: ['code'],
    properties: {
      app: { ...text, description: 'Name of the app; may be left out where there is one.' },
      code: { ...text, description: 'What `wx.login` or the SDK of WeChat gave.' },
    },
  },
  answers: {
    200: {
      description: 'For `Authorization: Bearer`.',
      schema: {
        type: 'object',
        required: ['token', 'expiresAt', 'identity'],
        properties: {
          token: text,
          expiresAt: { type: 'integer', description: 'Milliseconds since 1970.' },
          identity: IDENTITY,
        },
      },
    },
    400: problem('No such app, or no code.'),
    401: problem('WeChat does not take the code.'),
    403: problem('The person was refused.'),
    502: problem('WeChat or the login handler failed.'),
    503: problem('Too many logins at once.'),
  },
};
