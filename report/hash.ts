// FNV-1a with 32 bits, as text: the hash of the computed values of an experiment or a benchmark, equal from run to run.

const OFFSET = 0x811c9dc5;
const PRIME = 0x01000193;

const asText = (hash: number): string => (hash >>> 0).toString(16).padStart(8, '0');

/** The hash of a text, over its UTF-16 code units. */
export const hashText = (text: string): string => {
  let hash = OFFSET;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), PRIME);
  return asText(hash);
};

/** The hash of bytes. */
export const hashBytes = (bytes: Uint8Array): string => {
  let hash = OFFSET;
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ (bytes[i] as number), PRIME);
  return asText(hash);
};
