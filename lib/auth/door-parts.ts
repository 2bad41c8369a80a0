// What a door in a room above needs of the login: the page of a scan, which ends in the same way as
// a callback.
import type { HttpAdapterHost } from '@nestjs/core';
import type { SnsApi } from '../api/sns-api.js';
import type { WechatEvents } from '../common/wechat-events.js';
import type { Runtime } from '../common/runtime.js';
import type { WechatConfig } from '../config/wechat-config.js';
import type { Sealer } from '../sealing/sealer.js';
import type { AppCalls } from '../tokens/app-calls.js';
import type { Vault } from '../tokens/vault.js';
import type { GuardSetup } from './guard-setup.js';
import type { Admission } from './login/admission.js';
import type { CallbackAnswer } from './login/callback-answer.js';
import type { CodeClaims } from './login/code-claims.js';
import type { PendingLogins } from './login/pending-logins.js';
import type { ProblemFactory } from './login/problem-factory.js';
import type { SignIn } from './login/sign-in.js';
import type { ScanPlace } from './login/visit.js';
import type { Failures } from './problems/failures.js';
import type { Revocations } from './session/revocations.js';
import type { SessionReader } from './session/session-reader.js';

/** The parts of the login that another door shares. */
export class DoorParts {
  constructor(
    readonly config: WechatConfig,
    readonly runtime: Runtime,
    readonly events: WechatEvents,
    readonly vault: Vault,
    readonly sealer: Sealer,
    readonly calls: AppCalls,
    readonly sns: SnsApi,
    readonly codes: CodeClaims,
    readonly logins: PendingLogins,
    readonly reader: SessionReader,
    readonly revocations: Revocations,
    readonly signIn: SignIn,
    readonly admission: Admission,
    readonly answer: CallbackAnswer,
    readonly problems: ProblemFactory,
    readonly failures: Failures,
    readonly setup: GuardSetup,
    readonly host: HttpAdapterHost,
    readonly place: ScanPlace & { readonly path: string | undefined },
  ) {}
}
