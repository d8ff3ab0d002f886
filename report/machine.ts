// The machine, which every output with measured times names: a figure means nothing without it.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus } from 'node:os';

/** The clock as Linux gives it, if os.cpus() has none; 0: unknown. */
export const megahertz = (): number => {
  try {
    return Math.round(Number(/^cpu MHz\s*:\s*([\d.]+)/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? 0));
  } catch {
    return 0;
  }
};

/** The processor, Node, and the versions of `packages`. */
export const machine = (packages: readonly string[]): Record<string, string | number> => {
  const require = createRequire(import.meta.url);
  const versions = packages.map((name) => [
    name,
    (JSON.parse(readFileSync(require.resolve(`${name}/package.json`), 'utf8')) as { version: string }).version,
  ]);
  const [first] = cpus();
  return {
    cpu: first?.model ?? 'unknown',
    cores: cpus().length,
    mhz: first?.speed || megahertz(),
    node: process.versions.node,
    ...Object.fromEntries(versions),
  };
};

/** The same in words: `node 24.21.0 · ses 2.3.0`. */
export const machineText = (facts: Readonly<Record<string, string | number>>): string =>
  Object.entries(facts)
    .map(([name, value]) => `${name} ${value}`)
    .join(' · ');
