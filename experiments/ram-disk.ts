// A disk without mechanics, for measurements in which its time plays no part: every request is done at the next
// delivery of events.

import { type BootOptions, SECTOR_BYTES, type SectorDevice } from 'graftwork/kernel-model';

/** Makes a disk of `sectors` sectors of zeros; memory is used for what is written. */
export const ramDisk =
  (sectors: number): NonNullable<BootOptions['disk']> =>
  (events): SectorDevice => {
    const written = new Map<number, Uint8Array>();
    return {
      sectors,
      submit({ lbn, sectors: count, write, data }, done) {
        for (let i = 0; i < count; i++) {
          const at = i * SECTOR_BYTES;
          if (write) written.set(lbn + i, data.slice(at, at + SECTOR_BYTES));
          else data.set(written.get(lbn + i) ?? new Uint8Array(SECTOR_BYTES), at);
        }
        events.at(events.now_us, done);
      },
    };
  };
