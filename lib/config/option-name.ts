// How messages call an option of an app: as the application wrote it.

/** `type` of the one app, `apps.mini.type` of one among several. */
export function optionName(app: { readonly name: string }, option: string): string {
  return app.name === 'default' ? option : `apps.${app.name}.${option}`;
}
