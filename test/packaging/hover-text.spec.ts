// Whoever hovers over a name of ours in an editor reads what it is: every exported name, every
// field and method.
import { join, relative } from 'node:path';
import ts from 'typescript';
import { readJson, root } from './pack.js';

const { exports: targets } = readJson<{ exports: Record<string, { types?: string }> }>('package.json');
const entries = Object.values(targets).flatMap(({ types }) =>
  types ? [join(root, types.replace('./dist/', 'lib/').replace(/\.d\.ts$/, '.ts'))] : [],
);
const { options } = ts.getParsedCommandLineOfConfigFile(
  join(root, 'tsconfig.json'),
  {},
  {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic: () => undefined,
  },
)!;
const program = ts.createProgram(entries, options);
const checker = program.getTypeChecker();

/** Fields and methods of a declaration that an application can name. */
function membersOf(declaration: ts.Declaration): ts.Declaration[] {
  if (ts.isInterfaceDeclaration(declaration)) return [...declaration.members];
  if (ts.isClassDeclaration(declaration)) {
    const hidden = ts.ModifierFlags.Private;
    return declaration.members.filter((member) => !(ts.getCombinedModifierFlags(member) & hidden));
  }
  const found: ts.Declaration[] = [];
  const search = (node: ts.Node): void => {
    if (ts.isTypeLiteralNode(node)) found.push(...node.members);
    else ts.forEachChild(node, search);
  };
  if (ts.isTypeAliasDeclaration(declaration)) search(declaration.type);
  return found;
}

/** `type: 'store.down'` of a union is what it says; a symbol is nothing one types. */
function needsNoWord(member: ts.Declaration): boolean {
  const name = ts.getNameOfDeclaration(member);
  if (!name || ts.isPrivateIdentifier(name) || ts.isComputedPropertyName(name)) return true;
  if (ts.getJSDocTags(member).some(({ tagName }) => tagName.text === 'internal')) return true;
  return ts.isPropertySignature(member) && !!member.type && ts.isLiteralTypeNode(member.type);
}

const hasWords = (symbol: ts.Symbol | undefined) =>
  (symbol?.getDocumentationComment(checker).length ?? 0) > 0;

it.each(entries.map((entry) => [relative(root, entry), entry]))(
  '%s says what everything is',
  (_name, entry) => {
    const entrySymbol = checker.getSymbolAtLocation(program.getSourceFile(entry)!)!;
    const mute = checker.getExportsOfModule(entrySymbol).flatMap((exported) => {
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
      const members = (symbol.declarations ?? []).flatMap(membersOf).filter((member) => !needsNoWord(member));
      return [
        ...(hasWords(symbol) ? [] : [symbol.name]),
        ...members.flatMap((member) => {
          const name = ts.getNameOfDeclaration(member)!;
          return hasWords(checker.getSymbolAtLocation(name)) ? [] : [`${symbol.name}.${name.getText()}`];
        }),
      ];
    });
    expect(mute).toEqual([]);
  },
);
