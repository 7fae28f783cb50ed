import type { Parcel } from '../parcel.ts';
import { Arrival } from './arrival.ts';
import { Waits } from './clock.ts';
import { Effort } from './effort.ts';
import { Lane, type Surroundings } from './lane.ts';
import { Rate } from './pace.ts';
import { Seals } from './seals.ts';
import { Halt, Never, Unknown, type Waiting, type Why } from './trouble.ts';
import { terminate } from './tus.ts';
import { orElse, type DropBox } from './wire.ts';

/** How an upload ended. */
export type UploadEnd =
  /** The drop-box has made a drop of it, and its tree hash is ours. */
  | { readonly kind: 'matches' }
  /** It has a drop, and it is not what was sent. */
  | { readonly kind: 'differs' }
  /** Everything was sent, and it does not know the upload any more, or the source stopped right then. */
  | { readonly kind: 'may-have-arrived' }
  | { readonly kind: 'refused'; readonly why: Why }
  | { readonly kind: 'stopped' };

/** How far an upload is. */
export interface Progress {
  readonly state: 'sending' | 'waiting' | 'paused' | 'finishing';
  /** Bytes that are on the drop-box's disk. */
  readonly acknowledged: number;
  /** Bytes beyond them that were handed to the network. */
  readonly inFlight: number;
  readonly length: number;
  /** Bytes acknowledged a second, over the last minute. */
  readonly rate: number | undefined;
  readonly secondsLeft: number | undefined;
  /** Why nothing moves, and how long until the next attempt. */
  readonly waiting: { readonly why: Waiting; readonly milliseconds: number } | undefined;
}

export interface UploadOptions {
  /** At most so many go at once; 3 unless told. */
  readonly lanes?: 1 | 2 | 3;
  readonly onProgress?: (progress: Progress) => void;
}

const MOST_AT_ONCE = 3;
/**
 * An upload may have so many. They are more than go at once, because lanes never come in together: the last one has the
 * line for itself, and waits for an answer after each piece. Short ones leave little of that.
 */
const MOST_LANES = 8;
/** A lane of fewer segments is not worth its requests. */
const SEGMENTS_A_LANE = 2;
/** A drop-box may forget an upload so often while all of it is still held. */
const MOST_BEGINNINGS = 4;
/** How long to tell a drop-box that nothing more comes. */
const GOODBYE = 20_000;

/**
 * One parcel on its way. It goes on by itself after whatever may pass, until it has arrived, was refused,
 * or the source stops it.
 */
export class Upload {
  readonly #box: DropBox;
  readonly #seals: Seals;
  readonly #waits: Waits;
  readonly #lanes: readonly [Lane, ...Lane[]];
  readonly #arrival: Arrival;
  readonly #length: number;
  readonly #atOnce: number;
  readonly #onProgress: (progress: Progress) => void;
  readonly #rate = new Rate();
  #beginnings = 0;
  #halted: 'paused' | 'stopped' | undefined;
  /** Ends what runs when the source halts it. */
  #turn = new AbortController();
  /** Goes on after a pause. */
  #resumed: () => void = () => undefined;

  constructor(box: DropBox, parcel: Parcel, options: UploadOptions = {}) {
    this.#box = box;
    this.#length = parcel.length;
    this.#atOnce = options.lanes ?? MOST_AT_ONCE;
    this.#seals = new Seals(parcel);
    this.#waits = new Waits(box.clock);
    this.#onProgress = options.onProgress ?? (() => undefined);
    const changed = () => this.#report();
    const around: Surroundings = {
      box,
      seals: this.#seals,
      waits: this.#waits,
      length: parcel.length,
      hasAny: () => this.#acknowledged() > 0,
      letGo: () => this.#lanes.some((lane) => lane.letGo),
      changed,
    };
    this.#lanes = lanes(around, parcel.segments, this.#atOnce);
    this.#arrival = new Arrival(box, parcel.length, new Effort(box, this.#waits, changed));
  }

