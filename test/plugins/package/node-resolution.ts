// Run by Node itself in a folder of packages (node.test.ts): what each import that it is asked for means. Its argument
// is a list of specifiers; for each, by `import` and by `require`, it prints the path in the folder or null.

import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const [root, list] = process.argv.slice(-2) as [string, string];
const require = createRequire(`${root}/main.js`);

const attempt = (resolve: () => string): string | null => {
  try {
    const path = resolve();
    return statSync(path).isFile() ? relative(root, path) : null;
  } catch {
    return null;
  }
};

const found = (JSON.parse(list) as string[]).map((specifier) => ({
  import: attempt(() => fileURLToPath(import.meta.resolve(specifier, `file://${root}/main.js`))),
  require: attempt(() => require.resolve(specifier)),
}));
console.log(JSON.stringify(found));
