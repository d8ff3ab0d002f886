// Every bound and every cost of the kernel model, with its unit and its source. "Chosen" marks a number without a
// measurement: a plausible size for a machine of 1996. Emulated time follows from these numbers alone; the cost of the
// mechanisms in real time is measured elsewhere.
//
// Sources: [slides] M. Seltzer, Y. Endo, C. Small, K. Smith, Dealing with Disaster: Surviving Misbehaving Kernel
// Extensions, OSDI '96, talk slides. [P5] Intel, Pentium Processor Family Developer's Manual, 1995.

/** VINO was measured on a 120 MHz Pentium [slides]. */
export const CPU_MHZ = 120;
/** [P5] the page size of the architecture. */
export const PAGE_BYTES = 4096;
/** [P5] the data TLB has 64 entries; ours is direct-mapped, theirs four-way. */
export const TLB_ENTRIES = 64;

const us = (microseconds: number): number => microseconds * CPU_MHZ;

/** The prices of the processor, in cycles. */
export const CYCLES = {
  /** A load or store that hits the TLB and the first-level cache [P5]. */
  load: 1,
  /** A walk of two levels of page tables, both in the second-level cache. Chosen. */
  tlb_miss: 30,
  /** Into the kernel and back, for a system call or a fault. Chosen. */
  trap: 200,
  /** Saving one thread and loading another. Chosen. */
  context_switch: 1200,
  /** An interrupt of a device or of the timer. Chosen. */
  interrupt: 400,
  /** Copying one byte of a buffer. Chosen: 80 MB/s, about what memory of the time gave. */
  copy_byte: 1.5,
  /** Finding a victim and unmapping it. Chosen. */
  evict: 600,
  /** The table's rows [slides]: the means of the four grafts. */
  transaction_begin: us(39.5),
  transaction_commit: us(31),
  transaction_abort: us(31.25),
  lock: us(33.3),
  indirection: us(1),
  /** One loop turn or function entry of a metered graft: a dozen instructions and their isolation. Chosen. */
  fuel: 12,
  /** The charge for a call of a graft that cannot be metered: the mean of "graft" and "fault isolation" [slides]. */
  unmetered_call: us(146),
} as const;

/** How long a thread runs before another of its priority does. Chosen: 4.4BSD's round robin. */
export const SLICE_US = 100_000;
/** Priorities, 0 the most urgent. Chosen: 4.4BSD's 32 run queues. */
export const PRIORITIES = 32;
export const PRIORITY_DEFAULT = 16;

/**
 * Time-outs of lock classes, in emulated milliseconds; they run only while a thread waits. Chosen: VINO's clock ticked
 * every 10 ms.
 */
export const LOCK_TIMEOUT_MS = { processList: 50, pageQueue: 50, announced: 50, user: 100 } as const;

/** Fuel between two ticks of a metered graft, at which it may be preempted. */
export const FUEL_QUANTUM = 2000;

/** Bounds on one thread, or one graft. Chosen. */
export const THREADS_MAX = 1024;
export const PROCESS_LIST = 64;
export const ADDRESS_SPACE_PAGES = 2 ** 20;
export const EXTENTS_PER_ANSWER = 16;
export const PREFETCH_QUEUE_MAX = 32;
export const ANNOUNCED_MAX = 4096;
export const STREAM_BUFFER_BYTES = 8192;
/**
 * The longest sleep, a day. However many sleeps follow each other, one cycle still changes the time, which is a double.
 */
export const SLEEP_US_MAX = 86_400_000_000;
/** Events of an eviction policy that the machine keeps before the policy is made to read them. */
export const REFERENCE_EVENTS = 4096;

/** File system: a block is as large as a page, so that the buffer cache and memory objects share the size of frames. */
export const BLOCK_BYTES = PAGE_BYTES;
export const SECTOR_BYTES = 512;
export const SECTORS_PER_BLOCK = BLOCK_BYTES / SECTOR_BYTES;
export const EXTENTS_PER_INODE = 12;
export const NAME_BYTES_MAX = 54;
