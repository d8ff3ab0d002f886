// The world of a part: what the code of one part of the web's API finds, beside the language, of the other parts and of
// its realm. Each part is a text of its own (web-parts.ts), evaluated when a plugin first touches one of its globals
// (web.ts), and reads it as the free variable `web`.
//
// A part has no authority of its own: what it may ask of the host, a plugin may ask through it. So it need not be safe
// from a plugin that changes the prototypes which it uses; that plugin alone gets wrong answers.

/** A global is evaluated, with its part, when it is read. */
export interface World {
  readonly Blob: typeof Blob;
  readonly DOMException: typeof DOMException;
  readonly TextDecoder: typeof TextDecoder;
  readonly TextEncoder: typeof TextEncoder;
  readonly URL: typeof URL;
  /** UTS 46, whose tables are large. */
  idna(): { toASCII(domain: string, options: object): string | null };
  /** The whole of the encodings, whose tables are large. */
  multiByte(): { readonly TextDecoder: typeof TextDecoder };
  /** `count` bytes of the host's randomness, at most 65,536, as hexadecimal digits. */
  random(count: number): string;
  /** Notes a line in the host's log; `level` by its number (console-lines.ts). */
  tell(level: number, text: string): void;
  /** The time in ms. */
  now(): number;
  isProxy(value: object): boolean;
  /** Whether a value is an object of a class of these parts. */
  isOfWeb(value: object): boolean;
}
