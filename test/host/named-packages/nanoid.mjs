import { customAlphabet, nanoid } from 'nanoid';

export const f = () => [
  /^[\w-]{21}$/.test(nanoid()),
  new Set([nanoid(), nanoid()]).size,
  /^[ab]{40}$/.test(customAlphabet('ab', 40)()),
];
