import { SEGMENT } from '../parcel.ts';
import type { Waits } from './clock.ts';
import { Effort } from './effort.ts';
import { Pieces } from './pace.ts';
import { ANSWER_PATIENCE } from './papers.ts';
import type { Seals } from './seals.ts';
import { Later, Never, Unknown } from './trouble.ts';
import { create, head, patch, type Creation, type Stand, type UploadPath } from './tus.ts';
import { PROBE_PATIENCE, watched } from './watch.ts';
import { orElse, type DropBox } from './wire.ts';

/** The header of an envelope: what the gate looks at. */
const HEADER = 12_288;
/** The slowest line that a piece is given the time for. */
const BYTES_A_MILLISECOND = 2;
/** Fewer new bytes are no progress: a drop-box could take one at a time. */
const LEAST_PROGRESS = 65_536;
/** A lane may be made so often without a segment of it arriving. */
const MOST_BEGINNINGS = 4;

/** What all lanes of an upload share. */
export interface Surroundings {
  readonly box: DropBox;
  readonly seals: Seals;
  readonly waits: Waits;
  /** Bytes of the whole envelope. */
  readonly length: number;
  /** Whether the drop-box has anything of the upload. */
  readonly hasAny: () => boolean;
  /** Whether anything of it is not held here any more. */
  readonly letGo: () => boolean;
  readonly changed: () => void;
}

/** Contiguous segments that travel one after the other, and resume on their own. */
export class Lane {
  readonly effort: Effort;
  #passed: Promise<void>;
  #pass: () => void = () => undefined;
  readonly #around: Surroundings;
  readonly #part: Creation['part'];
  readonly #lastSegment: number;
  readonly #start: number;
  readonly #end: number;
  readonly #pieces = new Pieces();
  #path: UploadPath | undefined;
  #tree: string | undefined;
  #beginnings = 0;
  /** Where in the envelope the acknowledged bytes end. */
  #acknowledged: number;
  /** The same, as far as it counted as progress. */
  #furthest: number;
  /** The end of what was ever handed to the network. */
  #sent: number;
  /** Where the segments begin that are still held. */
  #held: number;
  #inFlight = 0;
  /** Whether the drop-box may stand elsewhere. */
  #unsure = false;

  constructor(around: Surroundings, part: Creation['part'], segments: { from: number; to: number }) {
    this.#around = around;
    this.#part = part;
    this.#lastSegment = segments.to - 1;
    this.#start = segments.from * SEGMENT;
    this.#end = Math.min(segments.to * SEGMENT, around.length);
    this.#acknowledged = this.#furthest = this.#sent = this.#held = this.#start;
    this.effort = new Effort(around.box, around.waits, around.changed);
    this.#passed = new Promise((resolve) => (this.#pass = resolve));
  }

  get path(): UploadPath | undefined {
    return this.#path;
  }

  /** Resolves once the drop-box has bytes of it. */
  get passed(): Promise<void> {
    return this.#passed;
  }

  get tree(): string | undefined {
    return this.#tree;
  }

