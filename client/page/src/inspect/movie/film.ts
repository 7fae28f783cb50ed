// MPEG-4 and QuickTime: what is said beside picture and sound is put out where it stands, so that no offset moves and a
// film of any size is cleaned without a copy.
import { Gone, MOST_AT_ONCE, any, type Region } from '../bytes.ts';
import type { Plan } from '../plan.ts';
import type { Seen } from '../seen.ts';
import type { Source } from '../source.ts';
import { Atom, MOST_NOTE } from './atom.ts';
import { putOutBrands } from './brands.ts';
import { MOST_STRETCHES, type Stretch } from './chunks.ts';
import { Edits } from './edits.ts';
import { putOutTimes, scaleOf } from './heads.ts';
import { Stretches, putOutGaps, tellGaps, type Media } from './media.ts';
import { Track } from './track.ts';
import { own, tell } from './words.ts';

/** More parts than any film has, one in pieces too. */
const MOST_PARTS = 1 << 16;
/** More tracks than any film has. */
const MOST_TRACKS = 1_000;
/** So much of a place that is marked as unused is looked at. */
const MOST_UNUSED = 1 << 16;

/** Looks at a film, and plans a copy whose picture and sound are the same, byte for byte. */
export async function film(file: Source, seen: Seen): Promise<Plan | undefined> {
  return new Film(file, seen).look();
}

class Film {
  readonly file: Source;
  readonly seen: Seen;
  readonly #edits: Edits;
  readonly #media: Media[] = [];
  readonly #tracks: Track[] = [];
  /** Into so many parts the head divides a second. */
  #scale = 0;
  #inPieces = false;
  #hasHead = false;

  constructor(file: Source, seen: Seen) {
    this.file = file;
    this.seen = seen;
    this.#edits = new Edits(seen);
  }

