// The configurations of codings, and the other boxes of a description that players need: understood, and made anew with
// nothing but what a player needs.
import { Region, ratio } from '../bytes.ts';
import type { Seen } from '../seen.ts';
import { av1 } from './av1.ts';
import { hevcUnit } from './coded.ts';
import { elementary } from './elementary.ts';
import { ambisonic, channels, enhanced, flac, lossless, opus } from './heard.ts';
import { Reader } from './reader.ts';

/** A box made anew, and how much of the old one it was made of: behind that nothing has to stand. */
export interface Anew {
  readonly bytes: readonly number[];
  readonly read: number;
}

/** No parameter set is longer, and no configuration has more of them. */
const MOST_OF_A_SET = 1_024;
const MOST_SETS = 16;
/** A full turn has so many degrees on either side, in 65536ths. */
const HALF_A_TURN = 180 << 16;
/** No side of a picture has more points. */
const MOST_POINTS = 1 << 20;
/** How fast and how bright: nothing that a player cannot do without. */
const HINTS: ReadonlySet<string> = new Set('btrt gama mdcv clli SmDm CoLL amve ndwt hfov srcq'.split(' '));
const NOTES: ReadonlySet<string> = new Set('free skip wide uuid udta meta'.split(' '));

/**
 * What is to be done about a box that is not a list of boxes and no colours. What throws, or is undefined, is not
 * understood or not as it has to be.
 */
export function judgedBox(name: string, bytes: Uint8Array, isKnown: (coding: string) => boolean, seen: Seen): Anew | 'hint' | 'note' | undefined {
  if (HINTS.has(name)) return 'hint';
  if (NOTES.has(name)) return 'note';
  if (name === 'hvcC') return hevc(bytes, seen);
  if (name === 'd263' && bytes.length >= 7) return { bytes: [0, 0, 0, 0, 0, ...bytes.subarray(5, 7)], read: 7 };
  const made = exact(name, bytes, isKnown, seen);
  return made === undefined ? undefined : { bytes: made, read: made.length };
}

function exact(name: string, bytes: Uint8Array, isKnown: (coding: string) => boolean, seen: Seen): number[] | undefined {
  const from = new Reader(bytes);
  switch (name) {
    case 'esds':
      return elementary(bytes);
    case 'dfLa':
      return flac(bytes, seen);
    case 'avcC':
      return avc(bytes);
    case 'av1C':
      return av1(bytes);
    case 'vpcC': {
      const all = from.take(12);
      return all[0] === 1 && all[10] === 0 && all[11] === 0 ? [1, 0, 0, 0, ...all.subarray(4)] : undefined;
    }
    case 'dvcC':
    case 'dvvC':
    case 'dvwC':
      return [...from.take(4), from.small() & 0xfc, ...zeros(19)];
    case 'pasp': {
      const region = new Region(bytes);
      const sides = ratio(region.u32(0), region.u32(4));
      return sides.every((side) => side <= 0xffff) ? sides.flatMap((side) => [0, 0, side >> 8, side & 0xff]) : undefined;
    }
    case 'clap':
      return aperture(from.take(32));
    case 'fiel': {
      const [fields, order] = [from.small(), from.small()];
      return (fields === 1 || fields === 2) && [0, 1, 6, 9, 14].includes(order) ? [fields, order] : undefined;
    }
    case 'enda':
      return [0, (from.take(2)[1] ?? 0) & 1];
    case 'frma':
      return isKnown(from.name()) ? [...from.bytes.subarray(0, 4)] : undefined;
    case 'mp4a':
    case 'svhd':
      return zeros(from.take(4).length);
    // The end of a list.
    case '\0\0\0\0':
      return [];
    case 'st3d': {
      const layout = from.take(5)[4] ?? 0;
      return layout <= 5 ? [0, 0, 0, 0, layout] : undefined;
    }
    case 'prhd':
    case 'equi':
    case 'cbmp':
      return round(name, bytes);
    case 'damr':
      return [...zeros(5), ...from.take(9).subarray(5)];
    default:
      return sound(name, bytes);
  }
}

function sound(name: string, bytes: Uint8Array): number[] | undefined {
  const from = new Reader(bytes);
  switch (name) {
    case 'srat':
      return [...zeros(4), ...from.take(8).subarray(4)];
    case 'dac3':
      return [...from.take(2), from.small() & 0xe0];
    case 'dec3':
      return enhanced(bytes);
    case 'pcmC': {
      const [flags = 255, width = 0] = from.take(6).subarray(4);
      return flags <= 1 && [8, 16, 24, 32, 64].includes(width) ? [0, 0, 0, 0, flags, width] : undefined;
    }
    // One of the layouts that have a number.
    case 'chnl': {
      const all = from.take(14);
      const numbered = all[0] === 0 && all[4] === 1 && all[5] !== 0;
      return numbered ? [0, 0, 0, 0, ...all.subarray(4)] : undefined;
    }
    case 'chan':
      return channels(bytes);
    case 'SA3D':
      return ambisonic(bytes);
    case 'dOps':
      return opus(bytes);
    case 'alac':
      return lossless(bytes);
    default:
      return undefined;
  }
}

