// A track of a film: picture, sound, or something else that was recorded along with them.
import { Gone, bytesOf, latin } from '../bytes.ts';
import type { Seen } from '../seen.ts';
import type { Source } from '../source.ts';
import type { Atom } from './atom.ts';
import { chunksOf, firstSamples, type Measure, type Stretch } from './chunks.ts';
import { MOST_SAMPLES, tellCoded, type Coding } from './coded.ts';
import { arePlain, areThere, tellCuts, type Shown } from './cuts.ts';
import { describe } from './description.ts';
import type { Edits } from './edits.ts';
import { putOutTimes, scaleOf } from './heads.ts';
import { agree, areEmpty, putOutTables } from './tables.ts';
import { tell } from './words.ts';

/** Why a track refers to another. */
const REFERENCES: ReadonlySet<string> = new Set('auxl cdsc chap fall folw sync tmcd vdep'.split(' '));

/** What handles the files that picture and sound lie in. */
const FILES: ReadonlySet<string> = new Set(['alis', 'rsrc', 'url ']);
/** No side of a picture is longer, in 65536ths of a point. */
const MOST_SHOWN = 0x4000 * 0x1_0000;

/** A track, and where its tables are. */
export class Track {
  readonly atom: Atom;
  id = 0;
  #kind = '    ';
  #table: Atom | undefined;
  #references: Atom | undefined;
  readonly #measures: Measure[] = [];
  readonly #shown: Shown = { list: undefined, times: undefined, scale: 0 };
  #isEmpty = false;
  #coding: Coding | undefined;
  readonly #edits: Edits;
  readonly #seen: Seen;

  /** Tells what a track says, and puts out what is no picture and no sound. */
  constructor(atom: Atom, edits: Edits) {
    this.atom = atom;
    this.#edits = edits;
    this.#seen = edits.seen;
    const atoms = edits.children(atom);
    edits.once(atoms, ['tkhd', 'edts', 'tapt', 'tref', 'mdia']);
    for (const one of atoms) this.#part(one);
    if (!this.isShown) this.#seen.note('measurements');
  }

