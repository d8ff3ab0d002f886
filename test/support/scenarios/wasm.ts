export const wasm = (claims: unknown) => void claims;