function zeros(count: number): number[] {
  return Array.from({ length: count }, () => 0);
}

/** Sets of parameters of these types, each behind its length; whether they are. */
function sets(from: Reader, count: number, out: number[], isRight: (first: number) => boolean): boolean {
  for (let index = 0; index < count; index += 1) {
    const unit = from.unit();
    const [first] = unit;
    if (count > MOST_SETS || unit.length > MOST_OF_A_SET || first === undefined || !isRight(first)) return false;
    out.push(unit.length >> 8, unit.length & 0xff, ...unit);
  }
  return true;
}

/** H.264 (ISO 14496-15, 5.3.3). */
function avc(bytes: Uint8Array): number[] | undefined {
  const from = new Reader(bytes);
  const [, profile = 0, compatible = 0, level = 0, width = 0] = from.take(5);
  const of = (kind: number) => (first: number) => (first & 0x1f) === kind;
  const count = from.small() | 0xe0;
  const out = [1, profile, compatible, level, width | 0xfc, count];
  if (!sets(from, count & 31, out, of(7))) return undefined;
  const others = from.small();
  out.push(others);
  if (!sets(from, others, out, of(8))) return undefined;
  // Older encoders leave out what newer profiles have here.
  if (![66, 77, 88].includes(profile) && from.at + 3 <= bytes.length) {
    const [colours = 0, depth = 0, other = 0] = from.take(3);
    const more = from.small();
    out.push(colours | 0xfc, depth | 0xf8, other | 0xf8, more);
    if (!sets(from, more, out, of(13))) return undefined;
  }
  return out;
}

/** H.265 (ISO 14496-15, 8.3.3). Encoders put words into it, which are told and go. */
function hevc(bytes: Uint8Array, seen: Seen): Anew | undefined {
  const from = new Reader(bytes, 23);
  const head = new Reader(bytes).take(23);
  const masks = [0xf0, 0, 0xfc, 0xfc, 0xf8, 0xf8];
  const out = [1, ...head.subarray(1, 13), ...masks.map((mask, index) => (head[13 + index] ?? 0) | mask), 0, 0, head[21] ?? 0];
  const kept: number[] = [];
  const kinds = new Set<number>();
  for (let arrays = head[22] ?? 0; arrays > 0; arrays -= 1) {
    const first = from.small();
    const kind = first & 0x3f;
    const units = from.middle();
    if (kind === 39 || kind === 40) {
      for (let index = 0; index < units; index += 1) hevcUnit(from.unit(), seen);
      continue;
    }
    if (kind < 32 || kind > 34 || kinds.has(kind)) return undefined;
    kinds.add(kind);
    kept.push(first & 0xbf, units >> 8, units & 0xff);
    if (!sets(from, units, kept, (byte) => ((byte >> 1) & 0x3f) === kind)) return undefined;
  }
  return { bytes: [...out, kinds.size, ...kept], read: from.at };
}

/** Which part of a picture is shown: four fractions. */
function aperture(bytes: Uint8Array): number[] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < 32; at += 8) {
    const [above, below] = [Math.abs(view.getInt32(at)), view.getUint32(at + 4)];
    if (above > MOST_POINTS || below < 1 || below > 0xffff) return undefined;
  }
  return [...bytes];
}

/** How a round picture lies. */
function round(name: 'prhd' | 'equi' | 'cbmp', bytes: Uint8Array): number[] | undefined {
  const length = name === 'prhd' ? 16 : name === 'equi' ? 20 : 12;
  const numbers = new Reader(bytes).take(length).subarray(4);
  const view = new DataView(numbers.buffer, numbers.byteOffset, numbers.byteLength);
  const fits = (at: number): boolean => {
    if (name === 'prhd') return Math.abs(view.getInt32(at)) <= HALF_A_TURN;
    if (name === 'cbmp') return at === 0 ? view.getUint32(0) === 0 : view.getUint32(at) <= 4_096;
    // Fractions of the whole, like a half or a quarter of it.
    return [0, 0xff_ffff].includes(view.getUint32(at) % 0x100_0000);
  };
  for (let at = 0; at < numbers.length; at += 4) {
    if (!fits(at)) return undefined;
  }
  return [0, 0, 0, 0, ...numbers];
}
