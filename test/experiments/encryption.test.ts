import { describe, expect, it } from '@jest/globals';
import { type EncryptionOptions, encryption, type Way, writeThrough } from '../../experiments/encryption.ts';
import { CIPHERS } from '../../experiments/samples.ts';

const BASE: EncryptionOptions = {
  cipher: 'xor',
  way: 'graft',
  bytes: 24_576,
  write_bytes: 8192,
  drive: false,
  work_cycles: 10_000,
  seed: 5,
  kind: 'direct',
};
const through = (more: Partial<EncryptionOptions>) => writeThrough({ ...BASE, ...more });

describe.each(CIPHERS)('%s', (cipher) => {
  it('leaves hardly a byte as it was, and the same file however it is written', async () => {
    const [whole, pieces, drive] = [
      await through({ cipher }),
      await through({ cipher, write_bytes: 1024 }),
      await through({ cipher, drive: true }),
    ];
    expect(whole.same).toBeLessThan(BASE.bytes / 10);
    expect([pieces.file_hash, drive.file_hash]).toEqual([whole.file_hash, whole.file_hash]);
    expect([whole.graft_calls, pieces.graft_calls]).toEqual([3, 24]);
  });
});

it('every other way leaves the bytes as they are, and takes its time', async () => {
  const times: Partial<Record<Way, number>> = {};
  for (const way of ['copy', 'program', 'filter'] as const) {
    const { same, graft_calls, elapsed_us } = await through({ way });
    expect([same, graft_calls]).toEqual([BASE.bytes, 0]);
    times[way] = elapsed_us;
  }
  const { copy, program, filter } = times as Record<Way, number>;
  // Three writes of 10,000 cycles each at 120 MHz.
  expect(program - copy).toBeCloseTo(250, 6);
  expect(filter - program).toBeGreaterThan((2 * 1.5 * BASE.bytes) / 120);
});

it('is the same twice, and says that it gains no time', async () => {
  const run = () => encryption.run({ small: true, seed: 1, flags: { compartment: 'direct' }, progress: () => {} });
  const [one, two] = [await run(), await run()];
  expect(two.hash).toBe(one.hash);
  const { behind_program_us_a_buffer, saved_against_filter_us_a_buffer, xor_break_even_against_filter_bytes } =
    one.facts as Record<string, number>;
  // Begin and commit, from the slides.
  expect(behind_program_us_a_buffer).toBeCloseTo(70.5, 6);
  expect(saved_against_filter_us_a_buffer).toBeGreaterThan(0);
  expect(xor_break_even_against_filter_bytes).toBeGreaterThan(512);
});
