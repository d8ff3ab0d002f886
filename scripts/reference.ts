// What the public face has, read from its types and their docstrings, for docs/reference.md.

import { relative } from 'node:path';
import ts from 'older-typescript';

/** A thing that the reference says something of: an export, or a member of one. */
export interface Entry {
  /** `name`, or `Owner.name`. */
  readonly name: string;
  /** How it is written, on one line. */
  readonly written: string;
  readonly text: string;
}

export interface Export extends Entry {
  readonly kind: 'function' | 'class' | 'interface' | 'type' | 'value';
  readonly members: readonly Entry[];
}

const oneLine = (text: string): string =>
  text
    .replace(/\/\*\*[\s\S]*?\*\/|\/\/[^\n]*/g, '')
    .replace(/\s+/g, ' ')
    .replace(/([([]) /g, '$1')
    .replace(/,? ([)\]])/g, '$1')
    .replace(/^\| /, '')
    .trim();

const commentOf = (comment: ts.JSDoc['comment']): string => oneLine(ts.getTextOfJSDocComment(comment) ?? '');

/** A docstring, its parts. */
const told = (node: ts.Node): { text: string; isInternal: boolean } => {
  const docs = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc);
  const doc = docs.at(-1);
  const isInternal = doc?.tags?.some(({ tagName }) => tagName.text === 'internal') ?? false;
  return { text: commentOf(doc?.comment), isInternal };
};

const modifierTexts = (node: ts.Node): string[] =>
  ts.canHaveModifiers(node) ? (ts.getModifiers(node) ?? []).map((one) => one.getText()) : [];

/** Writes declarations down. */
class Writer {
  readonly #checker: ts.TypeChecker;

  constructor(checker: ts.TypeChecker) {
    this.#checker = checker;
  }

  #type(node: ts.Declaration & { type?: ts.TypeNode | undefined }): string {
    return oneLine(node.type?.getText() ?? this.#checker.typeToString(this.#checker.getTypeAtLocation(node)));
  }

  #parameter(node: ts.ParameterDeclaration): string {
    return node.initializer === undefined ? node.getText() : `${node.name.getText()}?: ${this.#type(node)}`;
  }

  /** `name(a: A): R` */
  #signature(name: string, node: ts.SignatureDeclaration): string {
    const generic = node.typeParameters?.map((one) => one.getText()).join(', ');
    const given = node.parameters.map((one) => this.#parameter(one)).join(', ');
    const answer = node.type === undefined ? '' : `: ${node.type.getText()}`;
    return oneLine(`${name}${generic === undefined ? '' : `<${generic}>`}(${given})${answer}`);
  }

  #member(owner: string, node: ts.ClassElement | ts.TypeElement): Entry | null {
    const { text, isInternal } = told(node);
    const name = node.name === undefined ? '' : node.name.getText();
    const isHidden = modifierTexts(node).some((one) => one === 'private' || one === 'protected' || one === 'static');
    if (name === '' || name.startsWith('#') || isInternal || isHidden) return null;
    const isOptional = 'questionToken' in node && node.questionToken !== undefined ? '?' : '';
    const written =
      ts.isMethodDeclaration(node) || ts.isMethodSignature(node)
        ? this.#signature(name, node)
        : `${name}${isOptional}: ${this.#type(node as ts.PropertySignature)}`;
    return { name: `${owner}.${name}`, written, text };
  }

  #members(owner: string, node: ts.ClassDeclaration | ts.InterfaceDeclaration): Entry[] {
    const entries = new Map<string, Entry>();
    // Of overloads, the one that has a docstring.
    for (const one of node.members) {
      const entry = ts.isConstructorDeclaration(one) ? null : this.#member(owner, one);
      if (entry !== null && (entries.get(entry.name)?.text ?? '') === '') entries.set(entry.name, entry);
    }
    return [...entries.values()];
  }

  exported(symbol: ts.Symbol): Export {
    const target = symbol.flags & ts.SymbolFlags.Alias ? this.#checker.getAliasedSymbol(symbol) : symbol;
    const node = target.declarations?.[0];
    if (node === undefined) throw new Error(`${symbol.name} is declared nowhere`);
    const { name } = symbol;
    const { text } = told(ts.isVariableDeclaration(node) ? node.parent.parent : node);
    return { name, text, ...this.#declared(name, node) };
  }

  #declared(name: string, node: ts.Declaration): Omit<Export, 'name' | 'text'> {
    if (ts.isInterfaceDeclaration(node)) {
      const wider = node.heritageClauses?.map((one) => ` ${one.getText()}`).join('') ?? '';
      return { kind: 'interface', written: oneLine(name + wider), members: this.#members(name, node) };
    }
    if (ts.isClassDeclaration(node)) return { kind: 'class', written: name, members: this.#members(name, node) };
    const members: Entry[] = [];
    if (ts.isTypeAliasDeclaration(node))
      return { kind: 'type', written: `${name} = ${oneLine(node.type.getText())}`, members };
    if (ts.isFunctionDeclaration(node)) return { kind: 'function', written: this.#signature(name, node), members };
    if (ts.isVariableDeclaration(node) && node.initializer !== undefined && ts.isArrowFunction(node.initializer))
      return { kind: 'function', written: this.#signature(name, node.initializer), members };
    return { kind: 'value', written: `${name}: ${this.#type(node as ts.VariableDeclaration)}`, members };
  }
}

/** What each of some modules exports. */
export const readExports = (modules: readonly string[], root: string): Export[][] => {
  const { config } = ts.readConfigFile(`${root}/tsconfig.json`, ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const program = ts.createProgram([...modules], options);
  const checker = program.getTypeChecker();
  const writer = new Writer(checker);
  return modules.map((path) => {
    const source = program.getSourceFile(path);
    const module = source === undefined ? undefined : checker.getSymbolAtLocation(source);
    if (module === undefined) throw new Error(`${relative(root, path)} exports nothing`);
    return checker.getExportsOfModule(module).map((symbol) => writer.exported(symbol));
  });
};
