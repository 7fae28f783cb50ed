/** The scale of lengths (FORMAT.md §4). Numbers of chunks stay far below 2^53; nothing here uses a bit operator. */
import { need } from './refused.ts';

export const HEADER = 12_288;
export const CHUNK = 65_536;
/** Bytes of plaintext in a chunk. */
export const PIECE = 65_520;
export const LEAST_CHUNKS = 16;
export const MOST_CHUNKS = 16_777_216;

/** How many chunks a drop of so many bytes of plaintext has. */
export function chunksFor(content: number): number {
  need(content <= MOST_CHUNKS * PIECE, 'too many');
  return Math.max(LEAST_CHUNKS, padme(Math.ceil(content / PIECE)));
}

export function isOnScale(chunks: number): boolean {
  return chunks >= LEAST_CHUNKS && chunks <= MOST_CHUNKS && padme(chunks) === chunks;
}

/** Bytes of an envelope of so many chunks. */
export function lengthOf(chunks: number): number {
  return HEADER + CHUNK * chunks;
}

function padme(count: number): number {
  if (count < 2) return count;
  const exponent = floorLog2(count);
  const step = 2 ** (exponent - floorLog2(exponent) - 1);
  return Math.ceil(count / step) * step;
}

/** By comparing: logarithms in floating point err beside powers of two. */
function floorLog2(value: number): number {
  let exponent = 0;
  while (2 ** (exponent + 1) <= value) exponent += 1;
  return exponent;
}