  /** Sends everything. Rejects only with what the parcel rejects with. */
  async run(): Promise<UploadEnd> {
    const wake = () => this.#waits.wake();
    for (const event of WAKING) this.#box.line?.addEventListener(event, wake);
    try {
      const end = await this.#untilItEnds();
      if (end.kind === 'refused' || this.#halted === 'stopped') this.#sayGoodbye();
      return end;
    } catch (error) {
      this.#sayGoodbye();
      throw error;
    } finally {
      this.#turn.abort();
      for (const event of WAKING) this.#box.line?.removeEventListener(event, wake);
    }
  }

  /** Nothing more is sent until it is resumed. What is on its way is cut; the drop-box keeps what it has. */
  pause(): void {
    if (this.#halted !== undefined) return;
    this.#halted = 'paused';
    this.#turn.abort();
    this.#report();
  }

  /** Goes on after a pause; otherwise tries at once what waits. */
  resume(): void {
    if (this.#halted === 'paused') {
      this.#halted = undefined;
      this.#turn = new AbortController();
      this.#rate.forget();
      this.#resumed();
    }
    this.#waits.wake();
  }

  /** Ends it, and tells the drop-box to forget what it has. */
  stop(): void {
    this.#halted = 'stopped';
    this.#turn.abort();
    this.#resumed();
  }

  async #untilItEnds(): Promise<UploadEnd> {
    for (;;) {
      if (this.#halted === 'stopped') return this.#mayBeThere() ? { kind: 'may-have-arrived' } : { kind: 'stopped' };
      if (this.#halted === 'paused') {
        this.#report();
        await new Promise<void>((resolve) => (this.#resumed = resolve));
        continue;
      }
      try {
        const tree = await this.#toTheEnd(this.#turn.signal);
        const own = await this.#seals.tree();
        return { kind: tree === own ? 'matches' : 'differs' };
      } catch (error) {
        if (error instanceof Never) return { kind: 'refused', why: error.why };
        if (error instanceof Unknown) {
          if (this.#mayBeThere()) return { kind: 'may-have-arrived' };
          if (!this.#beginAgain()) return { kind: 'refused', why: 'forgotten' };
        } else if (!(error instanceof Halt)) {
          throw error;
        }
      }
    }
  }

  async #toTheEnd(turn: AbortSignal): Promise<string> {
    const [first, ...later] = this.#lanes;
    const running = new AbortController();
    let cause: unknown;
    const end = () => running.abort();
    turn.addEventListener('abort', end);
    const waiting = [...this.#lanes];
    const run = async () => {
      try {
        for (let lane = waiting.shift(); lane !== undefined; lane = waiting.shift()) {
          if (lane !== first) await orElse(running.signal, first.passed);
          await lane.run(first.path, running.signal);
        }
      } catch (error) {
        // Lanes stand and fall together.
        if (!running.signal.aborted) {
          cause = error;
          end();
        }
      }
    };
    if (turn.aborted) throw new Halt();
    await Promise.all(Array.from({ length: this.#atOnce }, run));
    turn.removeEventListener('abort', end);
    if (turn.aborted) throw new Halt();
    if (running.signal.aborted) throw cause;
    this.#report();
    const paths = this.#lanes.map((lane) => lane.path).filter((path) => path !== undefined);
    if (first.tree !== undefined) return first.tree;
    if (later.length > 0) return this.#arrival.ofLanes(paths, turn);
    const [path] = paths;
    if (path === undefined) throw new Unknown();
    return this.#arrival.ofOne(path, turn);
  }

  /** Whether the drop may be there although nobody has said so. */
  #mayBeThere(): boolean {
    const [first, ...later] = this.#lanes;
    return this.#arrival.mayBeThere || (later.length === 0 && first.allSent);
  }

  #beginAgain(): boolean {
    this.#beginnings += 1;
    if (this.#beginnings === MOST_BEGINNINGS || this.#lanes.some((lane) => lane.letGo)) return false;
    for (const lane of this.#lanes) lane.reset();
    return true;
  }

  /** So that nothing of it stays there. It is no harm if this is not heard: an upload expires, and a drop stays. */
  #sayGoodbye(): void {
    const terms = { patience: GOODBYE, signal: new AbortController().signal };
    for (const { path } of this.#lanes) {
      if (path !== undefined) terminate(this.#box, path, terms).catch(() => undefined);
    }
  }

  #acknowledged(): number {
    return this.#lanes.reduce((sum, lane) => sum + lane.acknowledged, 0);
  }

  #report(): void {
    const acknowledged = this.#acknowledged();
    const now = this.#box.clock.now();
    this.#rate.note(now, acknowledged);
    const rate = this.#rate.perSecond(now);
    const inFlight = this.#lanes.reduce((sum, lane) => sum + lane.inFlight, 0);
    const efforts = [...this.#lanes.map((lane) => lane.effort), this.#arrival.effort];
    const waiting = inFlight > 0 ? undefined : efforts.find((effort) => effort.waiting !== undefined)?.waiting;
    const state = this.#halted === undefined ? this.#state(acknowledged, waiting !== undefined) : 'paused';
    this.#onProgress({
      state,
      acknowledged,
      inFlight,
      length: this.#length,
      rate,
      secondsLeft: rate === undefined ? undefined : Math.ceil((this.#length - acknowledged) / rate),
      waiting,
    });
  }

  #state(acknowledged: number, waits: boolean): Progress['state'] {
    if (waits) return 'waiting';
    return acknowledged === this.#length ? 'finishing' : 'sending';
  }
}

/** What says that the line may be back, or the machine awake. */
const WAKING = ['online', 'focus', 'pageshow', 'visibilitychange'] as const;

/** Contiguous lanes, so that one may rest while the others fill the line; one for a parcel of few segments. */
function lanes(around: Surroundings, segments: number, atOnce: number): readonly [Lane, ...Lane[]] {
  const number = atOnce === 1 ? 1 : Math.min(Math.floor(segments / SEGMENTS_A_LANE), MOST_LANES);
  if (number < atOnce || number === 1) return [new Lane(around, 'whole', { from: 0, to: segments })];
  const border = (lane: number) => Math.floor((lane * segments) / number);
  const first = new Lane(around, 'first', { from: 0, to: border(1) });
  const later = Array.from({ length: number - 1 }, (_, at) => {
    return new Lane(around, 'later', { from: border(at + 1), to: border(at + 2) });
  });
  return [first, ...later];
}
