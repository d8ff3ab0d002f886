// The kernel model as its users see it: a kernel to boot, programs to run on it, and the disk and the costs under both.
// The page eviction policies have an index of their own (`grafts/eviction/index.ts`).

// What a kernel is made of, as its types name it.
export type { CompartmentMaker } from '../plugins/compartment/index.ts';
export type { GraftPoint, Plugin, PluginPackage, PluginTable } from '../plugins/index.ts';
export type { Account, Lock, Ticket, Timer, Transaction } from '../txn/index.ts';
export type { BufferCache } from './fs/buffer-cache.ts';
export type { FileSystem, Inode } from './fs/file-system.ts';
export { blockOf, type Extent, type OpenFile } from './fs/index.ts';
export type { Evict, EvictionColumns } from './grafts/eviction/index.ts';
export type { KernelAccessors } from './kernel/accessors.ts';
export type { DiskBlocks } from './kernel/disk-blocks.ts';
export type { Governor } from './kernel/governor.ts';
export type { GraftCalls } from './kernel/graft-calls.ts';
export {
  type AskObserver,
  type BootOptions,
  type InstallOptions,
  Kernel,
  Policies,
  type SectorDevice,
  type SpawnOptions,
  type Tick,
  WIRED_PAGES,
} from './kernel/index.ts';
export type { KernelPoints, Numeric } from './kernel/points.ts';
export type { PolicyWorld } from './kernel/policies.ts';
export type { Ports } from './kernel/ports.ts';
export {
  ANNOUNCED_MAX,
  BLOCK_BYTES,
  CPU_MHZ,
  CYCLES,
  FUEL_QUANTUM,
  LOCK_TIMEOUT_MS,
  PRIORITY_DEFAULT,
  PROCESS_LIST,
  SECTOR_BYTES,
  SECTORS_PER_BLOCK,
  SLICE_US,
  STREAM_BUFFER_BYTES,
} from './limits.ts';
export type { Cpu, Trap } from './machine/cpu.ts';
export type { DiskOptions, DiskRequest } from './machine/disk/disk.ts';
export type { DriveRequest } from './machine/disk/drive.ts';
export type { CacheSpec, Overheads, SeekCurve, Zone } from './machine/disk/drive-spec.ts';
export { type DriveFiles, parseDrive, type SourceText } from './machine/disk/index.ts';
export type { Layout } from './machine/disk/layout.ts';
export {
  Disk,
  DRIVE_1995,
  Drive,
  type DriveSpec,
  type EventQueue,
  GeneratorProgram,
  type Program,
  ReplayProgram,
  SectorStore,
  type Steps,
  type User,
} from './machine/index.ts';
export type { Mmu } from './machine/mmu.ts';
export type { Dispatcher } from './sched/dispatcher.ts';
export type { Thread } from './sched/index.ts';
export type { ProcessList } from './sched/process-list.ts';
export type { ThreadOptions, ThreadState } from './sched/thread.ts';
export type { Stream } from './stream/index.ts';
export type { Transform } from './stream/stream.ts';
export type { Trace } from './trace.ts';
export type { AddressSpace } from './vm/address-space.ts';
export type { WirablePage } from './vm/frames.ts';
export type { VirtualMemory } from './vm/virtual-memory.ts';
export type { KernelSteps } from './wait.ts';
