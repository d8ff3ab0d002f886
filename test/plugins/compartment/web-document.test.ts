// The author's documentation lists the globals of the web's API that a realm gives, and no others.

import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { WEB_GLOBALS } from '../../../src/plugins/compartment/realm/web/parts.ts';

test("docs/plugins.md lists the globals of the web's API", () => {
  const text = readFileSync(new URL('../../../docs/plugins.md', import.meta.url), 'utf8');
  const [, section = ''] = text.split("## The web's API\n");
  const [, list = ''] = section.split('\n\n');
  expect([...list.matchAll(/`(\w+)`/g)].map(([, name]) => name)).toEqual(WEB_GLOBALS);
});
