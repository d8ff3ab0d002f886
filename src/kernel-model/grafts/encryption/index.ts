export { transform as aesXts } from './aes-xts.ts';
export { transform as chacha20 } from './chacha20.ts';
export {
  type CipherTransform,
  FIRST_BLOCK,
  KEY_BYTES,
  NONCE,
  STREAM_COLUMNS,
  type StreamColumns,
  UNIT_BYTES,
} from './stream.ts';
export { transform as xor } from './xor.ts';
