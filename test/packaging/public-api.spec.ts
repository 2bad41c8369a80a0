// The exact names every entry point exports. An addition is a promise and a removal breaks
// somebody, so both are written down.
import { join } from 'node:path';
import ts from 'typescript';
import { readJson, root, run } from './pack.js';

const { exports: targets } = readJson<{ exports: Record<string, { types?: string; default?: string }> }>(
  'package.json',
);
const entries = Object.entries(targets).filter(([, target]) => target.types);

/** What `import * as entry` holds, asked of plain Node: jest's own module loader plays no part. */
function valuesOf(file: string): string[] {
  const script = `import(process.argv[1]).then((entry) => console.log(JSON.stringify(Object.keys(entry))))`;
  return JSON.parse(run(process.execPath, ['--eval', script, join(root, file)])) as string[];
}

/** Every name the declarations export, types included. */
function declaredBy(file: string): string[] {
  const program = ts.createProgram([join(root, file)], {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    types: [],
  });
  const checker = program.getTypeChecker();
  const symbol = checker.getSymbolAtLocation(program.getSourceFile(join(root, file))!);
  return checker.getExportsOfModule(symbol!).map((name) => name.getName());
}

it('is what public-api.json records', () => {
  const api = Object.fromEntries(
    entries.map(([path, target]) => {
      const values = valuesOf(target.default!);
      const declared = declaredBy(target.types!);
      // Something that can be imported but has no type would be invisible to every reader.
      expect(declared).toEqual(expect.arrayContaining(values));
      const kinds = declared.sort().map((name) => [name, values.includes(name) ? 'value' : 'type']);
      return [path, Object.fromEntries(kinds) as Record<string, string>];
    }),
  );
  expect(`${JSON.stringify(api, null, 2)}\n`).toMatchRecord('public-api.json');
});
