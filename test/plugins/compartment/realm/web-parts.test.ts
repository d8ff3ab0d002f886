import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { expect, test } from '@jest/globals';

test("the web's API is bundled wherever a host is started", () => {
  const module = new URL('../../../../src/plugins/compartment/realm/web-parts.ts', import.meta.url).href;
  const text = `const { webParts } = await import('${module}'); console.log(Object.keys(webParts()).length > 5);`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', text], {
    cwd: tmpdir(),
    encoding: 'utf8',
  });
  expect({ stdout, stderr }).toEqual({ stdout: 'true\n', stderr: '' });
});
