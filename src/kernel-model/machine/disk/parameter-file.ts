// Reads DiskSim's parameter files (libparam's grammar) into plain values, each with its line. The meaning of the
// parameters is in parse-drive.ts.
//
//   file       :=  ( `source` WORD | `instantiate` LIST `as` WORD | `topology` NODE | BLOCK )*
//   NODE       :=  TYPE NAME `[` NODE* `]`
//   BLOCK      :=  TYPE NAME? `{` ( KEY `=` VALUE `,`? )* `}`              a KEY is words, `Rotation speed (in rpms)`
//   VALUE      :=  `[` ( VALUE `,`? )* `]` | BLOCK | words
//   `#` begins a comment.
//
// A file's size and depth are bounded; text that does not fit the grammar is a DriveFileError with file and line.

/**
 * A parameter file that cannot be read or that asks for features which are not modelled. The message begins with file
 * and line.
 */
export class DriveFileError extends Error {
  override readonly name = 'DriveFileError';
  readonly file: string;
  /** From 1 on. */
  readonly line: number;

  constructor(file: string, line: number, message: string) {
    super(`${file}:${line}: ${message}`);
    this.file = file;
    this.line = line;
  }
}

/** A file's name, for errors, and its text. */
export interface SourceText {
  readonly file: string;
  readonly text: string;
}

export type ParameterValue =
  | { readonly kind: 'words'; readonly words: string; readonly line: number }
  | { readonly kind: 'list'; readonly items: readonly ParameterValue[]; readonly line: number }
  | { readonly kind: 'block'; readonly block: ParameterBlock; readonly line: number };

/** `TYPE NAME { KEY = VALUE, … }`. */
export interface ParameterBlock {
  readonly type: string;
  /** Empty: it has none. */
  readonly name: string;
  readonly file: string;
  readonly line: number;
  readonly values: ReadonlyMap<string, ParameterValue>;
}

/** A part of the topology, and the parts below it. */
export interface TopologyNode {
  readonly type: string;
  readonly name: string;
  readonly children: readonly TopologyNode[];
}

export interface ParameterFile {
  readonly file: string;
  readonly blocks: readonly ParameterBlock[];
  /** The name of the block, by the instance's name. */
  readonly instances: ReadonlyMap<string, string>;
  readonly topology: TopologyNode | null;
}

const TEXT_MAX = 2 ** 20;
const DEPTH_MAX = 16;
const TOKEN = /#[^\n]*|[{}[\]=,]|[^\s{}[\]=,#]+/g;

interface Token {
  readonly text: string;
  readonly line: number;
}

const isWord = (text: string | undefined): boolean => text !== undefined && !'{}[]=,'.includes(text);

const tokensOf = ({ file, text }: SourceText): Token[] => {
  if (text.length > TEXT_MAX) throw new DriveFileError(file, 1, `longer than ${TEXT_MAX} characters`);
  const tokens: Token[] = [];
  let line = 1;
  let counted = 0;
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    for (; counted < index; counted++) if (text[counted] === '\n') line += 1;
    if (!token.startsWith('#')) tokens.push({ text: token, line });
  }
  return tokens;
};

class Reader {
  readonly #file: string;
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(source: SourceText) {
    this.#file = source.file;
    this.#tokens = tokensOf(source);
  }

  read(): ParameterFile {
    const blocks: ParameterBlock[] = [];
    const instances = new Map<string, string>();
    let topology: TopologyNode | null = null;
    while (this.#peek() !== undefined) {
      if (this.#take('source')) this.#word('a file name');
      else if (this.#take('instantiate')) this.#instantiate(instances);
      else if (this.#take('topology')) topology = this.#node();
      else blocks.push(this.#block());
    }
    return { file: this.#file, blocks, instances, topology };
  }

  #instantiate(instances: Map<string, string>): void {
    this.#expect('[');
    const names: string[] = [];
    while (!this.#take(']')) if (!this.#take(',')) names.push(this.#word('an instance'));
    this.#expect('as');
    const block = this.#word('a block name');
    for (const name of names) instances.set(name, block);
  }

  #node(): TopologyNode {
    return this.#nested(() => {
      const type = this.#word('a type');
      const name = this.#word('an instance');
      const children: TopologyNode[] = [];
      this.#expect('[');
      while (!this.#take(']')) if (!this.#take(',')) children.push(this.#node());
      return { type, name, children };
    });
  }

  #block(): ParameterBlock {
    const line = this.#line();
    const type = this.#word('the type of a block');
    const name = isWord(this.#peek()) ? this.#word('a name') : '';
    return this.#body(type, name, line);
  }

  #body(type: string, name: string, line: number): ParameterBlock {
    return this.#nested(() => {
      const values = new Map<string, ParameterValue>();
      this.#expect('{');
      while (!this.#take('}')) {
        if (this.#take(',')) continue;
        const key_line = this.#line();
        const key = this.#words('a parameter');
        this.#expect('=');
        if (values.has(key)) throw new DriveFileError(this.#file, key_line, `"${key}" a second time`);
        values.set(key, this.#value());
      }
      return { type, name, file: this.#file, line, values };
    });
  }

  #value(): ParameterValue {
    const line = this.#line();
    if (this.#take('[')) return { kind: 'list', items: this.#nested(() => this.#items()), line };
    const words = this.#words('a value');
    if (this.#peek() !== '{') return { kind: 'words', words, line };
    const [type = '', name = ''] = words.split(' ');
    return { kind: 'block', block: this.#body(type, name, line), line };
  }

  #items(): ParameterValue[] {
    const items: ParameterValue[] = [];
    while (!this.#take(']')) if (!this.#take(',')) items.push(this.#value());
    return items;
  }

  #nested<T>(read: () => T): T {
    if (++this.#depth > DEPTH_MAX)
      throw new DriveFileError(this.#file, this.#line(), `nested deeper than ${DEPTH_MAX}`);
    const value = read();
    this.#depth -= 1;
    return value;
  }

  #peek(): string | undefined {
    return this.#tokens[this.#at]?.text;
  }

  #line(): number {
    return (this.#tokens[this.#at] ?? this.#tokens.at(-1))?.line ?? 1;
  }

  #take(text: string): boolean {
    if (this.#peek() !== text) return false;
    this.#at += 1;
    return true;
  }

  #expect(text: string): void {
    if (!this.#take(text))
      throw new DriveFileError(this.#file, this.#line(), `"${text}" expected, not ${this.#found()}`);
  }

  #word(what: string): string {
    const text = this.#peek();
    if (text === undefined || !isWord(text))
      throw new DriveFileError(this.#file, this.#line(), `${what} expected, not ${this.#found()}`);
    this.#at += 1;
    return text;
  }

  #words(what: string): string {
    const words = [this.#word(what)];
    while (isWord(this.#peek())) words.push(this.#word(what));
    return words.join(' ');
  }

  #found(): string {
    const text = this.#peek();
    return text === undefined ? 'the end' : JSON.stringify(text.slice(0, 40));
  }
}

/** Reads a parameter file; throws a DriveFileError for what is malformed or too large. */
export const readParameters = (source: SourceText): ParameterFile => new Reader(source).read();
