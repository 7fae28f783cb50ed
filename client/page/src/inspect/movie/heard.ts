// The configurations of sound, made anew with nothing but what a player needs.
import { Region, latin } from '../bytes.ts';
import type { Seen } from '../seen.ts';
import { Reader } from './reader.ts';

/** More channels than any recording has. */
const MOST_CHANNELS = 64;

function be32(number: number): number[] {
  return [number >>> 24, (number >>> 16) & 0xff, (number >>> 8) & 0xff, number & 0xff];
}

function zeros(count: number): number[] {
  return Array.from({ length: count }, () => 0);
}

/** E-AC-3 (ETSI TS 102 366, F.6). */
export function enhanced(bytes: Uint8Array): number[] {
  const from = new Reader(bytes);
  const head = from.take(2);
  const out = [...head];
  for (let left = (head[1] ?? 0) & 7; left >= 0; left -= 1) {
    const [first = 0, second = 0, third = 0] = from.take(3);
    const places = (third & 0x1e) !== 0;
    out.push(first, second & 0x7f, third & (places ? 0x1f : 0x1e));
    if (places) out.push(from.small());
  }
  // More channels, as many as this.
  const [flags = 0, count] = bytes.subarray(from.at, from.at + 2);
  if ((flags & 1) === 1 && count !== undefined) out.push(1, count);
  return out;
}

/** Where the channels are, as QuickTime says it. */
export function channels(bytes: Uint8Array): number[] | undefined {
  const region = new Region(bytes);
  const [layout, places, count] = [region.u32(4), region.u32(8), region.u32(12)];
  // By a number, by bits, or each by its own.
  const out = [0, 0, 0, 0, ...be32(layout), ...be32(layout === 0x1_0000 ? places : 0), ...be32(count)];
  if (count > MOST_CHANNELS || (layout !== 0 && count > 0)) return undefined;
  for (let index = 0; index < count; index += 1) {
    const label = region.u32(16 + 20 * index);
    region.u32(32 + 20 * index);
    if (label > 0x1_ffff || label === 100) return undefined;
    out.push(...be32(label), ...zeros(16));
  }
  return out;
}

/** Sound from everywhere: so many channels, in any order. */
export function ambisonic(bytes: Uint8Array): number[] | undefined {
  const region = new Region(bytes);
  const [order, count] = [region.u32(2), region.u32(8)];
  if (region.u16(0) !== 0 || region.u16(6) !== 0 || order > 10 || count > MOST_CHANNELS) return undefined;
  for (let index = 0; index < count; index += 1) {
    if (region.u32(12 + 4 * index) >= count) return undefined;
  }
  return [...bytes.subarray(0, 12 + 4 * count)];
}

/** Opus (its encapsulation in ISO BMFF, 4.3.2), without how it was sampled before. */
export function opus(bytes: Uint8Array): number[] | undefined {
  const from = new Reader(bytes);
  const head = from.take(11);
  if (head[0] !== 0) return undefined;
  const out = [...head.subarray(0, 4), 0, 0, 0xbb, 0x80, ...head.subarray(8)];
  return head[10] === 0 ? out : [...out, ...from.take((head[1] ?? 0) + 2)];
}

/** ALAC, without how large its pieces are, and with the places of the channels where they stand. */
export function lossless(bytes: Uint8Array): number[] | undefined {
  const all = new Reader(bytes).take(28);
  if (new Region(bytes).u32(4) > 0xffff || all[8] !== 0) return undefined;
  const out = [...zeros(4), ...all.subarray(4, 14), 0, 255, ...zeros(8), ...all.subarray(24)];
  const places = bytes.subarray(28, 52);
  if (places.length < 24 || latin(places.subarray(0, 8)) !== '\0\0\0\x18chan') return out;
  return [...out, ...places.subarray(0, 8), ...zeros(4), ...places.subarray(12, 16), ...zeros(8)];
}

/** The blocks of FLAC: the first is numbers, the others are notes and pictures, and are made empty. */
export function flac(bytes: Uint8Array, seen: Seen): number[] | undefined {
  const from = new Reader(bytes, 4);
  const out = zeros(4);
  for (let first = true; ; first = false) {
    const [kind = 0, a = 0, b = 0, c = 0] = from.take(4);
    const body = from.take(a * 65_536 + b * 256 + c);
    if (first !== ((kind & 0x7f) === 0) || (first && body.length !== 34)) return undefined;
    out.push(first ? kind : (kind & 0x80) | 1, a, b, c);
    // Not how large its pieces are, nor what it adds up to.
    if (first) out.push(...body.subarray(0, 4), ...zeros(6), ...body.subarray(10, 18), ...zeros(16));
    else {
      if (![1, 3].includes(kind & 0x7f)) seen.note('other', 'beside-sound');
      for (let left = body.length; left > 0; left -= 1) out.push(0);
    }
    if (kind >= 0x80 || from.at === bytes.length) return out;
  }
}
