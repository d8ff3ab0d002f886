// A filtering proxy under load: many connections while the processes of its plugins are killed every second, then many
// pages one after the other. No page may fail, and memory may not grow.

import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserFilter, startBrowserFilter } from '../../examples/browser-filter/index.ts';

export interface FilterLoad {
  readonly pages: number;
  readonly kills: number;
  /** What is wrong with pages that failed, the first ones. */
  readonly failed: readonly string[];
  /** Resident set of the host after a tenth of the pages and after all, in MB. */
  readonly resident_mb: readonly [before: number, after: number];
}

const TEXT = '<p class="ad-banner text">a plugin</p>';
const PAGE = `<!doctype html><html><head><title>t</title></head><body>${TEXT.repeat(300)}`;
const CONNECTIONS = 200;

const get = (proxy: URL, url: string, agent: Agent): Promise<string> =>
  new Promise((resolve) => {
    const headers = { host: new URL(url).host, 'sec-fetch-dest': 'document' };
    const asked = request({ host: proxy.hostname, port: proxy.port, path: url, headers, agent }, (answer) => {
      let text = '';
      answer.on('data', (chunk) => {
        text += chunk;
      });
      answer.once('close', () => resolve(answer.complete ? text : 'broken off'));
    });
    asked.once('error', (error) => resolve(String(error)));
    asked.end();
  });

/** A page as it is, with or without what grafts do to it. */
const isWhole = (text: string): boolean =>
  text.endsWith('</p>') && text.replace(/<style>[^<]*<\/style>|<\/?mark>/g, '') === PAGE;

/** Runs `pages` pages by so many connections at a time. */
const load = async (pages: number, connections: number, one: () => Promise<string>): Promise<string[]> => {
  const failed: string[] = [];
  let left = pages;
  const worker = async (): Promise<void> => {
    while (left-- > 0) {
      const text = await one();
      if (!isWhole(text) && failed.length < 5) failed.push(text.slice(0, 200));
    }
  };
  await Promise.all(Array.from({ length: connections }, worker));
  return failed;
};

/** Kills the processes of plugins every second until it is told to stop. Gives how many it killed. */
const killing = ({ host }: BrowserFilter, every_ms: number): (() => number) => {
  let kills = 0;
  const timer = setInterval(() => {
    for (const pid of host.pids()) {
      try {
        process.kill(pid, 'SIGKILL');
        kills++;
      } catch {
        // It has ended by itself.
      }
    }
  }, every_ms);
  return () => {
    clearInterval(timer);
    return kills;
  };
};

const residentMb = (): number => {
  globalThis.gc?.();
  return process.memoryUsage().rss / 2 ** 20;
};

export const runFilter = async (
  pages: number,
  progress: (text: string) => void,
  every_ms = 1000,
): Promise<FilterLoad> => {
  const data = mkdtempSync(join(tmpdir(), 'campaign-filter-'));
  const origin: Server = createServer((_request, response) => {
    response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' }).end(PAGE);
  });
  await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(origin.address() as AddressInfo).port}/`;
  const filter = await startBrowserFilter({
    data,
    proxyPort: 0,
    samples: ['list-blocker', 'word-highlighter'],
    proxy: { allowPrivate: true },
    host: { report: () => {} },
  });
  const agent = new Agent({ keepAlive: true });
  try {
    await filter.switchPlugin('word-highlighter', true);
    const one = (): Promise<string> => get(new URL(filter.proxy.url), url, agent);
    progress(`${CONNECTIONS} connections, processes killed`);
    const stop = killing(filter, every_ms);
    const failed = await load(Math.max(CONNECTIONS, Math.floor(pages / 5)), CONNECTIONS, one);
    const kills = stop();
    progress('pages one after the other');
    failed.push(...(await load(Math.floor(pages / 10), 4, one)));
    const before = residentMb();
    failed.push(...(await load(pages - Math.floor(pages / 10), 4, one)));
    return { pages, kills, failed, resident_mb: [before, residentMb()] };
  } finally {
    agent.destroy();
    await filter.close();
    origin.close();
    rmSync(data, { recursive: true });
  }
};
