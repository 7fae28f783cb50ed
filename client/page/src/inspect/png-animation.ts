// The frames of a moving PNG (third edition, 11.3.6): as many as it says, each one whole.
import { Region, u32be } from './bytes.ts';
import type { Head } from './png-head.ts';

/** More turns than anybody watches. */
const MOST_TURNS = 0xffff;

/** More frames than a picture that moves has: each is unpacked by itself. */
const MOST_FRAMES = 4_096;

/** A frame with a stream of its own. */
export interface MovingFrame {
  readonly head: Head;
  readonly parts: Blob[];
}

/** A picture that moves, while it is looked at. */
export class Animation {
  readonly #frames: number;
  #begun = 0;
  #next = 0;
  #whole = true;
  /** The frame that goes on, if it has a stream of its own. */
  #goesOn = false;
  readonly frames: MovingFrame[] = [];

  private constructor(frames: number) {
    this.#frames = frames;
  }

  /** Takes the chunk that says that it moves. */
  static of(body: Uint8Array): Animation | undefined {
    const [frames = 0, turns = 0] = [u32be(body, 0), u32be(body, 4)];
    return body.length === 8 && frames > 0 && turns <= MOST_TURNS ? new Animation(frames) : undefined;
  }

  /** Whether it has more frames than can be followed. */
  isEndless(): boolean {
    return Math.max(this.#frames, this.#begun) > MOST_FRAMES;
  }

  /** Begins a frame. The first may be the picture itself, before whose bytes it stands then. */
  begin(body: Uint8Array, head: Head, beforePicture: boolean): void {
    this.#begun += 1;
    this.#goesOn = false;
    if (!this.#isFrame(body, head, beforePicture)) this.#whole = false;
  }

  /** Goes on with a frame. */
  add(number: number, part: Blob): void {
    if (!this.#counted(number) || !this.#goesOn) this.#whole = false;
    else this.frames.at(-1)?.parts.push(part);
  }

  /** Whether there were as many as it says, each in its turn. */
  isWhole(): boolean {
    return this.#whole && this.#begun === this.#frames;
  }

  #isFrame(body: Uint8Array, head: Head, beforePicture: boolean): boolean {
    if (body.length !== 26) return false;
    const region = new Region(body);
    if (!this.#counted(region.u32(0))) return false;
    const [across, down, right, below] = [region.u32(4), region.u32(8), region.u32(12), region.u32(16)];
    const inside = across > 0 && down > 0 && right + across <= head.across && below + down <= head.down;
    const isPicture = across === head.across && down === head.down;
    // How it takes the place of the one before.
    if (!inside || region.u8(24) > 2 || region.u8(25) > 1 || (beforePicture && !isPicture)) return false;
    if (beforePicture) return this.#begun === 1;
    this.frames.push({ head: { ...head, across, down }, parts: [] });
    this.#goesOn = true;
    return true;
  }

  #counted(number: number): boolean {
    this.#next += 1;
    return number === this.#next - 1;
  }
}
