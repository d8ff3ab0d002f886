// The page eviction policies. Each is a factory, for the kernel's own default; each file but OPT's also exports
// `evict`, the same policy as a graft, for a plugin to export. Begin reading at `eviction.ts`, which says how a policy
// is called.

export { makeAdaptive } from './adaptive.ts';
export { makeClock } from './clock.ts';
export { type Evict, type EvictionColumns, graft, type MakePolicy, policyOf, type Replacement } from './eviction.ts';
export { makeFifo } from './fifo.ts';
export { makeLirs } from './lirs.ts';
export { makeLru } from './lru.ts';
export { makeMru } from './mru.ts';
export { makeOpt } from './opt.ts';
export { makeS3Fifo } from './s3fifo.ts';
