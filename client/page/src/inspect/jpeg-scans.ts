// The frame of a JPEG and its scans: each adds something to the picture that was not there before.
import { latin, u16be } from './bytes.ts';
import type { Slot } from './jpeg-tables.ts';

/** A coefficient of which nothing is known yet. */
const NOTHING = 255;

/**
 * A component: how it is sampled, which steps it has, and how many of the lowest bits of each coefficient are still
 * missing.
 */
interface Component {
  readonly name: number;
  readonly across: number;
  readonly down: number;
  readonly steps: number;
  readonly missing: Uint8Array;
}

/** A scan that adds something. */
export interface Scan {
  /** Its head, made anew. */
  readonly head: readonly number[];
  /** What it needs. */
  readonly slots: readonly Slot[];
  /** So many units it has. */
  readonly units: number;
}

/** The picture as its head describes it. */
export class Frame {
  readonly #progressive: boolean;
  readonly #across: number;
  readonly #down: number;
  readonly #components: readonly Component[];

  private constructor(progressive: boolean, across: number, down: number, components: readonly Component[]) {
    this.#progressive = progressive;
    this.#across = across;
    this.#down = down;
    this.#components = components;
  }

  /** Takes a frame that browsers show (ITU-T T.81, B.2.2): baseline, extended or progressive. */
  static of(marker: number, body: Uint8Array): Frame | undefined {
    const [down = 0, across = 0] = [u16be(body, 1), u16be(body, 3)];
    const [depth, count = 0] = [body[0], body[5]];
    const deep = depth === 8 || (marker === 0xc1 && depth === 12);
    if (body.length !== 6 + 3 * count || !deep || across === 0 || down === 0) return undefined;
    const components: Component[] = [];
    for (let at = 6; at < body.length; at += 3) {
      const [name = 0, samples = 0, steps = 0] = body.subarray(at, at + 3);
      const [wide, high] = [samples >> 4, samples & 15];
      if (wide < 1 || wide > 4 || high < 1 || high > 4 || steps > 3) return undefined;
      components.push({ name, across: wide, down: high, steps, missing: new Uint8Array(64).fill(NOTHING) });
    }
    // Names that readers know: numbers from zero or one, or colours.
    const names = latin(Uint8Array.from(components, ({ name }) => name));
    const known = ['\x00\x01\x02\x03', '\x01\x02\x03\x04', 'RGB', 'CMYK'];
    if (names === '' || !known.some((all) => all.startsWith(names))) return undefined;
    return new Frame(marker === 0xc2, across, down, components);
  }

  /** Takes the head of a scan (B.2.3), if it adds to the picture what it does not have. */
  scan(body: Uint8Array): Scan | undefined {
    const count = body[0] ?? 0;
    if (count === 0 || body.length !== 4 + 2 * count) return undefined;
    const bits = body[3 + 2 * count] ?? 0;
    const [first, last, high, low] = this.#progressive
      ? [body[1 + 2 * count] ?? 0, body[2 + 2 * count] ?? 0, bits >> 4, bits & 15]
      : [0, 63, 0, 0];
    const range = first === 0 ? last === 0 || !this.#progressive : last <= 63 && first <= last && count === 1;
    if (!range || low > 13) return undefined;
    const head = [count];
    const slots: Slot[] = [];
    const chosen: Component[] = [];
    let next = 0;
    for (let at = 1; at <= 2 * count; at += 2) {
      const [name, tables = 0] = [body[at], body[at + 1]];
      next = this.#components.findIndex((one, index) => index >= next && one.name === name) + 1;
      const component = this.#components[next - 1];
      if (component === undefined || !add(component.missing, first, last, high, low)) return undefined;
      chosen.push(component);
      slots.push(`steps-${component.steps}`);
      const differences = first === 0 && high === 0 ? tables >> 4 : undefined;
      const details = last > 0 ? tables & 15 : undefined;
      if (differences !== undefined) slots.push(`differences-${differences}`);
      if (details !== undefined) slots.push(`details-${details}`);
      head.push(component.name, ((differences ?? 0) << 4) | (details ?? 0));
    }
    head.push(first, last, (high << 4) | low);
    return { head, slots, units: this.#units(chosen) };
  }

  /** Whether all of the picture is there, as far as it can be shown. */
  isWhole(): boolean {
    return this.#components.every(({ missing }) => missing[0] !== NOTHING);
  }

  /** How many units a scan of these components has (A.2). */
  #units(chosen: readonly Component[]): number {
    const wide = Math.max(...this.#components.map(({ across }) => across));
    const high = Math.max(...this.#components.map(({ down }) => down));
    const [one] = chosen;
    if (one === undefined || chosen.length > 1) return Math.ceil(this.#across / (8 * wide)) * Math.ceil(this.#down / (8 * high));
    const count = (all: number, own: number, most: number): number => Math.ceil(Math.ceil((all * own) / most) / 8);
    return count(this.#across, one.across, wide) * count(this.#down, one.down, high);
  }
}

/** Notes that these coefficients are known up to so many bits now, which were so many before, if that is so. */
function add(all: Uint8Array, first: number, last: number, before: number, now: number): boolean {
  // Details come after the brightness that they are of.
  if (first > 0 && all[0] === NOTHING) return false;
  for (let index = first; index <= last; index += 1) {
    const refines = before > 0 && all[index] === before && before === now + 1;
    const begins = before === 0 && all[index] === NOTHING;
    if (!refines && !begins) return false;
    all[index] = now;
  }
  return true;
}
