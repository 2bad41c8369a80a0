// package.json against the built files: what it points at exists, and what the files import is
// declared.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import { packed, readJson, root } from './pack.js';

interface Manifest {
  name: string;
  main: string;
  types: string;
  bin: Record<string, string>;
  exports: Record<string, string | { types: string; default: string }>;
  dependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  peerDependenciesMeta?: Record<string, { optional?: boolean }>;
}

interface Import {
  specifier: string;
  /** `import()` and `require()`: the code can do without it, so an optional package will do. */
  lazy: boolean;
}

const manifest = readJson<Manifest>('package.json');
const optional = Object.entries(manifest.peerDependenciesMeta ?? {}).flatMap(([name, meta]) =>
  meta.optional ? [name] : [],
);
const declared = [
  ...Object.keys(manifest.dependencies ?? {}),
  ...Object.keys(manifest.peerDependencies ?? {}),
];
const required = declared.filter((name) => !optional.includes(name));
const entries = Object.entries(manifest.exports).flatMap(([path, target]) =>
  typeof target === 'string' ? [] : [{ path, ...target }],
);
const distFiles = packed().files.filter((file) => file.startsWith('dist/'));

function importsOf(file: string): Import[] {
  const found: Import[] = [];
  const visit = (node: ts.Node): void => {
    const literal =
      ts.isImportDeclaration(node) || ts.isExportDeclaration(node)
        ? node.moduleSpecifier
        : ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)
          ? node.argument.literal
          : ts.isCallExpression(node) && isLoad(node.expression)
            ? node.arguments[0]
            : undefined;
    if (literal && ts.isStringLiteralLike(literal)) {
      found.push({ specifier: literal.text, lazy: ts.isCallExpression(node) });
    }
    ts.forEachChild(node, visit);
  };
  const text = readFileSync(join(root, file), 'utf8');
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest));
  return found;
}

const isLoad = (callee: ts.Expression): boolean =>
  callee.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(callee) && callee.text === 'require');

const isRelative = (specifier: string): boolean => specifier.startsWith('.');

const packageOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

/** The file and every file of ours that it reaches, in the same flavour (.js or .d.ts). */
function reach(entry: string): string[] {
  const seen = new Set([entry.replace(/^\.\//, '')]);
  for (const file of seen) {
    for (const { specifier } of importsOf(file)) {
      if (!isRelative(specifier)) continue;
      const target = join(file, '..', specifier);
      seen.add(file.endsWith('.d.ts') ? target.replace(/\.js$/, '.d.ts') : target);
    }
  }
  return [...seen];
}

/** `file -> package` for every import from outside that is not allowed. */
const offences = (files: string[], allowed: (name: string, lazy: boolean) => boolean): string[] =>
  files.flatMap((file) =>
    importsOf(file)
      .filter(({ specifier }) => !isRelative(specifier) && !isBuiltin(specifier))
      .filter(({ specifier, lazy }) => !allowed(packageOf(specifier), lazy))
      .map(({ specifier }) => `${file} -> ${specifier}`),
  );

describe('package.json', () => {
  it('points only at files that are in the tarball', () => {
    const targets = [
      manifest.main,
      manifest.types,
      ...Object.values(manifest.bin),
      ...Object.values(manifest.exports).flatMap((target) =>
        typeof target === 'string' ? [target] : Object.values(target),
      ),
    ];
    const missing = targets.filter((target) => !packed().files.includes(target.replace(/^\.\//, '')));
    expect(missing).toEqual([]);
  });

  it('lets every entry be imported and required: a default condition, and types before it', () => {
    expect(entries.map(({ path }) => path)).toEqual(expect.arrayContaining(['.', './testing']));
    for (const { path: _, ...conditions } of entries) {
      expect(Object.keys(conditions)).toEqual(['types', 'default']);
    }
  });

  it('names programs that a shell can start', () => {
    for (const program of Object.values(manifest.bin)) {
      expect(readFileSync(join(root, program), 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
    }
  });
});

describe('the imports of the built files', () => {
  it('end in .js where they are relative, and meet a file', () => {
    const wrong = distFiles.flatMap((file) =>
      importsOf(file)
        .filter(({ specifier }) => isRelative(specifier))
        .filter(
          ({ specifier }) => !specifier.endsWith('.js') || !existsSync(join(root, file, '..', specifier)),
        )
        .map(({ specifier }) => `${file} -> ${specifier}`),
    );
    expect(wrong).toEqual([]);
  });

  it('name declared packages only', () => {
    expect(offences(distFiles, (name) => declared.includes(name))).toEqual([]);
  });

  it('need no optional package in the root entry, its types included, unless lazily', () => {
    const main = entries.find(({ path }) => path === '.')!;
    const files = [...reach(main.default), ...reach(main.types)];
    expect(
      offences(files, (name, lazy) => required.includes(name) || (lazy && optional.includes(name))),
    ).toEqual([]);
  });

  it('lead from no other entry into testing', () => {
    const others = entries.filter(({ path }) => path !== './testing');
    const reached = others.flatMap((entry) => [...reach(entry.default), ...reach(entry.types)]);
    expect(reached.filter((file) => file.startsWith('dist/testing/'))).toEqual([]);
  });
});

describe('moduleResolution node10, which knows no exports', () => {
  const place = mkdtempSync(join(tmpdir(), 'node10-'));
  beforeAll(() => {
    packed();
    mkdirSync(join(place, 'node_modules'));
    symlinkSync(root, join(place, 'node_modules', manifest.name));
  });
  afterAll(() => rmSync(place, { recursive: true }));

  it.each(entries.map(({ path, types }) => [path.replace(/^\./, manifest.name), types] as const))(
    'finds the types of %s',
    (specifier, types) => {
      const options = { moduleResolution: ts.ModuleResolutionKind.Node10, module: ts.ModuleKind.CommonJS };
      const { resolvedModule } = ts.resolveModuleName(specifier, join(place, 'app.ts'), options, ts.sys);
      expect(resolvedModule?.resolvedFileName).toBe(join(root, types));
    },
  );
});
