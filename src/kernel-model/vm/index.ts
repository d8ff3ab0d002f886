export { AddressSpace, type MemoryObject, type Region, ZEROS } from './address-space.ts';
export { WirablePage } from './frames.ts';
export type { BackingStore } from './store.ts';
export { type EvictionMethods, type MemoryCounts, type MemoryOptions, VirtualMemory } from './virtual-memory.ts';
export { EvictionWatch } from './watch.ts';
