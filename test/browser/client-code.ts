import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/** A client of the browser as it stands in the package, and as anybody may copy it. */
export function clientCode(name: 'browser' | 'js-sdk' | 'qr-login'): string {
  const source = join(import.meta.dirname, `../../lib/client/${name}.ts`);
  return ts.transpileModule(readFileSync(source, 'utf8'), {
    compilerOptions: {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      verbatimModuleSyntax: true,
    },
  }).outputText;
}