  get acknowledged(): number {
    return this.#acknowledged - this.#start;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Whether a segment of it arrived whole, and is not held any more. */
  get letGo(): boolean {
    return this.#held > this.#start;
  }

  get allSent(): boolean {
    return this.#sent === this.#end;
  }

  get isDone(): boolean {
    return this.#acknowledged === this.#end;
  }

  /** Begins anew. Whoever calls it has made sure that every segment is still held. */
  reset(): void {
    this.#path = this.#tree = undefined;
    this.#acknowledged = this.#furthest = this.#sent = this.#start;
    this.#passed = new Promise((resolve) => (this.#pass = resolve));
  }

  /** Brings all of it to the drop-box. Throws `Unknown` when that does not know it any more. */
  async run(parent: UploadPath | undefined, signal: AbortSignal): Promise<void> {
    // What a halted attempt brought, only the drop-box knows.
    this.#unsure = true;
    while (!this.isDone) {
      try {
        await this.#attempt(parent, signal);
      } catch (error) {
        this.#unsure = true;
        await this.#recover(error, signal);
      }
    }
  }

  async #attempt(parent: UploadPath | undefined, signal: AbortSignal): Promise<void> {
    if (this.#path === undefined) await this.#create(parent, signal);
    else if (this.#unsure) await this.#ask(this.#path, signal);
    this.#unsure = false;
    while (!this.isDone) await this.#push(signal);
  }

  async #recover(error: unknown, signal: AbortSignal): Promise<void> {
    if (error instanceof Later && error.why === 'full' && !this.#around.hasAny()) throw new Never('full');
    const later = this.#part === 'later';
    const lost = later ? this.letGo : this.#around.letGo() || (this.#part === 'whole' && this.allSent);
    if (!(error instanceof Unknown) || this.#path === undefined || lost) return this.effort.rest(error, signal);
    // Nothing is lost with it. A later lane is simply made again; on the first the others depend.
    this.#beginnings += 1;
    if (!later || this.#beginnings === MOST_BEGINNINGS) throw error;
    this.reset();
    await this.effort.rest(new Later('busy'), signal);
  }

  async #create(parent: UploadPath | undefined, signal: AbortSignal): Promise<void> {
    const { box } = this.#around;
    const length = this.#end - this.#start;
    const terms = this.effort.terms(ANSWER_PATIENCE, signal);
    if (this.#part === 'later') {
      const what = { length, part: this.#part, parent };
      const [path, stand] = await create(box, what, terms).catch(async (error: unknown) => {
        if (!(error instanceof Never) || error.why !== 'forbidden' || parent === undefined) throw error;
        // Either the first lane is gone, or lanes whose creation was never answered still take the places.
        await head(box, parent, terms);
        throw new Later('busy');
      });
      this.#path = path;
      return this.#believe(stand);
    }
    // The header alone goes with the creation: the gate opens or stays shut before the rest is sent, and
    // a commit can never come of a creation whose answer was lost.
    const segment = await this.#segment(signal);
    const body = segment.subarray(0, Math.min(HEADER, length - 1));
    this.#sent = Math.max(this.#sent, this.#start + body.length);
    const [path, stand] = await create(box, { length, part: this.#part, body }, terms);
    this.#path = path;
    this.#believe(stand);
  }

  async #ask(path: UploadPath, signal: AbortSignal): Promise<void> {
    this.#believe(await head(this.#around.box, path, this.effort.terms(ANSWER_PATIENCE, signal)));
  }

  async #push(signal: AbortSignal): Promise<void> {
    const { box, waits } = this.#around;
    const path = this.#path;
    if (path === undefined) throw new Unknown();
    const segment = await this.#segment(signal);
    const from = this.#acknowledged - this.#held;
    const body = segment.subarray(from, from + this.#pieces.size);
    const begin = this.#acknowledged;
    const end = begin + body.length;
    this.#sent = Math.max(this.#sent, end);
    this.#inFlight = body.length;
    this.#around.changed();
    const started = box.clock.now();
    const terms = (inner: AbortSignal) =>
      this.effort.terms(ANSWER_PATIENCE + body.length / BYTES_A_MILLISECOND, inner);
    try {
      const stand = await watched(
        waits,
        signal,
        (inner) => patch(box, path, begin - this.#start, body, terms(inner)),
        (inner) => head(box, path, this.effort.terms(PROBE_PATIENCE, inner)),
      );
      this.#inFlight = 0;
      this.#believe(stand);
    } catch (error) {
      if (error instanceof Later) this.#pieces.shrink();
      throw error;
    } finally {
      this.#inFlight = 0;
    }
    // The same again and again, without a pause, would follow from an answer that took less.
    if (this.#acknowledged < end) throw new Later('busy');
    this.#pieces.took(box.clock.now() - started);
  }

  /** The segment that comes next; the one after it is sealed meanwhile. */
  async #segment(signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    const index = this.#held / SEGMENT;
    const segment = this.#around.seals.segment(index);
    if (index < this.#lastSegment) this.#around.seals.ahead(index + 1);
    return orElse(signal, segment);
  }

  /** Takes the drop-box's word, as far as it can be true. */
  #believe(stand: Stand): void {
    const length = this.#end - this.#start;
    const offset = this.#start + stand.offset;
    if (stand.length !== undefined && stand.length !== length) throw new Never('nonsense');
    if (offset > this.#sent) throw new Never('nonsense');
    if (stand.tree !== undefined && (this.#part !== 'whole' || stand.offset !== length)) throw new Never('nonsense');
    if (offset < this.#held) throw new Never('lost-bytes');
    this.#tree = stand.tree;
    this.#acknowledged = offset;
    if (stand.offset > 0) this.#pass();
    for (let end = this.#segmentEnd(); offset >= end && this.#held < this.#end; end = this.#segmentEnd()) {
      this.#around.seals.release(this.#held / SEGMENT);
      this.#held = end;
    }
    this.effort.found();
    if (offset >= this.#furthest + LEAST_PROGRESS || offset === this.#end) {
      this.#furthest = offset;
      this.effort.renew();
    }
    this.#around.changed();
  }

  #segmentEnd(): number {
    return Math.min(this.#held + SEGMENT, this.#end);
  }
}
