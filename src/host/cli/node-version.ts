// The check that this Node and this isolated-vm are fit to host untrusted code. Below isolated-vm 7.0.1 there is a
// known escape from guest to host (GHSA-864f-rcv7-6rh4), and 7.0.1 runs on Node 24 and later. The check runs before
// anything else is loaded, so this file imports nothing of the project.

import { createRequire } from 'node:module';

export const NEEDED = { node: '24.0.0', isolatedVm: '7.0.1' } as const;

export interface Versions {
  readonly node: string;
  /** Null: not installed. */
  readonly isolatedVm: string | null;
}

/**
 * Whether a version comes before another. A pre-release comes before its release; a text that is no version comes
 * before everything.
 */
export const isOlder = (version: string, least: string): boolean => {
  const parts = /^(\d+)\.(\d+)\.(\d+)(-)?/.exec(version);
  if (parts === null) return true;
  for (const [index, number] of least.split('.').map(Number).entries()) {
    const own = Number(parts[index + 1]);
    if (own !== number) return own < number;
  }
  return parts[4] !== undefined;
};

/** The versions that this process would run with. */
export const versionsHere = (): Versions => {
  const node = process.versions.node;
  try {
    return {
      node,
      isolatedVm: (createRequire(import.meta.url)('isolated-vm/package.json') as { version: string }).version,
    };
  } catch {
    return { node, isolatedVm: null };
  }
};

/** What is wrong with these versions and what to do about it; null: they are fit. */
export const versionFault = ({ node, isolatedVm }: Versions): string | null => {
  if (isOlder(node, NEEDED.node)) {
    return (
      `GRAFT_NODE_TOO_OLD: this is Node ${node}, and Graftwork needs ${NEEDED.node} or later: ` +
      'the isolated-vm of older ones lets plugins out. Install it from https://nodejs.org, and what you installed ' +
      'with the older one again. In a checkout, `npx graftwork` and npm scripts find the one that lies there.'
    );
  }
  if (isolatedVm === null)
    return 'GRAFT_NODE_TOO_OLD: isolated-vm is not installed. Run `npm install` where Graftwork stands.';
  if (isOlder(isolatedVm, NEEDED.isolatedVm)) {
    return (
      `GRAFT_NODE_TOO_OLD: isolated-vm ${isolatedVm} is installed, and Graftwork needs ${NEEDED.isolatedVm} ` +
      'or later: older ones let plugins out. ' +
      `Run \`npm install isolated-vm@${NEEDED.isolatedVm}\`.`
    );
  }
  return null;
};
