/** HPKE (RFC 9180) in base mode, single shot: X-Wing, HKDF-SHA256 and ChaCha20-Poly1305. */
import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { ml_kem768_x25519 as xwing } from '@noble/post-quantum/hybrid.js';
import { ascii, type Bytes, join, u8 } from './bytes.ts';
import { hkdfExpand, hkdfExtract } from './digest.ts';
import { need } from './refused.ts';
import { ENC, isOfLargeOrder } from './xwing.ts';

/** `enc ‖ ct`. The randomness must be new. */
export function seal(
  publicKey: Uint8Array,
  info: Uint8Array,
  aad: Uint8Array,
  text: Uint8Array,
  randomness: Uint8Array,
): Bytes {
  need(isOfLargeOrder(publicKey), 'value');
  const { cipherText, sharedSecret } = xwing.encapsulate(publicKey, randomness);
  const { key, nonce } = schedule(sharedSecret, info);
  return join(cipherText, chacha20poly1305(key, nonce, aad).encrypt(text));
}

/** The text, or nothing where it was not sealed to this key. */
export function open(
  secretKey: Uint8Array,
  info: Uint8Array,
  aad: Uint8Array,
  sealed: Uint8Array,
): Bytes | undefined {
  const enc = sealed.subarray(0, ENC);
  if (!isOfLargeOrder(enc)) return undefined;
  try {
    const { key, nonce } = schedule(xwing.decapsulate(enc, secretKey), info);
    return chacha20poly1305(key, nonce, aad).decrypt(sealed.subarray(ENC)) as Bytes;
  } catch {
    return undefined;
  }
}

const SUITE = join(ascii('HPKE'), Uint8Array.of(0x64, 0x7a, 0, 1, 0, 3));
const VERSION = ascii('HPKE-v1');

/** The key schedule (RFC 9180 §5.1) in base mode. */
function schedule(shared: Uint8Array, info: Uint8Array): { key: Bytes; nonce: Bytes } {
  const nothing = new Uint8Array();
  const context = join(
    u8(0),
    labeledExtract(nothing, 'psk_id_hash', nothing),
    labeledExtract(nothing, 'info_hash', info),
  );
  const secret = labeledExtract(shared, 'secret', nothing);
  return { key: labeledExpand(secret, 'key', context, 32), nonce: labeledExpand(secret, 'base_nonce', context, 12) };
}

function labeledExtract(salt: Uint8Array, label: string, secret: Uint8Array): Bytes {
  return hkdfExtract(salt, join(VERSION, SUITE, ascii(label), secret));
}

function labeledExpand(key: Uint8Array, label: string, info: Uint8Array, length: number): Bytes {
  return hkdfExpand(key, join(Uint8Array.of(0, length), VERSION, SUITE, ascii(label), info), length);
}
