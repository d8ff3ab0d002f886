// atob and btoa: base64 as HTML has it.

import type { World } from './world.ts';

declare const web: World;

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const VALUES = new Int8Array(128).fill(-1);
for (let i = 0; i < DIGITS.length; i++) VALUES[DIGITS.charCodeAt(i)] = i;

const invalid = (what: string): Error => new web.DOMException(what, 'InvalidCharacterError');

export function btoa(...args: unknown[]): string {
  if (args.length === 0) throw new TypeError('btoa: one argument is needed');
  const text = `${args[0]}`;
  let made = '';
  for (let i = 0; i < text.length; i += 3) {
    const [a, b, c] = [text.charCodeAt(i), text.charCodeAt(i + 1), text.charCodeAt(i + 2)];
    if (a > 255 || b > 255 || c > 255) throw invalid('btoa: the text has units above U+00FF');
    const bits = (a << 16) | (b << 8) | c;
    made += `${DIGITS[bits >> 18]}${DIGITS[(bits >> 12) & 63]}`;
    made += Number.isNaN(b) ? '=' : DIGITS[(bits >> 6) & 63];
    made += Number.isNaN(c) ? '=' : DIGITS[bits & 63];
  }
  return made;
}

const WHITE = /[\t\n\f\r ]+/g;
const CHUNK = 8192;

const textOf = (bytes: Uint8Array): string => {
  let text = '';
  for (let at = 0; at < bytes.length; at += CHUNK)
    text += String.fromCharCode.apply(null, bytes.subarray(at, at + CHUNK) as unknown as number[]);
  return text;
};

export function atob(...args: unknown[]): string {
  if (args.length === 0) throw new TypeError('atob: one argument is needed');
  let text = `${args[0]}`.replace(WHITE, '');
  if (text.length % 4 === 0) text = text.replace(/={1,2}$/, '');
  if (text.length % 4 === 1) throw invalid('atob: the text is no base64');
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  let [bits, held, at] = [0, 0, 0];
  for (let i = 0; i < text.length; i++) {
    const value = VALUES[text.charCodeAt(i)] ?? -1;
    if (value < 0) throw invalid('atob: the text is no base64');
    bits = (bits << 6) | value;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes[at++] = (bits >> held) & 255;
  }
  return textOf(bytes);
}
