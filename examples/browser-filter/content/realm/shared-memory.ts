// A browser hides the constructor SharedArrayBuffer where a page is not isolated, but has it: WebAssembly shows it to
// anybody. What a realm's lockdown shall freeze has to be named before the lockdown is loaded.

/** Of a browser. */
declare const WebAssembly: {
  readonly Memory: new (descriptor: {
    initial: number;
    maximum: number;
    shared: boolean;
  }) => { readonly buffer: object };
};

globalThis.SharedArrayBuffer ??= new WebAssembly.Memory({ shared: true, initial: 0, maximum: 0 }).buffer
  .constructor as SharedArrayBufferConstructor;
