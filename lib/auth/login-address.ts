// Finds out where the login route is mounted, so that refusals name an address that exists.
import { Logger, RequestMethod, type Type } from '@nestjs/common';
import { MODULE_PATH, PATH_METADATA, VERSION_METADATA } from '@nestjs/common/constants.js';
import type { ApplicationConfig, ModulesContainer } from '@nestjs/core';
// Nest's own arithmetic of prefix, exclusions, versions and paths: a copy would soon be wrong.
import { RoutePathFactory } from '@nestjs/core/router/route-path-factory.js';
import type { WechatConfig } from '../config/wechat-config.js';
import { servesFor, WechatAuthController } from './wechat-auth.controller.js';

/** Where the login route is mounted. */
export class LoginAddress {
  private readonly logger = new Logger('WechatOAuth');
  private found: string[] | undefined;

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
    return this.config.loginPath ?? this.mounted.find(isPlain);
  }

  /**
   * Whether `WechatAuthController`, or a controller that extends it, is mounted with these options.
   */
  get isMounted(): boolean {
    return this.mounted.length > 0;
  }

  /** Called once the routes are known. */
  warnOfMismatch(): void {
    const { loginPath } = this.config;
    if (loginPath === undefined || !this.isMounted || !this.mounted.every(isPlain)) return;
    if (this.mounted.includes(loginPath.replace(/(.)\/$/, '$1'))) return;
    this.logger.warn(
      `The option loginPath is "${loginPath}", but the login route is mounted at ${this.mounted.map((path) => `"${path}"`).join(' and ')}: ` +
        'the loginUrl of refusals may lead nowhere. Leave loginPath out, or correct it.',
    );
  }

  /**
   * Asked for after the start only: the prefix may be set until then, and Nest reads it at the same
   * time.
   */
  private get mounted(): string[] {
    return (this.found ??= [...this.modules.values()].flatMap(({ controllers, metatype: module }) =>
      [...controllers.values()]
        .filter(
          ({ instance }) => instance instanceof WechatAuthController && servesFor(instance, this.config),
        )
        .flatMap(({ metatype }) => this.pathsOf(metatype as Type, module)),
    ));
  }

  private pathsOf(controller: Type, module: Type): string[] {
    const login = (controller.prototype as WechatAuthController).login;
    const methodPaths = listOf(Reflect.getMetadata(PATH_METADATA, login));
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
            methodVersion: Reflect.getMetadata(VERSION_METADATA, login),
            versioningOptions: versioning,
          },
          RequestMethod.GET,
        ),
      ),
    );
  }
}

/** Without parameters and wildcards, which nobody can fill in for a link. */
function isPlain(path: string): boolean {
  return !/[:*{}()?]/.test(path);
}

/** A method without a decorator has no path, and is no route. */
function listOf(path: string | string[] | undefined): string[] {
  return path === undefined ? [] : [path].flat();
}

function withSlash(path: string): string {
  return path.startsWith('/') ? path : `/${path}`;
}
