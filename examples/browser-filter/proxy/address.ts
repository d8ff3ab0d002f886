// Which addresses a proxy connects to. A name is resolved once, what it resolves to is checked, and that very address
// is connected to: a name that means another address a moment later (DNS rebinding) leads nowhere else.

import { type LookupAddress, lookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/** IANA's registries of special-purpose addresses, and multicast. */
const SPECIAL_4 =
  '0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 ' +
  '192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4';
/** Within 2000::/3, which alone is given out; 2002:: and 64:ff9b:: lead to IPv4 addresses. */
const SPECIAL_6 = '2001::/23 2001:db8::/32 2002::/16 3fff::/20';

const listOf = (ranges: string, family: 'ipv4' | 'ipv6'): BlockList => {
  const list = new BlockList();
  for (const range of ranges.split(' ')) {
    const [address, prefix] = range.split('/') as [string, string];
    list.addSubnet(address, Number(prefix), family);
  }
  return list;
};
const special4 = listOf(SPECIAL_4, 'ipv4');
const special6 = listOf(SPECIAL_6, 'ipv6');
const given6 = listOf('2000::/3', 'ipv6');

/** Whether an address is not of the open internet: loopback, private, link-local, multicast, reserved. */
export const isPrivate = (address: string): boolean =>
  isIP(address) === 4
    ? special4.check(address, 'ipv4')
    : !given6.check(address, 'ipv6') || special6.check(address, 'ipv6');

/** An address that the proxy does not connect to. */
export class PrivateAddress extends Error {
  readonly code = 'PRIVATE_ADDRESS';
  constructor(host: string) {
    super(`${host} is on this machine or a private network`);
  }
}

export interface AddressOptions {
  readonly allowPrivate: boolean;
  /** Resolves names. Default: the system's. */
  readonly resolve?: LookupFunction | undefined;
}

/** The look-up of a connection: gives allowed addresses only, and fails with PrivateAddress where there are none. */
export const checkedLookup =
  ({ allowPrivate, resolve = lookup as LookupFunction }: AddressOptions): LookupFunction =>
  (host, options, told) => {
    resolve(host, { ...options, all: true }, (error, found) => {
      const addresses = (Array.isArray(found) ? found : []) as LookupAddress[];
      const allowed = addresses.filter(({ address }) => allowPrivate || !isPrivate(address));
      const [first] = allowed;
      if (error !== null || first === undefined) told(error ?? new PrivateAddress(host), []);
      else if (options.all === true) told(null, allowed);
      else told(null, first.address, first.family);
    });
  };

/** Throws PrivateAddress for a host that is an address and not allowed: no look-up sees it. */
export const checkHost = (hostname: string, { allowPrivate }: AddressOptions): void => {
  const host = hostname.replace(/^\[|\]$/g, '');
  if (!allowPrivate && isIP(host) !== 0 && isPrivate(host)) throw new PrivateAddress(host);
};
