// Where the configurations of codings end.
import { Gone } from '../bytes.ts';
import type { Seen } from '../seen.ts';
import type { Atom } from './atom.ts';
import { hevcUnit } from './coded.ts';
import { Reader } from './reader.ts';

/** How long boxes are that always are. */
const FIXED: ReadonlyMap<string, number> = new Map([
  ['vpcC', 12],
  ['dvcC', 24],
  ['dvvC', 24],
  ['dvwC', 24],
  ['mdcv', 24],
  ['pasp', 8],
  ['CoLL', 8],
  ['srat', 8],
  ['amve', 8],
  ['ndwt', 8],
  ['clap', 32],
  ['btrt', 12],
  ['fiel', 2],
  ['enda', 2],
  ['gama', 4],
  ['clli', 4],
  ['frma', 4],
  ['hfov', 4],
  ['SmDm', 28],
  ['st3d', 5],
  ['prhd', 16],
  ['equi', 20],
  ['cbmp', 12],
  ['dac3', 3],
  ['dec3', 40],
  ['pcmC', 6],
  ['mp4a', 4],
  // The end of a list.
  ['\0\0\0\0', 0],
]);

/** How long a box is that has nothing but numbers, if it is one. */
export function lengthOf(atom: Atom, seen: Seen): number | undefined {
  const fixed = FIXED.get(atom.name);
  if (fixed !== undefined) return fixed;
  switch (atom.name) {
    case 'avcC':
    case 'avcE':
      return avc(atom.note());
    case 'hvcC':
    case 'hvcE':
      return hevc(atom.note(), 22, seen);
    case 'lhvC':
      return hevc(atom.note(), 5, seen);
    case 'chan':
      return atom.u32(12) * 20 + 16;
    case 'SA3D':
      return atom.u32(8) * 4 + 12;
    case 'dOps':
      return atom.u8(10) === 0 ? 11 : atom.u8(1) + 13;
    // With or without the places of the channels.
    case 'alac':
      return atom.length < 52 ? 28 : 52;
    default:
      return undefined;
  }
}

/** What an `esds` may hold: MPEG-4, MPEG-2 and MPEG-1 picture and sound, AC-3, DTS, Opus. */
const OBJECTS: ReadonlySet<number> = new Set([
  0x20, 0x21, 0x23, 0x40, 0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0xa5, 0xa6, 0xa9, 0xad,
]);

/** Where a description of MPEG-4 ends, when what it holds is known. */
export function elementary(bytes: Uint8Array): number | undefined {
  try {
    const from = new Reader(bytes, 4);
    if (from.small() !== 3) return undefined;
    const length = from.descriptor();
    const end = from.at + length;
    from.take(2);
    const flags = from.small();
    // Another stream that this one needs, its place in the net, a clock.
    if ((flags & 0x40) !== 0) return undefined;
    if ((flags & 0x80) !== 0) from.take(2);
    if ((flags & 0x20) !== 0) from.take(2);
    if (from.small() !== 4) return undefined;
    from.descriptor();
    return OBJECTS.has(from.small()) ? end : undefined;
  } catch (error) {
    if (error instanceof Gone) return undefined;
    throw error;
  }
}

/** Where a configuration of H.264 ends (ISO 14496-15, 5.3.3). */
function avc(bytes: Uint8Array): number {
  const from = new Reader(bytes, 5);
  const units = (count: number): void => {
    for (let index = 0; index < count; index += 1) from.unit();
  };
  units(from.small() & 31);
  units(from.small());
  // Older encoders leave out what newer profiles have here.
  if (![66, 77, 88].includes(bytes[1] ?? 0) && from.at + 3 <= bytes.length) {
    from.take(3);
    units(from.small());
  }
  return from.at;
}

/** Where a configuration of H.265 ends (ISO 14496-15, 8.3.3). Encoders put words into it. */
function hevc(bytes: Uint8Array, countAt: number, seen: Seen): number {
  const from = new Reader(bytes, countAt);
  for (let arrays = from.small(); arrays > 0; arrays -= 1) {
    from.small();
    for (let units = from.middle(); units > 0; units -= 1) hevcUnit(from.unit(), seen);
  }
  return from.at;
}
