// IP networks such as 10.0.0.0/8 and 2001:db8::/32, in the order of their first addresses, the wider one first; those
// of IPv4 come before those of IPv6. The key: the kind, the address in hexadecimal digits, the length of the prefix.

import { dataType } from 'graftwork-sdk';

interface Network {
  readonly bits: 32 | 128;
  readonly address: bigint;
  readonly prefix: number;
}

const fourOf = (text: string): bigint | null => {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256)) return null;
  return parts.reduce((sum, part) => sum * 256n + BigInt(part), 0n);
};

const groupsOf = (text: string): string[] | null => {
  const groups = text === '' ? [] : text.split(':');
  return groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group)) ? groups : null;
};

const sixOf = (text: string): bigint | null => {
  const halves = text.split('::');
  const [head, tail] = [groupsOf(halves[0] as string), groupsOf(halves[1] ?? '')];
  if (halves.length > 2 || head === null || tail === null) return null;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return null;
  const groups = [...head, ...Array.from({ length: missing }, () => '0'), ...tail];
  return groups.reduce((sum, group) => sum * 65_536n + BigInt(`0x${group}`), 0n);
};

const parse = (text: string): Network | null => {
  const [host = '', length, more] = text.split('/');
  const bits = host.includes(':') ? 128 : 32;
  const address = bits === 128 ? sixOf(host) : fourOf(host);
  if (address === null || more !== undefined || (length !== undefined && !/^(0|[1-9]\d{0,2})$/.test(length)))
    return null;
  const prefix = length === undefined ? bits : Number(length);
  if (prefix > bits) return null;
  const rest = BigInt(bits - prefix);
  return { bits, address: (address >> rest) << rest, prefix };
};

const format = ({ bits, address, prefix }: Network): string => {
  if (bits === 32) return `${[24n, 16n, 8n, 0n].map((shift) => (address >> shift) & 255n).join('.')}/${prefix}`;
  const groups = Array.from({ length: 8 }, (_, i) => ((address >> BigInt(112 - 16 * i)) & 65_535n).toString(16));
  return `${groups.join(':')}/${prefix}`;
};

const lastOf = ({ bits, address, prefix }: Network): bigint => address + (1n << BigInt(bits - prefix)) - 1n;

export const network = dataType<Network>({
  examples: [
    '10.0.0.0/8',
    '10.0.0.0/16',
    '9.255.0.0/16',
    '192.168.1.1',
    '0.0.0.0/0',
    '2001:db8::/32',
    '::1',
    'fe80::1/64',
  ],
  parse,
  format,
  compare: (a, b) =>
    a.bits - b.bits || (a.address < b.address ? -1 : a.address > b.address ? 1 : 0) || a.prefix - b.prefix,
  key: ({ bits, address, prefix }) =>
    `${bits === 32 ? 4 : 6}${address.toString(16).padStart(bits / 4, '0')}${String(prefix).padStart(3, '0')}`,
  operators: {
    contains: (a, b) => a.bits === b.bits && a.address <= b.address && lastOf(b) <= lastOf(a),
    size: (a) => String(lastOf(a) - a.address + 1n),
  },
});
