// The media of a film: which bytes are picture and sound, and that nothing else stays.
import { any, find } from '../bytes.ts';
import { MOST_PIECES } from '../plan.ts';
import type { Seen } from '../seen.ts';
import type { Source } from '../source.ts';
import type { Stretch } from './chunks.ts';
import type { Edits } from './edits.ts';

/** So many gaps are looked into. */
const MOST_LOOKED_INTO = 2_000;
/** So much of a gap is looked at, and so much of all together. */
const MOST_OF_A_GAP = 1 << 16;
const MOST_OF_ALL = 16 << 20;

/** Where media lie: the body of an `mdat`. */
export interface Media {
  readonly body: number;
  readonly end: number;
}

/** Stretches in order, none of which touches another. */
export class Stretches {
  readonly #all: readonly Stretch[];

  /** Makes them of stretches in any order. */
  constructor(stretches: readonly Stretch[]) {
    const joined: { begin: number; end: number }[] = [];
    for (const { begin, end } of inOrder(stretches)) {
      const last = joined.at(-1);
      if (last !== undefined && begin <= last.end) last.end = Math.max(last.end, end);
      else joined.push({ begin, end });
    }
    this.#all = joined;
  }

  /** These and the others. */
  with(others: Stretches): Stretches {
    return new Stretches([...this.#all, ...others.#all]);
  }

  /** How long they are together. */
  length(): number {
    return this.#all.reduce((sum, { begin, end }) => sum + end - begin, 0);
  }

  /** Whether all of them lie in the media. */
  lieIn(media: readonly Media[]): boolean {
    // Both are in order.
    let at = 0;
    return this.#all.every(({ begin, end }) => {
      while ((media[at]?.end ?? Infinity) < end) at += 1;
      const holds = media[at];
      return holds !== undefined && holds.body <= begin && end <= holds.end;
    });
  }

  /** Whether none of them shares a byte with one of the others. */
  areApartFrom(others: Stretches): boolean {
    let at = 0;
    return this.#all.every(({ begin, end }) => {
      while ((others.#all[at]?.end ?? Infinity) <= begin) at += 1;
      return (others.#all[at]?.begin ?? Infinity) >= end;
    });
  }

  /** What lies between them inside the media. */
  *gaps(media: readonly Media[]): Generator<Stretch> {
    let next = 0;
    for (const { body, end } of media) {
      let at = body;
      while ((this.#all[next]?.end ?? Infinity) <= body) next += 1;
      for (; ; next += 1) {
        const one = this.#all[next];
        if (one === undefined || one.begin >= end) break;
        if (at < one.begin) yield { begin: at, end: one.begin };
        at = one.end;
        // What reaches beyond these media may begin the next.
        if (one.end > end) break;
      }
      if (at < end) yield { begin: at, end };
    }
  }
}

/** Puts out every byte of the media that is no picture and no sound that is kept. Whether that can be done. */
export function putOutGaps(media: readonly Media[], kept: Stretches, edits: Edits): boolean {
  let pieces = 0;
  for (const gap of kept.gaps(media)) {
    pieces += 1;
    if (pieces > MOST_PIECES) return false;
    edits.zero(gap.begin, gap.end);
  }
  return true;
}

/** Tells what belongs to no track. */
export async function tellGaps(file: Source, media: readonly Media[], named: Stretches, seen: Seen): Promise<void> {
  let count = 0;
  let left = Math.min(MOST_OF_ALL, file.left);
  for (const { begin, end } of named.gaps(media)) {
    const length = Math.min(end - begin, MOST_OF_A_GAP);
    count += 1;
    if (count > MOST_LOOKED_INTO || length > left) return seen.limit('too-large');
    left -= length;
    const bytes = await file.take(begin, length);
    if (any(bytes)) seen.note('other', 'between-media');
    else if (end - begin > MOST_OF_A_GAP) seen.limit('too-large');
    // Many dashboard cameras write there where they are.
    if (find(bytes, 'GPS') >= 0 || find(bytes, '$GPRMC') >= 0 || find(bytes, '$GNRMC') >= 0) {
      return seen.note('measurements');
    }
  }
}

function inOrder(stretches: readonly Stretch[]): readonly Stretch[] {
  // Most tables are in order, and sorting them all the same takes long without a just-in-time compiler.
  let last = 0;
  const ordered = stretches.every(({ begin }) => {
    const later = begin >= last;
    last = begin;
    return later;
  });
  return ordered ? stretches : [...stretches].sort((a, b) => a.begin - b.begin);
}
