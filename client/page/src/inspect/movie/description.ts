// How picture and sound are coded, as a track's description says it.
import { Gone, utf8 } from '../bytes.ts';
import { Atom } from './atom.ts';
import { putOutBoxes } from './boxes.ts';
import type { Measure } from './chunks.ts';
import type { Coding } from './coded.ts';
import type { Edits } from './edits.ts';
import { sampling } from './sampling.ts';

/** Picture in codings without places for notes, but for what an encoder writes into the picture. */
const PICTURE: ReadonlySet<string> = new Set(
  (
    'avc1 avc2 avc3 avc4 hvc1 hev1 dvh1 dvhe dvav dva1 av01 vp08 vp09 mp4v s263 h263 H263 apch apcn apcs ' +
    'apco ap4h ap4x 2vuy yuv2 v210 v410'
  ).split(' '),
);
/** The same for sound. */
const SOUND: ReadonlySet<string> = new Set([
  ...(
    'mp4a ac-3 ec-3 Opus alac fLaC samr sawb sawp sowt twos lpcm ipcm fpcm in24 in32 fl32 fl64 NONE .mp3 ulaw ' +
    'alaw'
  ).split(' '),
  'raw ',
  'mp3 ',
  'ms\0U',
]);

/** More descriptions than the pieces of one film need. */
const MOST_DESCRIPTIONS = 8;
/** No picture is deeper: 32 bits for a point, or 40 for one in greys. */
const DEEPEST = 40;

/** What a description says. */
export interface Described {
  /** How long samples of sound are. */
  readonly measures: Measure[];
  /** A coding that has places for words. */
  coding: Coding | undefined;
}

/** Reads the descriptions of a track of this kind, and puts out the names of the encoder and its maker. */
export function describe(stsd: Atom, kind: string, edits: Edits): Described {
  const told: Described = { measures: [], coding: undefined };
  const revised = stsd.version() !== 0;
  const isSound = kind === 'soun';
  const entries = edits.children(stsd, 8);
  if (stsd.version() > 1 || entries.length > MOST_DESCRIPTIONS) edits.unknown();
  for (const entry of entries) {
    edits.quiet(entry, entry.body, entry.place(6));
    edits.exact(entry, entry.place(6), [0, 1]);
    edits.zero(entry.place(12), entry.place(16));
    let head: number | undefined = 78;
    if (isSound) {
      const sampled = sampling(entry, revised, edits);
      head = sampled?.length;
      told.measures.push(...(sampled?.measures ?? []));
    } else {
      picture(entry, edits);
      told.coding ??= coding(entry);
    }
    if (!(isSound ? SOUND : PICTURE).has(entry.name)) {
      edits.seen.limit('coding');
      edits.seen.cannot('coding');
      continue;
    }
    if (head === undefined) edits.unknown();
    else boxes(entry, head, edits);
  }
  return told;
}

/** What stands there cannot be judged when it is no list. */
function boxes(entry: Atom, from: number, edits: Edits): void {
  try {
    putOutBoxes(entry, from, (coding) => PICTURE.has(coding) || SOUND.has(coding), edits);
  } catch (error) {
    if (!(error instanceof Gone)) throw error;
    edits.seen.limit(error.why);
    edits.seen.cannot(error.why);
  }
}

function picture(entry: Atom, edits: Edits): void {
  const name = entry.take(42, 32);
  const length = Math.min(name[0] ?? 0, 31);
  edits.seen.say('software', utf8(name.subarray(1, length + 1)));
  edits.zero(entry.place(42), entry.place(74));
  // What nobody asks for; 72 points to an inch, one picture in a sample, and no palette.
  edits.quiet(entry, entry.place(8), entry.place(12));
  edits.quiet(entry, entry.place(16), entry.place(24));
  edits.exact(entry, entry.place(28), [0, 72, 0, 0, 0, 72, 0, 0]);
  edits.quiet(entry, entry.place(36), entry.place(40));
  edits.exact(entry, entry.place(40), [0, 1]);
  if (entry.u16(74) > DEEPEST) edits.exact(entry, entry.place(74), [0, 24]);
  edits.exact(entry, entry.place(76), [255, 255]);
}

/** Whether the pictures have places for words. */
function coding(entry: Atom): Coding | undefined {
  if (['jpeg', 'mjpa', 'mjpb', 'AVDJ'].includes(entry.name)) return { kind: 'jpeg' };
  try {
    for (const atom of Atom.between(entry.region, entry.place(78), entry.end)) {
      if (atom.name === 'avcC' && atom.length > 4) return { kind: 'avc', width: (atom.u8(4) & 3) + 1 };
      if (atom.name === 'hvcC' && atom.length > 21) return { kind: 'hevc', width: (atom.u8(21) & 3) + 1 };
    }
  } catch (error) {
    if (!(error instanceof Gone)) throw error;
  }
  return undefined;
}
