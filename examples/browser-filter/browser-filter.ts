// The whole of it: a host with the points, the plugins, the visits, the switches, and the proxy that asks them.
//
//   const filter = await startBrowserFilter({ data: './data', proxyPort: 8080 });
//   filter.host, filter.proxy.url
//   await filter.close();

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createHost, type Host, type HostMap, type HostOptions } from 'graftwork';
import { createContent } from './content/index.ts';
import { Filtering } from './filtering.ts';
import { engineOf, isListBlocker, listFiles, makeListBlocker, PLUGINS } from './lists.ts';
import { type Authority, openAuthority, type ProxyOptions, type RunningProxy, startProxy } from './proxy/index.ts';
import { siteOf, Visits } from './visits.ts';

export interface BrowserFilterOptions {
  /** The folder in which everything is written. */
  readonly data: string;
  readonly proxyPort: number;
  /** Files of filter lists. Default: the small list of the project. */
  readonly lists?: string | undefined;
  readonly proxy?: Partial<Pick<ProxyOptions, 'allowPrivate' | 'authorities' | 'limits' | 'pass' | 'resolve'>>;
  readonly host?: Pick<HostOptions, 'compartment' | 'processes' | 'report'>;
  /** Plugins that are installed, by the names of their folders, the list blocker first. Default: all that there are. */
  readonly samples?: readonly string[];
}

export interface BrowserFilter {
  readonly host: Host;
  readonly proxy: RunningProxy;
  readonly authority: Authority;
  readonly visits: Visits;
  readonly filtering: Filtering;
  /** Sites on which no graft is called. */
  sitesOff(): string[];
  /** Switches the grafts for a site, by its host name. */
  switchSite(site: string, on: boolean): Promise<void>;
  /** Switches a plugin: installs it again as it was, or removes it. */
  switchPlugin(name: string, on: boolean): Promise<void>;
  close(): Promise<void>;
}

/** Plugins that come with the example, in the order in which the page shows them. The first is on from the start. */
export const SAMPLES = [
  ...['list-blocker', 'link-cleaner', 'cookie-notice-remover', 'word-highlighter', 'reader-view'],
  ...['content-highlight', 'content-cookie-notice'],
  ...['navigation-guard', 'download-log', 'half-rewriter', 'loops-on-page', 'cookie-reader', 'script-injector'],
  ...['response-splitter', 'process-killer', 'content-broken', 'content-loop'],
] as const;
const FIRST_START = 'the first start';
const BY_PAGE = 'the page';

/** Brings plugins back, installs those that were never there, and the list blocker anew where its lists changed. */
const installSamples = async (host: Host, { data, lists, samples = SAMPLES }: BrowserFilterOptions): Promise<void> => {
  await host.restore();
  const standing = new Set(host.plugins().map(({ name }) => name));
  const removed = new Set(host.removedPlugins().map(({ name }) => name));
  const engine = await engineOf(listFiles(lists), join(data, 'engines'));
  await Promise.all([
    installListBlocker(host, join(data, 'plugins', 'list-blocker'), engine),
    ...samples
      .slice(1)
      .filter((name) => !removed.has(name) && !standing.has(name))
      .map(async (name) => {
        await host.install(join(PLUGINS, name));
        await host.remove(name, { by: FIRST_START, dismiss: true });
      }),
  ]);
};

/** Installs the list blocker where it is not there yet, or with other lists; one that was removed stays so. */
const installListBlocker = async (host: Host, folder: string, engine: Uint8Array): Promise<void> => {
  const isThere = host.plugins().some(({ name }) => name === 'list-blocker');
  const isRemoved = host.removedPlugins().some(({ name }) => name === 'list-blocker');
  if ((isThere || isRemoved) && (await isListBlocker(folder, engine))) return;
  const by = host.removedPlugins().find(({ name }) => name === 'list-blocker')?.removedBecause?.by;
  await host.install(await makeListBlocker(folder, engine));
  if (isRemoved) await host.remove('list-blocker', { by: by ?? FIRST_START });
};

/** The sites that are off, kept in the host's database. */
class Sites {
  readonly #map: HostMap<boolean>;
  readonly #off: Set<string>;

  private constructor(map: HostMap<boolean>, off: readonly string[]) {
    this.#map = map;
    this.#off = new Set(off);
  }

  static async open(host: Host): Promise<Sites> {
    const map = host.map<boolean>('sitesOff', { stored: true });
    return new Sites(map, await host.transaction((txn) => map.in(txn).keys()));
  }

  get off(): string[] {
    return [...this.#off].toSorted();
  }

  isOn(site: string): boolean {
    return !this.#off.has(site);
  }

  async switch(site: string, on: boolean): Promise<void> {
    if (on) {
      await this.#map.delete(site);
      this.#off.delete(site);
    } else {
      await this.#map.set(site, true);
      this.#off.add(site);
    }
  }
}

export const startBrowserFilter = async (options: BrowserFilterOptions): Promise<BrowserFilter> => {
  const { data, proxyPort } = options;
  await mkdir(data, { recursive: true, mode: 0o700 });
  const visits = new Visits();
  const content = createContent({ ended: (outcome) => visits.ended(outcome) });
  const host = await createHost({
    store: `sqlite:${join(data, 'browser-filter.db')}`,
    registry: join(data, 'graftwork.db'),
    compartment: content.compartments,
    ...options.host,
  });
  try {
    const sites = await Sites.open(host);
    const filtering = new Filtering({
      host,
      visits,
      isOn: (site) => sites.isOn(site),
      contentFor: content.contentFor,
    });
    content.attach(host);
    await installSamples(host, options);
    const authority = await openAuthority(data);
    const proxy = await startProxy({
      port: proxyPort,
      authority,
      filters: filtering,
      own: (request, response) => void content.route(request, response),
      ...options.proxy,
    });
    return {
      host,
      proxy,
      authority,
      visits,
      filtering,
      sitesOff: () => sites.off,
      switchSite: (site, on) => sites.switch(siteOf(`https://${site}/`), on),
      switchPlugin: async (name, on) => {
        if (on) await host.enable(name);
        else await host.remove(name, { by: BY_PAGE, dismiss: true });
      },
      close: async () => {
        await proxy.close();
        await host.close();
      },
    };
  } catch (error) {
    await host.close();
    throw error;
  }
};