  /** Whether it is picture or sound. */
  get isShown(): boolean {
    return ['vide', 'soun', 'auxv', 'pict'].includes(this.#kind);
  }

  /** Whether it is, and has any. */
  get isKept(): boolean {
    return this.isShown && !this.#isEmpty;
  }

  /** Puts out references to anything but these tracks, which are kept. */
  letGo(kept: readonly number[]): void {
    if (this.#references === undefined) return;
    const atoms = this.#edits.children(this.#references);
    this.#edits.once(atoms, [...REFERENCES]);
    for (const atom of atoms) {
      // Read to its bound, as the other notes are.
      const length = atom.note().length;
      const count = Math.floor(length / 4);
      let stays = REFERENCES.has(atom.name) && count <= kept.length && length % 4 === 0;
      for (let index = 0; stays && index < count; index += 1) stays = kept.includes(atom.u32(4 * index));
      if (!stays) this.#edits.blank(atom);
    }
  }

  /** Tells what its pictures say, and what was cut away of them; the film's head divides a second into so many parts. */
  async tell(file: Source, film: number): Promise<void> {
    if (!areThere(this.#shown)) this.#edits.unknown();
    // Tables that do not say it are told of elsewhere.
    await orNothing(() => tellCuts(this.#shown, film, this.#seen));
    const [coding, table] = [this.#coding, this.#table];
    if (coding === undefined || table === undefined) return;
    await orNothing(() => tellCoded(file, coding, firstSamples(table, MOST_SAMPLES), this.#seen));
  }

  /** Where its samples lie, in at most so many stretches. */
  chunks(most: number): Stretch[] | 'scattered' {
    if (this.#table === undefined) throw new Gone();
    return chunksOf(this.#table, this.#measures, most);
  }

  #part(atom: Atom): void {
    switch (atom.name) {
      case 'tkhd':
        putOutTimes(atom, this.#edits);
        this.id = atom.u32(atom.version() === 1 ? 20 : 12);
        return;
      case 'edts':
        return this.#editList(atom);
      case 'tapt':
        return this.#apertures(atom);
      // Old ways to cut and to mix, with boxes of their own.
      case 'clip':
      case 'matt':
      case 'imap':
        return this.#edits.unknown();
      case 'tref':
        this.#references = atom;
        return;
      case 'mdia':
        return this.#media(atom);
      default:
        this.#putOut(atom);
    }
  }

  #media(mdia: Atom): void {
    const atoms = this.#edits.children(mdia);
    this.#edits.once(atoms, ['mdhd', 'hdlr', 'minf']);
    const handler = atoms.find((atom) => atom.name === 'hdlr');
    if (handler !== undefined) this.#kind = handler.letters(8);
    for (const atom of atoms) {
      if (atom.name === 'mdhd') {
        putOutTimes(atom, this.#edits);
        this.#shown.scale = scaleOf(atom);
      } else if (atom.name === 'hdlr') this.#handler(atom);
      else if (atom.name === 'minf') this.#information(atom);
      // The head says it, as far as it stays.
      else if (atom.name === 'elng') this.#edits.blank(atom);
      else this.#putOut(atom);
    }
  }

  #information(minf: Atom): void {
    const atoms = this.#edits.children(minf);
    this.#edits.once(atoms, ['vmhd', 'smhd', 'hdlr', 'dinf']);
    for (const atom of atoms) {
      // How it is laid over others, and where it is heard.
      if (atom.name === 'vmhd') {
        this.#edits.exact(atom, atom.body, [0, 0, 0, 1]);
        this.#edits.quiet(atom, atom.place(4), atom.place(12));
        this.#edits.fit(atom, 12);
      } else if (atom.name === 'smhd') {
        this.#edits.quiet(atom, atom.body, atom.place(8));
        this.#edits.fit(atom, 8);
      } else if (atom.name === 'hdlr') {
        this.#handler(atom);
        if (!FILES.has(atom.letters(8))) this.#edits.exact(atom, atom.place(8), [...bytesOf('url ')]);
      } else if (atom.name === 'dinf') this.#sources(atom);
      else if (atom.name === 'stbl') {
        if (this.#table !== undefined) {
          // Players differ about which of them counts.
          this.#seen.limit('damaged');
          this.#seen.cannot('damaged');
        }
        this.#table = atom;
        this.#samples(atom);
        // What a track has that goes as a whole stays in it.
      } else if (atom.name !== 'gmhd' || this.isShown) this.#putOut(atom);
    }
  }

  /** Where picture and sound lie: in the file itself, or the track is left as it is. */
  #sources(dinf: Atom): void {
    const atoms = this.#edits.children(dinf);
    this.#edits.once(atoms, ['dref']);
    for (const atom of atoms) {
      if (atom.name !== 'dref') {
        this.#edits.blank(atom);
        continue;
      }
      const entries = this.#edits.children(atom, 8);
      this.#edits.quiet(atom, atom.body, atom.place(4));
      this.#edits.exact(atom, atom.place(4), [0, 0, entries.length >> 8, entries.length & 0xff]);
      for (const entry of entries) {
        const flags = entry.u32(0);
        this.#edits.exact(entry, entry.body, [0, 0, 0, flags & 1]);
        this.#edits.exact(entry, entry.begin + 4, [...bytesOf('url ')]);
        if (entry.length > 4) {
          this.#seen.note('path');
          this.#edits.zero(entry.place(4), entry.end);
        }
        if (flags % 2 === 0) this.#seen.cannot('elsewhere');
      }
    }
  }

  #samples(stbl: Atom): void {
    const tables = this.#edits.children(stbl);
    putOutTables(tables, this.#edits);
    this.#isEmpty = areEmpty(tables);
    if (this.isKept && !agree(tables)) {
      this.#seen.limit('damaged');
      this.#seen.cannot('damaged');
    }
    this.#shown.times = tables.find((atom) => atom.name === 'stts');
    if (!this.isShown) return;
    for (const stsd of tables.filter((atom) => atom.name === 'stsd')) {
      const told = describe(stsd, this.#kind, this.#edits);
      this.#measures.push(...told.measures);
      this.#coding ??= told.coding;
    }
  }

  #editList(edts: Atom): void {
    const atoms = this.#edits.children(edts);
    this.#edits.once(atoms, ['elst']);
    for (const atom of atoms) {
      if (atom.name === 'elst') {
        const row = atom.version() === 1 ? 20 : 12;
        this.#edits.quiet(atom, atom.place(1), atom.place(4));
        this.#edits.fitRows(atom, 4, row);
        // So many cuts, each at its own speed, are no film but something else.
        if (atom.version() > 1 || !arePlain(atom.rows(4, row), row)) this.#edits.unknown();
        this.#shown.list = atom;
      } else this.#putOut(atom);
    }
  }

  /** Who handles the track, and the name of who made that. */
  #handler(hdlr: Atom): void {
    if (hdlr.length > 24) {
      // QuickTime puts the length first, MPEG-4 a zero behind.
      const name = hdlr.take(24, Math.min(hdlr.length - 24, 256));
      this.#seen.say('software', latin(name.filter((byte) => byte >= 0x20 && byte < 0x7f)));
    }
    this.#edits.quiet(hdlr, hdlr.body, hdlr.place(4));
    if (!['mhlr', 'dhlr'].includes(hdlr.letters(4))) this.#edits.quiet(hdlr, hdlr.place(4), hdlr.place(8));
    this.#edits.zero(hdlr.place(12), hdlr.end);
  }

  /** How much of the picture is shown. */
  #apertures(tapt: Atom): void {
    const atoms = this.#edits.children(tapt);
    this.#edits.once(atoms, ['clef', 'prof', 'enof']);
    for (const atom of atoms) {
      if (['clef', 'prof', 'enof'].includes(atom.name)) {
        if (Math.max(atom.u32(4), atom.u32(8)) > MOST_SHOWN) this.#edits.unknown();
        this.#edits.quiet(atom, atom.body, atom.place(4));
        this.#edits.fit(atom, 12);
      } else this.#putOut(atom);
    }
  }

  #putOut(atom: Atom): void {
    tell(atom, this.#seen);
    this.#edits.blank(atom);
  }
}

async function orNothing(told: () => void | Promise<void>): Promise<void> {
  try {
    await told();
  } catch (error) {
    if (!(error instanceof Gone)) throw error;
  }
}
