export { type AddressOptions, isPrivate } from './address.ts';
export { type Authority, openAuthority } from './authority.ts';
export type { Allowed, Asked, DocumentFilter, Filters, Head, RequestType, Rewritten, Verdict } from './filters.ts';
export { changed, type HeaderChanges, headerOf, isHeader, pairsOf, type RawHeaders, valuesOf } from './headers.ts';
export { NEUTRAL } from './neutral.ts';
export { OWN_PATH, PROXY_LIMITS, type ProxyLimits, type ProxyOptions, type RunningProxy, startProxy } from './proxy.ts';
