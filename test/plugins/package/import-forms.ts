// Ways to name a file, for what the bundler must not read: every form of an import with every kind of path that leads
// out of a package, and the files of a package that say where an import leads. In a text, \x2a is a star and \x2f a
// solidus, so that whoever reads this file's comments finds none there.

export interface ImportForm {
  readonly what: string;
  readonly files: Readonly<Record<string, string>>;
}

/** Paths that lead to the file `name` of the machine's folder `folder`, which is absolute. */
const pathsTo = (folder: string, name: string): string[] => {
  const rest = folder.slice(1);
  return [
    `${folder}/${name}`,
    `/.${folder}/${name}`,
    `${'../'.repeat(12)}${rest}/${name}`,
    `./${'../'.repeat(12)}${rest}/${name}`,
    `./${rest}/${name}`,
    `${rest}/${name}`,
    `file://${folder}/${name}`,
    `file:${folder}/${name}`,
    `..%2f${rest}/${name}`,
    `plugin:${folder}/${name}`,
    `graftwork/sdk/../..${folder}/${name}`,
    `${folder}/${name}?raw`,
    `${folder}/${name}#x`,
  ];
};

const text = (path: string): string => JSON.stringify(path);

/** Statements that name one path; `export const f` is there for a bundle that comes of it. */
const STATIC: Readonly<Record<string, (path: string) => string>> = {
  'import default': (path) => `import x from ${text(path)}; export const f = () => x;`,
  'import all': (path) => `import * as x from ${text(path)}; export const f = () => x;`,
  'import with an attribute': (path) => `import x from ${text(path)} with { type: 'json' }; export const f = () => x;`,
  'import of text': (path) => `import x from ${text(path)} with { type: 'text' }; export const f = () => x;`,
  'import, old attribute': (path) => `import x from ${text(path)} assert { type: 'json' }; export const f = () => x;`,
  'export all': (path) => `export * from ${text(path)}; export const f = () => 1;`,
  'export all as': (path) => `export * as x from ${text(path)}; export const f = () => 1;`,
  'export default': (path) => `export { default as x } from ${text(path)}; export const f = () => 1;`,
  'dynamic import': (path) => `export const f = () => import(${text(path)});`,
  'dynamic import with an attribute': (path) =>
    `export const f = () => import(${text(path)}, { with: { type: 'json' } });`,
  'dynamic import of a template': (path) => `export const f = () => import(\`${path}\`);`,
  require: (path) => `export const f = () => require(${text(path)});`,
  'require, caught': (path) => `export const f = () => { try { return require(${text(path)}); } catch { return 0; } };`,
  'require.resolve': (path) => `export const f = () => require.resolve(${text(path)});`,
  'import equals': (path) => `import x = require(${text(path)}); export const f = () => x;`,
  'a URL': (path) => `export const f = () => new URL(${text(path)}, import.meta.url).href;`,
  'a worker': (path) => `export const f = () => new Worker(new URL(${text(path)}, import.meta.url));`,
  'import.meta.resolve': (path) => `export const f = () => import.meta.resolve(${text(path)});`,
  'import defer': (path) => `import defer * as x from ${text(path)}; export const f = () => x;`,
  'import source': (path) => `import source x from ${text(path)}; export const f = () => x;`,
  'import type, used': (path) => `import type { x } from ${text(path)}; export const f = (): x => 1 as never;`,
  'typeof import': (path) => `export const f = (): typeof import(${text(path)}) => 1 as never;`,
  'triple slash': (path) => `/// <reference path=${text(path)} />\nexport const f = () => 1;`,
  'triple slash, types': (path) => `/// <reference types=${text(path)} />\nexport const f = () => 1;`,
  'AMD module': (path) => `/// <amd-dependency path=${text(path)} />\nexport const f = () => 1;`,
  'JSX source': (path) => `/\x2a* @jsxRuntime automatic @jsxImportSource ${path} *\x2f export const f = () => <a/>;`,
  'JSX factory': (path) => `/\x2a* @jsx ${path} *\x2f export const f = () => <a/>;`,
  'source map': (path) => `export const f = () => 1;\n//# sourceMappingURL=${path}`,
  'source map, old sign': (path) => `export const f = () => 1;\n//@ sourceMappingURL=${path}`,
  'source map, block': (path) => `export const f = () => 1;\n/\x2a# sourceMappingURL=${path} *\x2f`,
  'source map, spaced': (path) => `export const f = () => 1;\n//#\t sourceMappingURL=${path}`,
  'source map, other space': (path) => `export const f = () => 1;\n//#\u00a0sourceMappingURL=${path}`,
  'source URL': (path) => `export const f = () => 1;\n//# sourceURL=${path}`,
};

