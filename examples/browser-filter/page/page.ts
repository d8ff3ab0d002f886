// The page of visits and its resources: the page, its script, its style, the PAC file and the authority's certificate
// are for everybody on this machine; visits and switches are under /api, behind the token.

import { readFileSync } from 'node:fs';
import express, { type Express, type Response } from 'express';
import { GraftError, type PluginInfo } from 'graftwork';
import { type BrowserFilter, SAMPLES } from '../browser-filter.ts';
import type { Visit } from '../visits.ts';

const file = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8');

const LIMIT_MAX = 200;

const limitOf = (text: unknown): number => {
  const limit = Number(text ?? 50);
  if (!Number.isInteger(limit) || limit < 1 || limit > LIMIT_MAX)
    throw new GraftError('GRAFT_BAD_OPTION', `limit is a whole number from 1 to ${LIMIT_MAX}`);
  return limit;
};

/** A proxy's address for browsers: what is on this machine is asked for directly. */
export const pacFile = (host: string): string => `function FindProxyForURL(url, host) {
  if (isPlainHostName(host) || host === '127.0.0.1' || host === '[::1]' || dnsDomainIs(host, '.localhost'))
    return 'DIRECT';
  return 'PROXY ${host}';
}
`;

export interface PluginSwitch {
  readonly name: string;
  readonly on: boolean;
  /** Why it is off. */
  readonly why: string;
  readonly misbehaves: boolean;
}

/** The plugins as the page shows them: samples in their order, then others. */
const switches = ({ host, sitesOff }: BrowserFilter): object => {
  const standing = host.plugins().filter(({ state }) => state === 'installed');
  const removed = host.removedPlugins();
  const order = (name: string): number => (SAMPLES as readonly string[]).indexOf(name) >>> 0;
  const plugins: PluginSwitch[] = [
    ...standing.map(({ name }) => ({ name, on: true, why: '' })),
    ...removed.map(({ name, removedBecause }) => ({ name, on: false, why: whyOff(removedBecause) })),
  ]
    .map((one) => ({ ...one, misbehaves: order(one.name) >= MISBEHAVING && order(one.name) < SAMPLES.length }))
    .toSorted((a, b) => order(a.name) - order(b.name) || a.name.localeCompare(b.name));
  return { plugins, sitesOff: sitesOff() };
};
/** Why a plugin is off, where a call of it was the reason. */
const whyOff = (removal: PluginInfo['removedBecause']): string =>
  removal === null || removal.reason === 'cancelled' ? '' : `${removal.reason}: ${removal.detail}`.slice(0, 300);

const MISBEHAVING = SAMPLES.indexOf('half-rewriter');

/** Tells a browser of visits as they happen. */
const events = (filter: BrowserFilter, response: Response): void => {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  response.write(': visits\n\n');
  const tell = (visit: Visit): void => {
    // Whoever does not read is not waited for, and asks for the list again.
    if (response.writableLength < 1_000_000) response.write(`data: ${JSON.stringify(visit)}\n\n`);
    else response.destroy();
  };
  response.once('close', filter.visits.listen(tell));
};

const Switched = (body: unknown): { plugin?: string; site?: string; on: boolean } => {
  const { plugin, site, on, ...more } = (body ?? {}) as Record<string, unknown>;
  const one = plugin ?? site;
  const isOne = typeof one === 'string' && (plugin === undefined || site === undefined);
  if (!isOne || typeof on !== 'boolean' || Object.keys(more).length > 0)
    throw new GraftError('GRAFT_BAD_INPUT', 'a switch is { "plugin" or "site": name, "on": true or false }');
  return { ...(plugin === undefined ? { site: one } : { plugin: one }), on };
};

/** Adds the page, and what it asks for. */
export const addPages = (app: Express, filter: BrowserFilter): void => {
  const { visits, proxy, authority } = filter;
  const resources = { '/': 'index.html', '/client.js': 'client.js', '/style.css': 'style.css' };
  for (const [path, name] of Object.entries(resources)) {
    const text = file(name);
    app.get(path, (_request, response) => void response.type(name.split('.').at(-1) as string).send(text));
  }
  app.get('/proxy.pac', (_request, response) => {
    response.type('application/x-ns-proxy-autoconfig').send(pacFile(new URL(proxy.url).host));
  });
  app.get('/authority.pem', (_request, response) => {
    response.type('application/x-x509-ca-cert').send(authority.pem);
  });
  app.get('/api/visits', (request, response) => {
    const { searchParams } = new URL(request.originalUrl, 'http://localhost');
    response.json({ visits: visits.list(limitOf(searchParams.get('limit') ?? undefined)), proxy: proxy.url });
  });
  app.get('/api/visits/events', (_request, response) => events(filter, response));
  app.get('/api/switches', (_request, response) => void response.json(switches(filter)));
  app.post('/api/switches', express.json({ limit: 4096 }), async (request, response) => {
    const { plugin, site, on } = Switched(request.body);
    if (plugin !== undefined) await filter.switchPlugin(plugin, on);
    else await filter.switchSite(site as string, on);
    response.json(switches(filter));
  });
};
