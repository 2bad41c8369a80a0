// Small faults for a source file, found in its syntax tree: one changed operator, condition,
// number, result or call each.
import ts from 'typescript';

const SWAPPED = new Map([
  [ts.SyntaxKind.EqualsEqualsEqualsToken, '!=='],
  [ts.SyntaxKind.ExclamationEqualsEqualsToken, '==='],
  [ts.SyntaxKind.LessThanToken, '<='],
  [ts.SyntaxKind.LessThanEqualsToken, '<'],
  [ts.SyntaxKind.GreaterThanToken, '>='],
  [ts.SyntaxKind.GreaterThanEqualsToken, '>'],
  [ts.SyntaxKind.AmpersandAmpersandToken, '||'],
  [ts.SyntaxKind.BarBarToken, '&&'],
  [ts.SyntaxKind.QuestionQuestionToken, '&&'],
  [ts.SyntaxKind.PlusToken, '-'],
  [ts.SyntaxKind.MinusToken, '+'],
  [ts.SyntaxKind.AsteriskToken, '/'],
  [ts.SyntaxKind.SlashToken, '*'],
]);

/**
 * @param {string} file its name, for the places in the report
 * @param {string} source
 * @returns {{ place: string, what: string, mutated: string }[]}
 */
export function mutantsOf(file, source) {
  const tree = ts.createSourceFile(file, source, ts.ScriptTarget.ES2022, true);
  const mutants = [];

  const add = (node, text, start = node.getStart(), end = node.getEnd()) => {
    const { line } = tree.getLineAndCharacterOfPosition(start);
    const before = source.slice(start, end);
    mutants.push({
      place: `${file}:${line + 1}`,
      what: `${brief(before)} → ${brief(text)}`,
      mutated: source.slice(0, start) + text + source.slice(end),
    });
  };

  const visit = (node) => {
    // Types are gone before anything runs; imports and exports are no behaviour; words for people
    // are not judged here.
    if (ts.isTypeNode(node) || ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return;
    if (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) return;
    if (ts.isBinaryExpression(node)) {
      const { operatorToken, left, right } = node;
      const isText = [left, right].some(
        (side) => ts.isStringLiteralLike(side) || ts.isTemplateExpression(side),
      );
      const swapped = SWAPPED.get(operatorToken.kind);
      if (swapped && !isText) add(operatorToken, swapped);
      else if (swapped && /=/.test(swapped)) add(operatorToken, swapped);
    }
    if (ts.isIfStatement(node)) add(node.expression, `!(${node.expression.getText()})`);
    if (ts.isConditionalExpression(node)) add(node.condition, `!(${node.condition.getText()})`);
    if (ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.ExclamationToken)
      add(node, node.operand.getText());
    if (node.kind === ts.SyntaxKind.TrueKeyword) add(node, 'false');
    if (node.kind === ts.SyntaxKind.FalseKeyword) add(node, 'true');
    if (ts.isNumericLiteral(node)) add(node, `(${node.getText()} + 1)`);
    if (ts.isReturnStatement(node) && node.expression && node.expression.getText() !== 'undefined')
      add(node, 'return undefined;');
    // What is done for its effect alone: a call left out, an `await` that waits for nothing.
    if (ts.isExpressionStatement(node) && isEffect(node.expression)) add(node, ';');
    if (ts.isAwaitExpression(node) && ts.isExpressionStatement(node.parent))
      add(node, `void (${node.expression.getText()})`);
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return mutants;
}

function isEffect(expression) {
  if (ts.isAwaitExpression(expression)) return isEffect(expression.expression);
  return ts.isCallExpression(expression) && expression.expression.kind !== ts.SyntaxKind.SuperKeyword;
}

function brief(text) {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length > 60 ? `${line.slice(0, 57)}…` : line;
}
