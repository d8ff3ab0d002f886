// Data that may lie beside the project: real filter lists, requests and pages. Where it is not, tests say so by name.

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const DATA = fileURLToPath(new URL('../../../../shared/data', import.meta.url));

export const SHARED_LISTS = ['easylist', 'easyprivacy'].map((name) => `${DATA}/filters/${name}.txt`);

export interface ListedRequest {
  readonly url: string;
  readonly sourceUrl: string;
  readonly type: string;
}

/** Requests that others have gathered; null: they are not there. */
export const sharedRequests = (): readonly ListedRequest[] | null => {
  const file = `${DATA}/requests/requests.json`;
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { requests: ListedRequest[] }).requests : null;
};

/** Saved pages by the path that they are served at; none: they are not there. */
export const savedPages = (): ReadonlyMap<string, () => Buffer> => {
  const archive = `${DATA}/pages/pages.tar.gz`;
  if (!existsSync(archive)) return new Map();
  const names = execFileSync('tar', ['tzf', archive], { encoding: 'utf8' }).split('\n');
  return new Map(
    names
      .filter((name) => name.endsWith('.html'))
      .map((name) => [`/${name}`, () => execFileSync('tar', ['xzOf', archive, name], { maxBuffer: 2 ** 26 })] as const),
  );
};
