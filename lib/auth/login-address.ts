// Finds out where the login route is mounted, so that refusals name an address that exists; and
// whether the callback route stands where WeChat sends people back to.
import { Logger, RequestMethod, type Type } from '@nestjs/common';
import { MODULE_PATH, PATH_METADATA, VERSION_METADATA } from '@nestjs/common/constants.js';
import type { ApplicationConfig, ModulesContainer } from '@nestjs/core';
// Nest's own arithmetic of prefix, exclusions, versions and paths: a copy would soon be wrong.
import { RoutePathFactory } from '@nestjs/core/router/route-path-factory.js';
import type { WechatConfig } from '../config/wechat-config.js';
import { OPTIONS_OF } from './controller-parts.js';
import { isCallbackRoute, isScanRoute } from './decorators/wechat-auth.decorator.js';
import { WechatAuthController } from './wechat-auth.controller.js';

/** Routes of our controllers by the names of their methods. */
type Route = 'login' | 'callback' | 'scan';

/** Where the login route is mounted. */
export class LoginAddress {
  private readonly logger = new Logger('WechatOAuth');
  private readonly found = new Map<Route, string[]>();

  constructor(
    private readonly config: WechatConfig,
    private readonly modules: ModulesContainer,
    private readonly application: ApplicationConfig,
  ) {}

  /**
   * Path of the login route, undefined where none is mounted or its path holds a parameter. The
   * option `loginPath` overrules what is found.
   */
  get path(): string | undefined {
    if (!this.isMounted) return undefined;
    return this.config.loginPath ?? this.mounted('login').find(isPlain);
  }

  /**
   * Whether `WechatAuthController`, or a controller that extends it, is mounted with these options.
   */
  get isMounted(): boolean {
    return this.mounted('login').length > 0;
  }

  /** Path of the page of a scan, undefined where none is mounted or its path holds a parameter. */
  get scanPath(): string | undefined {
    return this.mounted('scan').find(isPlain);
  }

  /** Called once the routes are known. */
  warnOfMismatch(): void {
    const { loginPath } = this.config;
    const mounted = this.mounted('login');
    if (loginPath === undefined || !this.isMounted || !mounted.every(isPlain)) return;
    if (mounted.includes(loginPath.replace(/(.)\/$/, '$1'))) return;
    this.logger.warn(
      `The option loginPath is "${loginPath}", but the login route is mounted at ${listed(mounted)}: ` +
        'the loginUrl of refusals may lead nowhere. Leave loginPath out, or correct it.',
    );
  }

  /**
   * Called once the routes are known. Where nothing answers at a `callbackPath`, every login ends
   * in a 404 after WeChat.
   */
  warnOfLostCallbacks(): void {
    const mounted = this.mounted('callback');
    const paths = new Set([...this.config.apps.values()].flatMap(({ callbackPath }) => callbackPath ?? []));
    for (const path of paths) {
      if (mounted.includes(path) || mounted.some((one) => !isPlain(one))) continue;
      const where = mounted.length > 0 ? `it is mounted at ${listed(mounted)}` : 'it is mounted nowhere';
      this.logger.warn(
        `The option callbackPath is "${path}", where WeChat will send people back to, but the callback route is not there: ${where}. ` +
          'List WechatAuthController in `controllers`, and write its path with prefix and version.',
      );
    }
  }

  /** Called once the routes are known. */
  warnOfLostScans(): void {
    const { apps } = this.config;
    const scanning = [...apps.values()].filter(({ scan }) => scan).map(({ name }) => `"${name}"`);
    if (scanning.length === 0 || this.scanPath !== undefined) return;
    this.logger.warn(
      `The option scan is set for ${scanning.join(' and ')}, but no page of a scan is mounted, so no desktop is shown a code. ` +
        'Import WechatPushModule and list WechatScanController in `controllers`, at a path without parameters.',
    );
  }

  /**
   * Asked for after the start only: the prefix may be set until then, and Nest reads it at the same
   * time.
   */
  private mounted(route: Route): string[] {
    let paths = this.found.get(route);
    if (!paths) this.found.set(route, (paths = this.findMounted(route)));
    return paths;
  }

  private findMounted(route: Route): string[] {
    return [...this.modules.values()].flatMap(({ controllers, metatype: module }) =>
      [...controllers.values()]
        .filter(({ instance }) => isOurs(route, instance) && this.isServed(instance))
        .flatMap(({ metatype }) => this.pathsOf(route, metatype as Type, module)),
    );
  }

  /**
   * Whether a controller is one of these options; one of request scope has none before its request.
   */
  private isServed(instance: object): boolean {
    const { [OPTIONS_OF]: options = this.config } = instance as { [OPTIONS_OF]?: WechatConfig };
    return options === this.config;
  }

  private pathsOf(route: Route, controller: Type, module: Type): string[] {
    const method = (controller.prototype as Record<Route, object>)[route];
    if (route === 'callback' && !isCallbackRoute(method)) return [];
    const methodPaths = listOf(Reflect.getMetadata(PATH_METADATA, method));
    const versioning = this.application.getVersioning();
    const prefix = this.application.getGlobalPrefix();
    const factory = new RoutePathFactory(this.application);
    return listOf(Reflect.getMetadata(PATH_METADATA, controller)).flatMap((ctrlPath) =>
      methodPaths.flatMap((methodPath) =>
        factory.create(
          {
            ctrlPath: withSlash(ctrlPath),
            methodPath: withSlash(methodPath),
            modulePath:
              Reflect.getMetadata(MODULE_PATH + this.modules.applicationId, module) ??
              Reflect.getMetadata(MODULE_PATH, module),
            globalPrefix: prefix && withSlash(prefix),
            controllerVersion: versioning
              ? (Reflect.getMetadata(VERSION_METADATA, controller) ?? versioning.defaultVersion)
              : undefined,
            methodVersion: Reflect.getMetadata(VERSION_METADATA, method),
            versioningOptions: versioning,
          },
          RequestMethod.GET,
        ),
      ),
    );
  }
}

/** The page of a scan is of a room above this one, so it is known by what stands on its route. */
function isOurs(route: Route, instance: unknown): instance is object {
  if (route !== 'scan') return instance instanceof WechatAuthController;
  const { scan } = (instance ?? {}) as { scan?: unknown };
  return typeof scan === 'function' && isScanRoute(scan);
}

/** Without parameters and wildcards, which nobody can fill in for a link. */
function isPlain(path: string): boolean {
  return !/[:*{}()?]/.test(path);
}

function listed(paths: readonly string[]): string {
  return paths.map((path) => `"${path}"`).join(' and ');
}

/** A method without a decorator has no path, and is no route. */
function listOf(path: string | string[] | undefined): string[] {
  return path === undefined ? [] : [path].flat();
}

function withSlash(path: string): string {
  return path.startsWith('/') ? path : `/${path}`;
}
