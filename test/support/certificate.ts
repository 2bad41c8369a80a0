// A certificate for localhost that nobody trusts unless told to, made anew for each test file:
// node:crypto has no way to make one.
import { createPrivateKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

/** DER: a tag, the length, the content. */
function der(tag: number, ...content: Buffer[]): Buffer {
  const body = Buffer.concat(content);
  return Buffer.concat([Buffer.of(tag), lengthOf(body), body]);
}

/** In as few bytes as it takes: browsers insist on it. */
function lengthOf({ length }: Buffer): Buffer {
  if (length < 0x80) return Buffer.of(length);
  return length < 0x100 ? Buffer.of(0x81, length) : Buffer.of(0x82, length >> 8, length & 0xff);
}

const seq = (...parts: Buffer[]) => der(0x30, ...parts);
const oid = (...bytes: number[]) => der(0x06, Buffer.from(bytes));
const time = (year: number) => der(0x18, Buffer.from(`${year}0101000000Z`));
const bits = (content: Buffer) => der(0x03, Buffer.of(0), content);

const ECDSA_WITH_SHA256 = seq(oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02));
const NAME = seq(der(0x31, seq(oid(0x55, 0x04, 0x03), der(0x0c, Buffer.from('localhost')))));

const { publicKey, privateKey } = generateKeyPairSync('ec', {
  namedCurve: 'P-256',
  publicKeyEncoding: { type: 'spki', format: 'der' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
const subjectAltName = seq(oid(0x55, 0x1d, 0x11), der(0x04, seq(der(0x82, Buffer.from('localhost')))));
const content = seq(
  der(0xa0, der(0x02, Buffer.of(2))),
  der(0x02, Buffer.concat([Buffer.of(0x01), randomBytes(8)])),
  ECDSA_WITH_SHA256,
  NAME,
  seq(time(2020), time(2100)),
  NAME,
  publicKey,
  der(0xa3, seq(subjectAltName)),
);
const certificate = seq(
  content,
  ECDSA_WITH_SHA256,
  bits(sign('sha256', content, createPrivateKey(privateKey))),
);

export const KEY: string = privateKey;
export const CERTIFICATE = `-----BEGIN CERTIFICATE-----\n${certificate.toString('base64')}\n-----END CERTIFICATE-----\n`;