/** Statements that compute a path from its start, or its start and its end. */
const COMPUTED: Readonly<Record<string, (folder: string, end: string) => string>> = {
  'import of a sum': (folder) => `export const f = (n) => import('${folder}' + n);`,
  'import of a sum with an end': (folder, end) => `export const f = (n) => import('${folder}' + n + '${end}');`,
  'import of a template': (folder, end) => `export const f = (n) => import(\`${folder}\${n}${end}\`);`,
  'import of a deep template': (folder, end) => `export const f = (n) => import(\`${folder}\${n}/\${n}${end}\`);`,
  'import, computed, with an attribute': (folder, end) =>
    `export const f = (n) => import(\`${folder}\${n}${end}\`, { with: { type: 'json' } });`,
  'require of a sum': (folder) => `export const f = (n) => require('${folder}' + n);`,
  'require of a template': (folder, end) => `export const f = (n) => require(\`${folder}\${n}${end}\`);`,
  'require, computed and caught': (folder, end) =>
    `export const f = (n) => { try { return require(\`${folder}\${n}${end}\`); } catch { return 0; } };`,
  'require of a choice': (folder, end) =>
    `export const f = (n) => require(n ? '${folder}a${end}' : '${folder}b${end}');`,
  'require.resolve of a template': (folder, end) =>
    `export const f = (n) => require.resolve(\`${folder}\${n}${end}\`);`,
  'a URL of a template': (folder, end) => `export const f = (n) => new URL(\`${folder}\${n}${end}\`, import.meta.url);`,
  'a glob': (folder, end) => `export const f = () => import('${folder}*${end}');`,
  'import.meta.glob': (folder, end) => `export const f = () => import.meta.glob('${folder}*${end}', { eager: true });`,
  'a folded enum': (folder, end) =>
    `enum E { a = '${folder}', b = a + 'secret' + '${end}' } export const f = () => require(E.b);`,
  'a constant': (folder, end) => `const p = '${folder}secret${end}'; export const f = () => import(p);`,
};

const MAIN = "import x from 'dep'; export const f = () => x;";
const MAIN_OF_SUBPATH = "import x from 'dep/sub'; export const f = () => x;";

