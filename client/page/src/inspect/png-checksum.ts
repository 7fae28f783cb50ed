// CRC-32 as PNG (third edition, annex D) has it.
import { be32 } from './bytes.ts';

/** More than this is left to the engine: a loop over bytes is slow without a just-in-time compiler. */
const MOST_HERE = 8_192;

/** The checksum of a part of a file. */
export async function checksumOf(part: Blob): Promise<Uint8Array<ArrayBuffer>> {
  if (part.size <= MOST_HERE) return checksum(new Uint8Array(await part.arrayBuffer()));
  const reader = part.stream().pipeThrough(new CompressionStream('gzip')).getReader();
  // A gzip ends with the same checksum, its lowest byte first, and a length (RFC 1952).
  let end = new Uint8Array(0);
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return end.slice(0, 4).reverse();
    const last = new Uint8Array(end.length + Math.min(8, value.length));
    last.set(end);
    last.set(value.subarray(-8), end.length);
    end = last.slice(-8);
  }
}

/** The checksum of these bytes. */
export function checksum(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  let sum = 0xffff_ffff;
  for (const byte of bytes) sum = (sum >>> 8) ^ (TABLE[(sum ^ byte) & 0xff] ?? 0);
  return be32(~sum >>> 0);
}

const TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let sum = index;
  for (let bit = 0; bit < 8; bit += 1) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb8_8320 : 0);
  return sum;
});
