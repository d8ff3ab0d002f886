// TextEncoder and TextDecoder. The tables of the Chinese, Japanese and Korean encodings are a part of their own.

import { TextDecoder as LightDecoder, normalizeEncoding } from '@exodus/bytes/encoding-lite.js';
import type { World } from './world.ts';

export { TextEncoder } from '@exodus/bytes/encoding-lite.js';

declare const web: World;

const MULTI_BYTE = ['big5', 'euc-kr', 'euc-jp', 'iso-2022-jp', 'shift_jis', 'gbk', 'gb18030'];

type Decoder = InstanceType<typeof LightDecoder>;
type Options = ConstructorParameters<typeof LightDecoder>[1];

export class TextDecoder {
  readonly #decoder: Decoder;

  constructor(label: unknown = 'utf-8', options: Options = {}) {
    const name = `${label}`;
    const isWide = MULTI_BYTE.includes(normalizeEncoding(name) ?? '');
    const Class = isWide ? (web.multiByte().TextDecoder as unknown as typeof LightDecoder) : LightDecoder;
    this.#decoder = new Class(name, options);
  }

  get encoding(): string {
    return this.#decoder.encoding;
  }

  get fatal(): boolean {
    return this.#decoder.fatal;
  }

  get ignoreBOM(): boolean {
    return this.#decoder.ignoreBOM;
  }

  get [Symbol.toStringTag](): string {
    return 'TextDecoder';
  }

  decode(input?: ArrayBuffer, options?: { readonly stream?: boolean }): string {
    return this.#decoder.decode(input, options);
  }
}
