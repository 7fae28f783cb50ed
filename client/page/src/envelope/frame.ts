/** Bodies whose length says little (FORMAT.md §17). */
import type { Bytes } from './bytes.ts';
import { need } from './refused.ts';

const UNIT = 16_384;
const MOST_CONTENT = 16_777_216;

/** The content of a framed body. */
export function unframe(body: Uint8Array): Bytes {
  need(body.length >= 4, 'frame');
  const length = new DataView(body.buffer, body.byteOffset, 4).getUint32(0);
  need(length <= MOST_CONTENT, 'frame');
  need(body.length === Math.ceil((4 + length) / UNIT) * UNIT, 'frame');
  need(body.subarray(4 + length).every((byte) => byte === 0), 'frame');
  return body.slice(4, 4 + length) as Bytes;
}
