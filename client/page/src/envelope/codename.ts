/** What a source's words lead to (FORMAT.md §7). */
import { ascii, type Bytes } from './bytes.ts';
import { hkdfExpand, hkdfExtract, sha256 } from './digest.ts';
import { type KeyPair, keyPair } from './xwing.ts';

export const ENTROPY = 16;

/** The way back of one source at one newsroom. */
export interface WayBack {
  readonly replyKey: KeyPair;
  readonly mailbox: Bytes;
  readonly eraseSecret: Bytes;
}

/** What goes into a drop, so that the newsroom can answer. */
export interface ReplyBlock {
  readonly key: Bytes;
  readonly mailbox: Bytes;
  readonly eraseHash: Bytes;
}

export function wayBack(entropy: Uint8Array, fingerprint: Uint8Array): WayBack {
  const secret = hkdfExtract(fingerprint, entropy);
  const output = (label: string): Bytes => hkdfExpand(secret, ascii(`knothole/v1 ${label}`), 32);
  return { replyKey: keyPair(output('reply key')), mailbox: output('mailbox'), eraseSecret: output('erase') };
}

export function replyBlock(way: WayBack): ReplyBlock {
  return { key: way.replyKey.publicKey, mailbox: way.mailbox, eraseHash: sha256(way.eraseSecret) };
}

/** The place of the thirteenth word in its list: eleven bits, so that one slip in two thousand gets through. */
export function checkWord(entropy: Uint8Array): number {
  const [high = 0, low = 0] = sha256(ascii('knothole/v1 check'), entropy);
  return high * 8 + Math.floor(low / 32);
}