/** Files in a package that say where something lies. */
const settingsTo = (path: string): Record<string, Readonly<Record<string, string>>> => {
  const dep = (json: object, main = MAIN): Record<string, string> => ({
    'main.ts': main,
    'node_modules/dep/package.json': JSON.stringify(json),
    'node_modules/dep/own.js': 'export default 1;',
  });
  const config = (json: object): Record<string, string> => ({
    'main.ts': "import x from 'alias/secret.json'; export const f = () => x;",
    'tsconfig.json': JSON.stringify(json),
    'jsconfig.json': JSON.stringify(json),
  });
  const folder = path.slice(0, path.lastIndexOf('/'));
  return {
    'dependency, main': dep({ main: path }),
    'dependency, module': dep({ module: path, main: './own.js' }),
    'dependency, browser text': dep({ browser: path }),
    'dependency, browser map': dep({ main: './own.js', browser: { './own.js': path } }),
    'dependency, exports text': dep({ exports: path }),
    'dependency, exports map': dep({ exports: { '.': path, './sub': path } }, MAIN_OF_SUBPATH),
    'dependency, exports conditions': dep({ exports: { '.': { import: path, require: path, default: path } } }),
    'dependency, exports list': dep({ exports: { '.': [path, './own.js'] } }),
    'dependency, exports pattern': dep(
      { exports: { './\x2a': `${folder}/\x2a` } },
      "import x from 'dep/secret.json'; export const f = () => x;",
    ),
    'dependency, types': dep({ types: path, main: './own.js' }),
    'dependency, directories': dep({ directories: { lib: folder } }, MAIN_OF_SUBPATH),
    'dependency, sideEffects': dep({ main: './own.js', sideEffects: [path] }),
    'own imports': {
      'main.ts': "import x from '#x'; export const f = () => x;",
      'package.json': JSON.stringify({ imports: { '#x': path } }),
    },
    'own imports, pattern': {
      'main.ts': "import x from '#x/secret.json'; export const f = () => x;",
      'package.json': JSON.stringify({ imports: { '#x/\x2a': `${folder}/\x2a` } }),
    },
    'tsconfig, extends': config({ extends: path, compilerOptions: { jsx: 'react-jsx' } }),
    'tsconfig, paths': config({
      compilerOptions: { baseUrl: '.', paths: { 'alias/\x2a': [`${folder}/\x2a`], '*': [`${folder}/\x2a`] } },
    }),
    'tsconfig, baseUrl': config({ compilerOptions: { baseUrl: folder } }),
    'tsconfig, rootDirs': config({ compilerOptions: { rootDirs: ['.', folder] } }),
    'tsconfig, JSX source': {
      ...config({ compilerOptions: { jsx: 'react-jsx', jsxImportSource: path } }),
      'main.tsx': 'export const f = () => <a/>;',
    },
    'style sheet': {
      'main.ts': "import './x.css'; export const f = () => 1;",
      'x.css': `@import ${text(path)}; a { background: url(${path}) }`,
    },
    'style sheet, module': {
      'main.ts': "import x from './x.module.css'; export const f = () => x;",
      'x.module.css': `.a { composes: b from ${text(path)} }`,
    },
    'JSON reference': {
      'main.ts': "import x from './x.json'; export const f = () => x;",
      'x.json': JSON.stringify({ $ref: path, extends: path }),
    },
    'text that looks like a path': { 'main.ts': "import x from './x.txt'; export const f = () => x;", 'x.txt': path },
  };
};

/**
 * All forms for the files `secret.json`, `secret.js` and so on in `folder`. They need not exist: what comes of a form
 * must be the same.
 */
export const importForms = (folder: string): ImportForm[] => {
  const forms: ImportForm[] = [];
  const endings = ['json', 'js', 'txt', 'ts', 'map'];
  for (const [index, [what, make]] of Object.entries(STATIC).entries()) {
    const paths = pathsTo(folder, `secret.${endings[index % endings.length]}`);
    const main = what.startsWith('JSX') ? 'main.tsx' : 'main.ts';
    // Every form with a third of the paths, every path with a third of the forms.
    for (const [at, path] of paths.entries())
      if ((at + index) % 3 === 0) forms.push({ what: `${what}: ${path}`, files: { [main]: make(path) } });
  }
  for (const [what, make] of Object.entries(COMPUTED))
    for (const start of [`${folder}/`, `${'../'.repeat(12)}${folder.slice(1)}/`, `.${folder}/`, `.${folder}/../`])
      forms.push({ what: `${what}: ${start}`, files: { 'main.ts': make(start, '.json') } });
  for (const path of [`${folder}/secret.json`, `${'../'.repeat(12)}${folder.slice(1)}/secret.json`])
    for (const [what, files] of Object.entries(settingsTo(path))) forms.push({ what: `${what}: ${path}`, files });
  return forms;
};
