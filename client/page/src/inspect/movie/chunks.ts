// Where the samples of a track lie, by its tables.
import { Gone } from '../bytes.ts';
import type { Atom } from './atom.ts';

/** All tracks of a film together may lie in so many stretches. */
export const MOST_STRETCHES = 1 << 20;

/** A stretch of the file. */
export interface Stretch {
  readonly begin: number;
  readonly end: number;
}

/**
 * So many bytes for so many samples of sound: QuickTime's tables may count samples whose length only the description
 * tells.
 */
export interface Measure {
  readonly bytes: number;
  readonly samples: number;
}

/** The stretches of a track whose tables stand here, at most so many; chunks that follow each other are one. */
export function chunksOf(stbl: Atom, measures: readonly Measure[], most: number): Stretch[] | 'scattered' {
  const atoms = stbl.inside();
  // Of two, players differ about which one counts.
  const one = (name: string): Atom | undefined => {
    const found = atoms.filter((atom) => atom.name === name);
    if (found.length > 1) throw new Gone();
    return found[0];
  };
  const [short, long, stsc, stsz] = [one('stco'), one('co64'), one('stsc'), one('stsz')];
  // With both, players differ.
  if ((short === undefined) === (long === undefined) || stsz === undefined) throw new Gone();
  const offsets = offsetsOf(short, long);
  const sizes = sizesOf(stsz, measures);
  if (stsc === undefined) throw new Gone();
  const runs = stsc.rows(4, 12);
  const stretches: { begin: number; end: number }[] = [];
  let samples = 0;
  let run = 0;
  for (let index = 0; index < offsets.count; index += 1) {
    for (; run < runs.byteLength && runs.getUint32(run) <= index + 1; run += 12) samples = runs.getUint32(run + 4);
    const begin = offsets.at(index);
    const end = begin + sizes(samples);
    const last = stretches.at(-1);
    if (begin === end) continue;
    if (last?.end === begin) last.end = end;
    else if (stretches.length >= most) return 'scattered';
    else stretches.push({ begin, end });
  }
  return stretches;
}

/** The first samples of a track, as many as its first chunk has, and at most so many. */
export function firstSamples(stbl: Atom, most: number): Stretch[] {
  const atoms = stbl.inside();
  const find = (name: string): Atom | undefined => atoms.find((atom) => atom.name === name);
  const [short, long, stsc, stsz] = [find('stco'), find('co64'), find('stsc'), find('stsz')];
  let begin = short?.u32(8) ?? long?.u64(8);
  if (begin === undefined || stsc === undefined || stsz === undefined) throw new Gone();
  const count = Math.min(stsc.u32(12), most);
  const same = stsz.u32(4);
  const samples: Stretch[] = [];
  for (let index = 0; index < count; index += 1) {
    const end: number = begin + (same === 0 ? stsz.u32(4 * index + 12) : same);
    samples.push({ begin, end });
    begin = end;
  }
  return samples;
}

interface Offsets {
  readonly count: number;
  at(index: number): number;
}

function offsetsOf(short: Atom | undefined, long: Atom | undefined): Offsets {
  if (short !== undefined) {
    const rows = short.rows(4, 4);
    return { count: rows.byteLength / 4, at: (index) => rows.getUint32(4 * index) };
  }
  if (long === undefined) throw new Gone();
  const rows = long.rows(4, 8);
  const at = (index: number): number => rows.getUint32(8 * index) * 0x1_0000_0000 + rows.getUint32(8 * index + 4);
  return { count: rows.byteLength / 8, at };
}

/**
 * How long the next so many samples are together. Where table and description differ, the longer counts: too much is
 * kept rather than too little.
 */
function sizesOf(stsz: Atom, measures: readonly Measure[]): (count: number) => number {
  const same = stsz.u32(4);
  if (same !== 0) {
    return (count) =>
      measures.reduce((most, { bytes, samples }) => Math.max(most, Math.ceil((bytes * count) / samples)), same * count);
  }
  const rows = stsz.rows(8, 4);
  let done = 0;
  return (count) => {
    const until = done + 4 * count;
    if (until > rows.byteLength) throw new Gone();
    let sum = 0;
    for (; done < until; done += 4) sum += rows.getUint32(done);
    return sum;
  };
}
