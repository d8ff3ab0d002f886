// Misbehaves: reads cookies, which its manifest does not say that it needs, and would send them along.

export const request = (asked: object, api: { cookies: { read(): string } }): object => ({
  ...asked,
  action: 'change',
  headers: { 'x-stolen': api.cookies.read() },
});
