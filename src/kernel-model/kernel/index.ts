export type { Tick } from '../../plugins/compartment/index.ts';
export type { SectorDevice } from './disk-blocks.ts';
export type { AskObserver, GraftCounts, GraftNews } from './graft-calls.ts';
export { type BootOptions, type InstallOptions, Kernel, type SpawnOptions } from './kernel.ts';
export { Policies } from './policies.ts';
export { KERNEL_RESOURCES, OPEN_FILES, THREADS, WIRED_PAGES } from './resources.ts';
export { type CallError, SYSTEM_CALLS } from './system-calls.ts';
