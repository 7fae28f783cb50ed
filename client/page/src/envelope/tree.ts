/** The tree hash, which names an envelope (FORMAT.md §8). */
import { ascii, type Bytes, u64 } from './bytes.ts';
import { sha256 } from './digest.ts';

/** Bytes of a segment. */
export const SEGMENT = 4_194_304;

/** The hash of one segment, made by the browser. */
export async function segmentHash(segment: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', segment));
}

export function treeHash(length: number, segments: readonly Uint8Array[]): Bytes {
  return sha256(ascii('knothole/v1 tree'), u64(length), ...segments);
}
