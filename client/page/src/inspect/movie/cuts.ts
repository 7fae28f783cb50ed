// What an edit list hides: parts of a film that were cut away and are still there.
import type { Seen } from '../seen.ts';
import type { Atom } from './atom.ts';
import type { Stretch } from './chunks.ts';
import { Stretches } from './media.ts';

/** What tells which part of a track is shown. */
export interface Shown {
  /** The edit list. */
  list: Atom | undefined;
  /** How long the samples last. */
  times: Atom | undefined;
  /** Into so many parts the track divides a second. */
  scale: number;
}

/** More parts than a camera's film has: a wait before it, and what is shown. */
const MOST_CUTS = 8;

/** Whether the rows of an edit list are few, and each shows its part as it is or stands still. */
export function arePlain(rows: DataView, row: number): boolean {
  for (let at = row - 4; at < rows.byteLength; at += row) {
    if (![0, 0x1_0000].includes(rows.getUint32(at))) return false;
  }
  return rows.byteLength <= MOST_CUTS * row;
}

/** Whether every part that an edit list shows is there. */
export function areThere({ list, times }: Shown): boolean {
  if (list === undefined) return true;
  if (times === undefined) return false;
  const all = Math.min(lasting(times), Number.MAX_SAFE_INTEGER);
  const long = list.version() === 1;
  const [half, width] = long ? [8, 20] : [4, 12];
  const rows = list.rows(4, width);
  for (let at = half; at < rows.byteLength; at += width) {
    const from = long ? rows.getBigInt64(at) : BigInt(rows.getInt32(at));
    if (from !== -1n && (from < 0n || from > BigInt(all))) return false;
  }
  return true;
}

/** How long all samples last. */
function lasting(times: Atom): number {
  const rows = times.rows(4, 8);
  let all = 0;
  for (let at = 0; at < rows.byteLength; at += 8) all += rows.getUint32(at) * rows.getUint32(at + 4);
  return all;
}

/** Tells that more than a second of a track is not shown; the film's head divides a second into `film` parts. */
export function tellCuts({ list, times, scale }: Shown, film: number, seen: Seen): void {
  if (list === undefined || times === undefined) return;
  const all = lasting(times);
  const shown = new Stretches(parts(list, scale, film, all)).length();
  if (all - shown > scale) seen.note('cut-away');
}

/** The parts that the list shows, in the track's own time. */
function parts(list: Atom, scale: number, film: number, all: number): Stretch[] {
  const long = list.version() === 1;
  const [half, width] = long ? [8, 20] : [4, 12];
  const rows = list.rows(4, width);
  const nowhere = long ? 0xffff_ffff_ffff_ffffn : 0xffff_ffffn;
  const number = (at: number): bigint => (long ? rows.getBigUint64(at) : BigInt(rows.getUint32(at)));
  const found: Stretch[] = [];
  for (let at = 0; at < rows.byteLength; at += width) {
    const [lasts, from, rate] = [number(at), number(at + half), rows.getUint32(at + 2 * half)];
    // Nothing is shown for a while, or one picture that stands.
    if (from === nowhere || rate === 0) continue;
    // So much of the film's time in the track's, where the track is shown at this rate (16.16).
    const shown = lasts === 0n || film === 0 ? all : Number((lasts * BigInt(rate) * BigInt(scale)) / BigInt(film) >> 16n);
    const begin = Math.min(Number(from), all);
    found.push({ begin, end: Math.min(Number(from) + shown, all) });
  }
  return found;
}
