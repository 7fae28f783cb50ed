// What a film says about itself in words: QuickTime's user data, Apple's keys, iTunes' list.
import { Gone, utf8 } from '../bytes.ts';
import type { What } from '../report.ts';
import type { Seen } from '../seen.ts';
import { xmp } from '../xml.ts';
import { Atom, MOST_NOTE } from './atom.ts';

/** Lists stand in lists so deep. */
const MOST_DEPTH = 4;
const XMP = '\xbe\x7a\xcf\xcb\x97\xa9\x42\xe8\x9c\x71\x99\x94\x91\xe3\xaf\xac';

/** Tells what an atom says that is neither picture, sound, nor what finds them. */
export function tell(atom: Atom, seen: Seen, depth = MOST_DEPTH): void {
  if (depth === 0) return seen.limit('too-deep');
  switch (atom.name) {
    case 'udta': {
      const atoms = listed(atom, 0);
      if (atoms === undefined) return seen.note('other', 'device');
      for (const one of atoms) tell(one, seen, depth - 1);
      return;
    }
    case 'meta':
      return list(atom, seen);
    case 'free':
    case 'skip':
    case 'hdlr':
      return;
    case 'XMP_':
      return xmp(atom.note(), seen);
    case 'loci':
      return seen.note('location');
    case 'thmb':
    case 'CNTH':
      return seen.note('thumbnail');
    case 'FIRM':
    case 'LENS':
    case 'CAME':
    case 'MUID':
    case 'SNum':
    case 'BCID':
      return seen.note('serial');
    case 'GPMF':
    case 'SETT':
      return seen.note('sealed');
    default: {
      const what = LETTERS.get(atom.name);
      // A length and a language come first.
      if (what !== undefined) seen.say(what, utf8(atom.note().subarray(4)));
      else seen.say('other', atom.name, 'device-or-program');
    }
  }
}

/** An atom that somebody made up (uuid). */
export function own(atom: Atom, seen: Seen): void {
  const name = atom.take(0, 16);
  if (String.fromCharCode(...name) === XMP) xmp(atom.note().subarray(16), seen);
  else seen.note('other', 'program');
}

/** What a four-letter name means, in QuickTime's user data, in 3GPP's and in iTunes' lists. */
const LETTERS: ReadonlyMap<string, What> = new Map(
  (
    [
      ['location', '\xa9xyz'],
      ['device', '\xa9mak \xa9mod manu modl'],
      ['software', '\xa9swr \xa9too \xa9enc \xa9req'],
      ['time', '\xa9day yrrc date'],
      ['author', '\xa9ART \xa9aut \xa9wrt \xa9cpy auth perf cprt aART \xa9dir \xa9prd \xa9prf'],
      ['title', '\xa9nam titl name'],
      ['comment', '\xa9cmt \xa9inf \xa9des \xa9alb dscp desc ldes kywd'],
      ['thumbnail', 'covr'],
    ] as const
  ).flatMap(([what, names]) => names.split(' ').map((name) => [name, what] as const)),
);

/** A list of values, with names in full beside it or with names of four letters. */
function list(meta: Atom, seen: Seen): void {
  // MPEG-4 puts four bytes before the first atom, QuickTime none.
  const atoms = listed(meta, meta.letters(4) === 'hdlr' ? 0 : 4);
  if (atoms === undefined) return seen.note('other', 'device');
  const keys = atoms.find((atom) => atom.name === 'keys');
  const names = keys === undefined ? [] : Atom.between(keys.region, keys.place(8), keys.end).map(keyOf);
  for (const atom of atoms) {
    if (atom.name === 'ilst') values(atom, names, seen);
    else if (atom.name === 'xml ') xmp(atom.note(), seen);
    else if (!['hdlr', 'keys', 'free'].includes(atom.name)) seen.note('other', 'device');
  }
}

function keyOf(atom: Atom): string {
  return utf8(atom.note().subarray(0, 1_024));
}

function listed(atom: Atom, from: number): Atom[] | undefined {
  try {
    return Atom.between(atom.region, atom.place(from), atom.end);
  } catch (error) {
    if (error instanceof Gone) return undefined;
    throw error;
  }
}

function values(ilst: Atom, keys: readonly string[], seen: Seen): void {
  for (const item of ilst.inside()) {
    const key = keys[item.region.u32(item.begin + 4) - 1];
    const what = key === undefined ? (LETTERS.get(item.name) ?? 'other') : byKey(key.toLowerCase());
    for (const data of item.inside()) {
      if (data.name !== 'data') continue;
      if (data.length < 8) throw new Gone();
      if (what === 'thumbnail') seen.note(what);
      else if (what === 'other') {
        if (key === undefined) seen.note('other', 'device-or-program');
        else seen.say('other', key, 'device-or-program');
      } else seen.say(what, utf8(data.take(8, Math.min(data.length - 8, MOST_NOTE))));
    }
  }
}

const PARTS: readonly (readonly [What, readonly string[]])[] = [
  ['location', ['location', 'gps']],
  ['serial', ['identifier', 'serial', 'uuid']],
  ['device', ['make', 'model', 'manufacturer', 'lens', 'camera']],
  ['software', ['software', 'version', 'encoder']],
  ['time', ['date', 'time']],
  ['author', ['author', 'artist', 'director', 'producer', 'copyright', 'owner']],
  ['title', ['title', 'displayname']],
  ['comment', ['comment', 'description', 'keywords']],
  ['thumbnail', ['artwork']],
];

/** What one of Apple's or Android's names in full means, by its end. */
function byKey(key: string): What {
  return PARTS.find(([, parts]) => parts.some((part) => key.includes(part)))?.[0] ?? 'other';
}
