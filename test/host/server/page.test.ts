// Pages: their style sheet and icon under the server's policy, and nothing of a plugin's text that leaves its place.

import { afterEach, expect, test } from '@jest/globals';
import { addPages, hostPage, tableOf } from '../../../src/host/server/index.ts';
import { type Bed, makeBed, plugin, send } from './bed.ts';

let bed: Bed;
afterEach(() => bed.close());

const open = async (): Promise<void> => {
  bed = await makeBed({
    server: { pages: (app) => addPages(app, { '/': ({ url }) => hostPage(bed.host, url) }) },
  });
};

test('a page needs no token, and is all that the policy allows: nothing inline, nothing from elsewhere', async () => {
  await open();
  const { status, headers, text } = await send(bed.url, 'GET', '/', { headers: { host: `127.0.0.1:${bed.port}` } });
  expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
  expect(headers['content-security-policy']).toContain("default-src 'none'");
  expect(text).toMatch(/<meta name="viewport" content="width=device-width/);
  expect(text).not.toMatch(/<script|<style| style=| on\w+=|data:|https?:\/\/(?!127\.0\.0\.1)/);
  const linked = [...text.matchAll(/<link rel="\w+" href="([^"]+)"/g)].map(([, href]) => href as string);
  expect(linked).toEqual(['/favicon.svg', '/style.css']);
  const types = ['image/svg+xml; charset=utf-8', 'text/css; charset=utf-8'];
  for (const [i, path] of linked.entries()) {
    const file = await send(bed.url, 'GET', path, { headers: { host: `127.0.0.1:${bed.port}` } });
    expect([file.status, file.headers['content-type']]).toEqual([200, types[i]]);
  }
});

test('it lists points and plugins, what became of them, and how to ask for more', async () => {
  await open();
  await bed.ask('POST', '/api/plugins', plugin('faulty', 'spoil', 'guard/tell', { needs: ['stock'] }));
  await bed.call('guard/tell', 1);
  const { text } = await bed.ask('GET', '/');
  for (const told of ['What a thing costs.', 'faulty 1.0.0', 'removed: thrown', `${bed.url}/api/aborts`, 'compartment'])
    expect(text).toContain(told);
});

test('text of a plugin stays text', async () => {
  await open();
  const { manifest, files } = plugin('fair-price', 'price', 'shop/price');
  const description = '"><script>alert(1)</script>&amp;';
  const { name, version, graftwork } = manifest as Record<string, unknown>;
  await bed.ask('POST', '/api/plugins', { manifest: { name, version, description, graftwork }, files });
  const { text } = await bed.ask('GET', '/');
  expect(text).not.toContain('<script');
  expect(text).toContain('&#34;&#62;&#60;script&#62;alert(1)&#60;/script&#62;&#38;amp;');
  expect(tableOf(['a'], [], 'none <here>')).toBe('<p class="none">none &#60;here&#62;</p>');
});
