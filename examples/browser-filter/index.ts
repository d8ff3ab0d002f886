export { type BrowserFilter, type BrowserFilterOptions, startBrowserFilter } from './browser-filter.ts';
export { rewritten } from './html/rewriter.ts';
export { engineOf, listFiles } from './lists.ts';
export {
  type Asked,
  type Authority,
  type Filters,
  openAuthority,
  type RunningProxy,
  startProxy,
} from './proxy/index.ts';
