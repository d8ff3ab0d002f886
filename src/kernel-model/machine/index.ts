export { Cpu, type Program, type SystemCall, type Trap } from './cpu.ts';
export { Disk, DRIVE_1995, Drive, type DriveSpec, SectorStore } from './disk/index.ts';
export { clockOf, EventQueue } from './events.ts';
export { PhysicalMemory } from './memory.ts';
export {
  DIRTY,
  entryOf,
  FRESH,
  frameOf,
  Mmu,
  type PageFault,
  PageTable,
  PRESENT,
  REFERENCED,
  type ReferenceWatch,
  WRITABLE,
} from './mmu.ts';
export { GeneratorProgram, ReplayProgram, type Steps, type User } from './program.ts';
