export { Dispatcher, type KernelDuties } from './dispatcher.ts';
export { ProcessList, RUNNABLE, WAITING } from './process-list.ts';
export { Thread, type ThreadOptions } from './thread.ts';