  async look(): Promise<Plan | undefined> {
    const { file, seen } = this;
    let count = 0;
    for (let at = 0; at < file.length; ) {
      count += 1;
      if (count > MOST_PARTS) throw new Gone('too-large');
      const atom = await topAt(file, at);
      if (atom === undefined) {
        if (!this.#hasHead || this.#media.length === 0) throw new Gone();
        // Cameras put what they like behind the last atom; no picture and no sound lies there.
        seen.tail(file.length - at);
        this.#edits.cut(at);
        break;
      }
      await this.#part(atom);
      at = atom.end;
    }
    if (!this.#hasHead) throw new Gone();
    await this.#putOutTracks();
    return this.#edits.plan(file.length);
  }

  async #part(top: Top): Promise<void> {
    switch (top.name) {
      case 'ftyp':
        return putOutBrands(await this.#loaded(top, MOST_AT_ONCE), this.#edits);
      case 'mdat':
        this.#media.push(top);
        return;
      case 'moov':
        // Players differ about which of two is the film.
        if (this.#hasHead) this.#broken();
        this.#hasHead = true;
        return this.#head(await this.#loaded(top));
      case 'moof':
      case 'sidx':
      case 'styp':
      case 'mfra':
      case 'ssix':
      case 'prft':
      case 'emsg':
        return this.#piece();
      default:
        return this.#beside(top);
    }
  }

  /** Something at the top that is neither head nor picture and sound. */
  async #beside(top: Top): Promise<void> {
    const { seen } = this;
    const length = top.end - top.body;
    switch (top.name) {
      case 'free':
      case 'skip':
      case 'wide': {
        const part = Math.min(length, MOST_UNUSED);
        if (part > 0 && any((await this.file.near(top.body, part)).take(top.body, part))) seen.note('other', 'unused-place');
        else if (part === length) return;
        break;
      }
      case 'uuid':
        own(await this.#loaded(top, MOST_NOTE), seen);
        break;
      case 'meta':
        tell(await this.#loaded(top, 16 * MOST_NOTE), seen);
        break;
      case 'PICT':
      case 'pnot':
        seen.note('thumbnail');
        break;
      default:
        seen.say('other', top.name, 'program');
    }
    this.#edits.blank(top);
  }

  #head(moov: Atom): void {
    const atoms = this.#edits.children(moov);
    this.#edits.once(atoms, ['mvhd']);
    for (const atom of atoms) {
      switch (atom.name) {
        case 'mvhd':
          putOutTimes(atom, this.#edits);
          this.#scale = scaleOf(atom);
          break;
        case 'trak':
          if (this.#tracks.length >= MOST_TRACKS) throw new Gone('too-large');
          this.#tracks.push(new Track(atom, this.#edits));
          break;
        // What MPEG-4 systems need, and no player.
        case 'iods':
          this.#edits.blank(atom);
          break;
        case 'mvex':
          this.#piece();
          break;
        case 'cmov':
        case 'rmra':
          this.#broken();
          break;
        case 'uuid':
          own(atom, this.seen);
          this.#edits.blank(atom);
          break;
        default:
          tell(atom, this.seen);
          this.#edits.blank(atom);
      }
    }
  }

  /** Puts out the tracks that are neither picture nor sound, and all media but that of the others. */
  async #putOutTracks(): Promise<void> {
    const { file, seen } = this;
    const shown = this.#tracks.filter((track) => track.isKept);
    const others = this.#tracks.filter((track) => !track.isKept);
    const ids = shown.map((track) => track.id);
    for (const track of shown) {
      track.letGo(ids);
      await track.tell(file, this.#scale);
    }
    for (const track of others) this.#edits.blank(track.atom);
    const kept = this.#stretches(shown, MOST_STRETCHES);
    const out = kept && this.#stretches(others, MOST_STRETCHES - kept.count);
    if (kept === undefined || out === undefined) return;
    const [keptOnes, outOnes] = [new Stretches(kept.all), new Stretches(out.all)];
    // Tables that lie would have picture and sound put out.
    if (!keptOnes.lieIn(this.#media) || !outOnes.lieIn(this.#media) || !outOnes.areApartFrom(keptOnes)) {
      return this.#broken();
    }
    // The head of a film in pieces does not say where they are.
    if (this.#inPieces) return;
    await tellGaps(file, this.#media, keptOnes.with(outOnes), seen);
    if (putOutGaps(this.#media, keptOnes, this.#edits)) return;
    seen.limit('scattered');
    seen.cannot('scattered');
  }

  /** Where these tracks lie, when their tables say it. */
  #stretches(tracks: readonly Track[], most: number): { all: Stretch[]; count: number } | undefined {
    const all: Stretch[] = [];
    for (const track of tracks) {
      let chunks;
      try {
        chunks = track.chunks(most - all.length);
      } catch (error) {
        if (!(error instanceof Gone)) throw error;
        this.seen.limit(error.why);
        this.seen.cannot(error.why);
        return undefined;
      }
      if (chunks === 'scattered') {
        this.seen.limit('scattered');
        this.seen.cannot('scattered');
        return undefined;
      }
      for (const chunk of chunks) all.push(chunk);
    }
    return { all, count: all.length };
  }

  /** A film in pieces, each with a head of its own. */
  #piece(): void {
    this.#inPieces = true;
    this.seen.limit('partly');
    this.seen.cannot('in-pieces');
  }

  #broken(): void {
    this.seen.limit('damaged');
    this.seen.cannot('damaged');
  }

  /** An atom at the top, of whose body so much is in memory. */
  async #loaded(top: Top, most = Infinity): Promise<Atom> {
    const region = await this.file.region(top.begin, Math.min(top.end - top.begin, top.body - top.begin + most));
    return new Atom(region, top.name, top.begin, top.body, top.end);
  }
}

/** Where an atom at the top of the file lies. */
interface Top extends Media {
  readonly name: string;
  readonly begin: number;
}

async function topAt(file: Source, begin: number): Promise<Top | undefined> {
  const left = file.length - begin;
  if (left < 8) return undefined;
  const region: Region = await file.near(begin, Math.min(16, left));
  const short = region.u32(begin);
  if (short === 1 && left < 16) return undefined;
  const head = short === 1 ? 16 : 8;
  const length = short === 0 ? left : short === 1 ? region.u64(begin + 8) : short;
  if (length < head || length > left) return undefined;
  return { name: region.name(begin + 4), begin, body: begin + head, end: begin + length };
}
