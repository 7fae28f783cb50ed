/** The header of an envelope, and the keys that follow from it (FORMAT.md §3). */
import { ascii, type Bytes, join, u32, u64, u8 } from './bytes.ts';
import { hkdfExpand, hkdfExtract, sha256 } from './digest.ts';
import { ENC } from './xwing.ts';
import { HEADER } from './pad.ts';

export const SLOTS = 8;
export const SLOT = ENC + 35 + 16;
export const SLOTS_AT = 88;
export const ZEROS_AT = SLOTS_AT + SLOTS * SLOT;
export const MAGIC = ascii('KNOTHOLE');
export const VERSION = 1;
export const DROP = 1;
export const REPLY = 2;

/** 1 is ChaCha20-Poly1305, which programs use; 2 is AES-256-GCM, which browsers have. */
export type Suite = 1 | 2;

/** H0: the 56 bytes before the commitment. */
export function head(kind: number, epoch: number, chunks: number, salt: Uint8Array): Bytes {
  return join(MAGIC, u8(VERSION), u8(kind), u8(0), u8(0), u32(epoch), u64(chunks), salt);
}

/** What follows from M and the salt. */
export class Schedule {
  readonly #secret: Bytes;

  constructor(salt: Uint8Array, m: Uint8Array) {
    this.#secret = hkdfExtract(salt, m);
  }

  commitment(suite: Suite, quorum: number, h0: Uint8Array): Bytes {
    return this.#expand('commit', u8(suite), u8(quorum), sha256(h0));
  }

  /** K: no byte of the header can be changed without losing every chunk. */
  payloadKey(suite: Suite, header: Uint8Array): Bytes {
    return this.#expand('payload', u8(suite), sha256(header));
  }

  erase(): void {
    this.#secret.fill(0);
  }

  #expand(label: string, ...info: readonly Uint8Array[]): Bytes {
    return hkdfExpand(this.#secret, join(ascii(`knothole/v1 ${label}`), ...info), 32);
  }
}

export function slotInfo(h0: Uint8Array, commitment: Uint8Array): Bytes {
  return join(ascii('knothole/v1 slot'), sha256(h0, commitment));
}

/** All fields one after the other, and zeros up to the first chunk. */
export function header(h0: Uint8Array, commitment: Uint8Array, slots: readonly Uint8Array[]): Bytes {
  const bytes = new Uint8Array(HEADER);
  bytes.set(join(h0, commitment, ...slots));
  return bytes;
}

export function nonce(index: number, chunks: number): Bytes {
  return join(new Uint8Array(3), u64(index), u8(index === chunks - 1 ? 1 : 0));
}
