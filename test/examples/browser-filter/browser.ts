// A real browser for tests: Chromium as npm brings it, where it can run.

import { createHash, X509Certificate } from 'node:crypto';
import { arch, platform } from 'node:os';
import sparticuz from '@sparticuz/chromium';
import { type Browser, chromium } from 'playwright-core';

/** Why there is no browser here; null: there is one. */
export const noBrowser: string | null =
  platform() === 'linux' && arch() === 'x64'
    ? null
    : `Chromium of npm runs on Linux x64, not on ${platform()} ${arch()}`;

/** The digest of an authority's key, which Chromium is told to trust. */
const keyDigest = (pem: string): string =>
  createHash('sha256')
    .update(new X509Certificate(pem).publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64');

/** Starts a browser that goes through a proxy and trusts an authority. */
export const startBrowser = async (proxy?: string, authority?: string): Promise<Browser> =>
  chromium.launch({
    executablePath: await sparticuz.executablePath(),
    args: [
      ...sparticuz.args,
      '--disable-background-networking',
      ...(authority === undefined ? [] : [`--ignore-certificate-errors-spki-list=${keyDigest(authority)}`]),
    ],
    ...(proxy === undefined ? {} : { proxy: { server: proxy } }),
  });
