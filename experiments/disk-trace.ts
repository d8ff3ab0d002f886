// Reads a trace of DiskSim's validation set: what a host asked of a real drive, one request after the other, and how
// long each took. A line is
//
//   R|W  TAG  LBN  SECTORS  SERVICE_TIME  THINK_TIME                 both times in microseconds
//
// The service time was measured on the drive; the think time passes between a completion and the next request. Tags are
// observations and are not kept. A file may be compressed with gzip (told by content). A file that is too large or
// malformed is an error that names the file and the line.

import { readFileSync, statSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/** A request, and its times on the real drive. */
export interface MeasuredRequest {
  readonly write: boolean;
  readonly lbn: number;
  readonly sectors: number;
  /** From the request to its completion, on the real drive. */
  readonly service_us: number;
  /** From the completion to the next request. */
  readonly think_us: number;
}

const BYTES_MAX = 64 * 2 ** 20;
const REQUESTS_MAX = 1_000_000;
const LINE = /^([RW])\s+\w+\s+(\d{1,12})\s+(\d{1,6})\s+(\d+(?:\.\d+)?)\s+(\d+(?:\.\d+)?)$/;

/** The text of a file, unpacked if it is compressed. Throws an error for one of more than 64 MB. */
export const textOf = (path: string): string => {
  if (statSync(path).size > BYTES_MAX) throw new Error(`${path}: larger than ${BYTES_MAX} bytes`);
  const bytes = readFileSync(path);
  const plain = bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes, { maxOutputLength: BYTES_MAX }) : bytes;
  return plain.toString('latin1');
};

/** Reads a trace's text; `file` names it in errors. Blank lines do not count; a trace has at least one request. */
export const parseDiskTrace = (text: string, file: string): MeasuredRequest[] => {
  const requests: MeasuredRequest[] = [];
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (line === '') continue;
    const match = LINE.exec(line);
    if (match === null) throw new Error(`${file}:${index + 1}: no request: ${JSON.stringify(line.slice(0, 40))}`);
    if (requests.length === REQUESTS_MAX) throw new Error(`${file}:${index + 1}: more than ${REQUESTS_MAX} requests`);
    const [, way, lbn, sectors, service_us, think_us] = match;
    requests.push({
      write: way === 'W',
      lbn: Number(lbn),
      sectors: Number(sectors),
      service_us: Number(service_us),
      think_us: Number(think_us),
    });
  }
  if (requests.length === 0) throw new Error(`${file}: no requests`);
  return requests;
};
