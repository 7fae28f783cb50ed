// What is packed in files: unpacked to a bound and no further.
import { Inflate } from 'fflate';
import { joined, u32be } from './bytes.ts';

/** Bytes that were unpacked. */
export interface Unpacked {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Whether that is all: it ended well, and within the bound. */
  readonly whole: boolean;
}

/** A byte may stand for a thousand, so few are unpacked at a time. */
const STEP = 4_096;

/** Unpacks deflate (RFC 1951) to at most so many bytes. What came out before a fault is given too. */
export function inflate(packed: Uint8Array, most: number): Unpacked {
  const parts: Uint8Array[] = [];
  let length = 0;
  const stream = new Inflate((part) => {
    parts.push(part);
    length += part.length;
  });
  let whole = true;
  try {
    for (let at = 0; length <= most; at += STEP) {
      const last = at + STEP >= packed.length;
      stream.push(packed.subarray(at, at + STEP), last);
      if (last) break;
    }
  } catch {
    whole = false;
  }
  return { bytes: joined(parts).subarray(0, most), whole: whole && length <= most };
}

/** Unpacks what is in zlib's frame (RFC 1950), whatever its end; nothing when it is none. */
export function unzlib(packed: Uint8Array, most: number): Unpacked {
  const [method = 0, flags = 0] = packed;
  const known = (method & 0x0f) === 8 && (method * 256 + flags) % 31 === 0 && (flags & 0x20) === 0;
  return known ? inflate(packed.subarray(2), most) : { bytes: new Uint8Array(0), whole: false };
}

/** The same, when it is whole and its checksum is right. */
export function unzlibWhole(packed: Uint8Array, most: number): Uint8Array<ArrayBuffer> | undefined {
  const { bytes, whole } = unzlib(packed, most);
  return whole && u32be(packed, packed.length - 4) === adler(bytes) ? bytes : undefined;
}

/** Adler-32 (RFC 1950, 9). */
function adler(bytes: Uint8Array): number {
  let [low, high] = [1, 0];
  for (let at = 0; at < bytes.length; at += 4_096) {
    // So many sums stay exact without a remainder.
    for (const byte of bytes.subarray(at, at + 4_096)) {
      low += byte;
      high += low;
    }
    low %= 65_521;
    high %= 65_521;
  }
  return high * 65_536 + low;
}
