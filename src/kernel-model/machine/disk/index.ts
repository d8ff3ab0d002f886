export { Disk, type DiskEvents, type DiskOptions, type DiskRequest } from './disk.ts';
export { Drive, type DriveRequest } from './drive.ts';
export { DRIVE_1995 } from './drive-1995.ts';
export type { DriveSpec, SeekCurve, Zone } from './drive-spec.ts';
export { Layout, type SectorPlace } from './layout.ts';
export { DriveFileError, type SourceText } from './parameter-file.ts';
export { type DriveFiles, parseDrive } from './parse-drive.ts';
export type { QueueOrder } from './request-queue.ts';
export { SectorStore } from './sector-store.ts';
