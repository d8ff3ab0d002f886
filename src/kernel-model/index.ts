// The kernel model as its users see it: a kernel to boot, programs to run on it, and the disk and the costs under both.
// The page eviction policies have an index of their own (`grafts/eviction/index.ts`).

export { blockOf, type Extent, type OpenFile } from './fs/index.ts';
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
export { type DriveFiles, parseDrive, type SourceText } from './machine/disk/index.ts';
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
export type { Thread } from './sched/index.ts';
export type { Stream } from './stream/index.ts';
