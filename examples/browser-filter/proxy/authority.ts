// The local authority: a key and a certificate, made once, that vouch for the hosts whose HTTPS the proxy opens. Only
// browsers that were told to trust it do. Every host gets a certificate of its own over one leaf key.

import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { createSecureContext, type SecureContext } from 'node:tls';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

type Key = webcrypto.CryptoKey;
type KeyPair = webcrypto.CryptoKeyPair;

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const SIGNING = { name: 'ECDSA', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;
const AUTHORITY_DAYS = 3650;
/** Browsers take no leaf that is valid for longer than 398 days. */
const LEAF_DAYS = 90;
const LEAVES_MAX = 1000;
const SERVER_AUTHENTICATION = '1.3.6.1.5.5.7.3.1';
const FILE = 'authority.pem';
const KEY_FILE = 'authority-key.pem';

cryptoProvider.set(webcrypto as never);

/** A number that begins with no sign bit. */
const serialNumber = (): string => `01${randomBytes(16).toString('hex')}`;

/** From an hour ago: clocks differ. */
const validFor = (days: number): { notBefore: Date; notAfter: Date } => ({
  notBefore: new Date(Date.now() - 3_600_000),
  notAfter: new Date(Date.now() + days * DAY_MS),
});

const newKeys = async (): Promise<KeyPair> =>
  (await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])) as KeyPair;

const pemOf = async (key: Key): Promise<string> =>
  PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');

/** Writes a whole file or none. */
const write = async (path: string, text: string, mode: number): Promise<void> => {
  const part = `${path}.${randomBytes(4).toString('hex')}`;
  await writeFile(part, text, { mode, flag: 'wx' });
  await rename(part, path);
};

/** The key is written first: a certificate without its key would be of no use. */
const makeAuthority = async (folder: string): Promise<void> => {
  const keys = await newKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    // Two authorities of one name are one for a browser, which then finds a key that does not fit.
    name: `CN=Graftwork browser filter ${randomBytes(6).toString('hex')}`,
    ...validFor(AUTHORITY_DAYS),
    keys,
    signingAlgorithm: SIGNING,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  await write(join(folder, KEY_FILE), await pemOf(keys.privateKey), 0o600);
  await write(join(folder, FILE), `${certificate.toString('pem')}\n`, 0o644);
};

export class Authority {
  /** The authority's certificate, to be trusted: PEM. */
  readonly pem: string;
  readonly #certificate: X509Certificate;
  readonly #key: Key;
  readonly #leafKeys: KeyPair;
  readonly #leafKeyPem: string;
  readonly #leaves = new Map<string, Promise<SecureContext>>();

  /** @internal Use openAuthority. */
  constructor(pem: string, key: Key, leafKeys: KeyPair, leafKeyPem: string) {
    this.pem = pem;
    this.#certificate = new X509Certificate(pem);
    this.#key = key;
    this.#leafKeys = leafKeys;
    this.#leafKeyPem = leafKeyPem;
  }

  /** What a TLS server shows as `host`, a name or an address: its certificate, and the authority's. */
  leaf(host: string): Promise<SecureContext> {
    const known = this.#leaves.get(host);
    if (known !== undefined) return known;
    const oldest = this.#leaves.size < LEAVES_MAX ? undefined : this.#leaves.keys().next().value;
    if (oldest !== undefined) this.#leaves.delete(oldest);
    const made = this.#make(host);
    this.#leaves.set(host, made);
    made.catch(() => this.#leaves.delete(host));
    return made;
  }

  async #make(host: string): Promise<SecureContext> {
    const isAddress = isIP(host) !== 0;
    const leaf = await X509CertificateGenerator.create({
      serialNumber: serialNumber(),
      // The name stands in the extension, as browsers want it; a subject is at most 64 characters long.
      subject: 'O=Graftwork browser filter',
      issuer: this.#certificate.subjectName,
      ...validFor(LEAF_DAYS),
      publicKey: this.#leafKeys.publicKey,
      signingKey: this.#key,
      signingAlgorithm: SIGNING,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([SERVER_AUTHENTICATION]),
        new SubjectAlternativeNameExtension([{ type: isAddress ? 'ip' : 'dns', value: host }]),
        await AuthorityKeyIdentifierExtension.create(this.#certificate.publicKey),
      ],
    });
    return createSecureContext({ cert: `${leaf.toString('pem')}\n${this.pem}`, key: this.#leafKeyPem });
  }
}

/** The authority of a data folder, made there at the first start: `authority.pem`, and its key for the owner alone. */
export const openAuthority = async (folder: string): Promise<Authority> => {
  const [file, keyFile] = [join(folder, FILE), join(folder, KEY_FILE)];
  if (!existsSync(file) || !existsSync(keyFile)) await makeAuthority(folder);
  const raw = PemConverter.decodeFirst(await readFile(keyFile, 'utf8'));
  const key = await webcrypto.subtle.importKey('pkcs8', raw, ALGORITHM, false, ['sign']);
  const leafKeys = await newKeys();
  return new Authority(await readFile(file, 'utf8'), key, leafKeys, await pemOf(leafKeys.privateKey));
};
