// The floor of the floor: a blocking process that sends every frame back, as it is.
import { readSync, writeSync } from 'node:fs';

const buffer = Buffer.allocUnsafe(1 << 20);
let held = 0;
for (;;) {
  const count = readSync(3, buffer, held, buffer.length - held, null);
  if (count === 0) process.exit(0);
  held += count;
  let from = 0;
  while (held - from >= 4 && held - from >= 4 + buffer.readUInt32LE(from)) {
    const size = 4 + buffer.readUInt32LE(from);
    for (let sent = 0; sent < size; ) sent += writeSync(3, buffer, from + sent, size - sent);
    from += size;
  }
  buffer.copyWithin(0, from, held);
  held -= from;
}
