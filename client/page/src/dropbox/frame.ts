/** A frame's length is a multiple of this (FORMAT.md §17). */
const UNIT = 16_384;
const MOST_CONTENT = 16_777_216;

/** The content of a frame; nothing if its length or its padding is wrong. */
export function unframe(frame: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> | undefined {
  if (frame.length < 4) return undefined;
  const length = new DataView(frame.buffer, frame.byteOffset).getUint32(0);
  if (length > MOST_CONTENT || frame.length !== Math.ceil((4 + length) / UNIT) * UNIT) return undefined;
  const end = 4 + length;
  if (!frame.subarray(end).every((byte) => byte === 0)) return undefined;
  return frame.slice(4, end);
}
