// The description of a stream of MPEG-4 (ISO 14496-1, 7.2.6): what it holds has to be known, with nothing beside it.
import { Bits, Reader } from './reader.ts';

/** No configuration of MPEG-4's own pictures is longer. */
const MOST_OF_A_PICTURE = 256;

/** The body of an `esds`, with nothing but what a player needs. */
export function elementary(bytes: Uint8Array): number[] | undefined {
  const from = new Reader(bytes, 4);
  const out = [...bytes];
  const put = (at: number, all: readonly number[]): void => {
    for (const [index, byte] of all.entries()) out[at + index] = byte;
  };
  put(0, [0, 0, 0, 0]);
  const end = descriptor(from, 3);
  if (end === undefined) return undefined;
  // Its number; and another stream that this one needs, its place in the net, a clock.
  put(from.at, [0, 0, 0]);
  if (((from.take(3)[2] ?? 0) & 0xe0) !== 0) return undefined;
  const inner = descriptor(from, 4);
  if (inner === undefined) return undefined;
  const object = from.small();
  const isPicture = object === 0x20 || (object >= 0x60 && object <= 0x65) || object === 0x6a;
  // How fast it is.
  put(from.at, [isPicture ? 0x11 : 0x15, ...new Uint8Array(11)]);
  from.take(12);
  if (from.at === inner) {
    // MPEG-1 and MPEG-2 picture, MP3, AC-3, DTS, Opus.
    const known = (object >= 0x60 && object <= 0x6b) || [0x20, 0x40, 0xa5, 0xa6, 0xa9, 0xad].includes(object);
    if (!known) return undefined;
  } else {
    const last = descriptor(from, 5);
    if (last === undefined) return undefined;
    const at = from.at;
    const own = from.take(last - at);
    if (object === 0x20) {
      const made = pictureOf(own);
      if (made === undefined) return undefined;
      put(at, [...made]);
    } else if ((object !== 0x40 && (object < 0x66 || object > 0x68)) || !isSound(own)) return undefined;
  }
  if (from.at !== inner) return undefined;
  if (from.at !== end) {
    const last = descriptor(from, 6);
    if (last !== from.at + 1 || last !== end) return undefined;
    put(from.at, [2]);
  }
  return end <= bytes.length ? out.slice(0, end) : undefined;
}

/** Where the descriptor of this kind ends that begins here. */
function descriptor(from: Reader, kind: number): number | undefined {
  if (from.small() !== kind) return undefined;
  const length = from.descriptor();
  return length + from.at;
}

/** The configuration of MPEG-4's own pictures (ISO 14496-2, 6.2), without what its encoder wrote. */
function pictureOf(bytes: Uint8Array): Uint8Array | undefined {
  const begins: number[] = [];
  for (let at = 0; at + 3 <= bytes.length && at <= MOST_OF_A_PICTURE; at += 1) {
    if (bytes[at] === 0 && bytes[at + 1] === 0 && bytes[at + 2] === 1) begins.push(at);
  }
  if (begins[0] !== 0 || bytes.length > MOST_OF_A_PICTURE) return undefined;
  const out = bytes.slice();
  for (const [index, begin] of begins.entries()) {
    const kind = bytes[begin + 3];
    if (kind === 0xb2) out.fill(0, begin, begins[index + 1] ?? bytes.length);
    else if (kind === undefined || (kind > 0x2f && kind !== 0xb0 && kind !== 0xb5)) return undefined;
  }
  return out;
}

/** Whether a configuration of AAC (ISO 14496-3, 1.6.2) has nothing behind it. */
function isSound(bytes: Uint8Array): boolean {
  const from = new Bits(bytes);
  let kind = from.take(5);
  if (!hasRate(from)) return false;
  const channels = from.take(4);
  if (kind === 5 || kind === 29) {
    if (!hasRate(from)) return false;
    kind = from.take(5);
  }
  from.take(1);
  // Of the kinds that everybody plays; channels by a number; and no other stream that it needs.
  if (kind < 1 || kind > 4 || channels === 0 || from.take(2) !== 0) return false;
  // What older players pass over.
  if (from.rest >= 11 && from.copy().take(11) === 0x2b7) {
    from.take(11);
    if (from.take(5) !== 5) return false;
    if (from.isSet()) {
      if (!hasRate(from)) return false;
      if (from.rest >= 11 && from.copy().take(11) === 0x548) from.take(12);
    }
  }
  return from.isEmpty();
}

function hasRate(from: Bits): boolean {
  const rate = from.take(4);
  if (rate === 15) from.take(24);
  return rate !== 13 && rate !== 14;
}
