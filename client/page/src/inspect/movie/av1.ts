// The configuration of AV1 (its encapsulation in ISO BMFF, 2.3): the head of the sequence, and nothing else.
import { Bits, Reader } from './reader.ts';

/** The body of an `av1C`. */
export function av1(bytes: Uint8Array): number[] | undefined {
  const from = new Reader(bytes);
  const [first, profile = 0, depth = 0, delay = 0] = from.take(4);
  if (first !== 0x81) return undefined;
  const out = [first, profile, depth, (delay & 0x10) === 0 ? 0 : delay & 0x1f];
  // An encoder may leave it out here.
  if (from.at === bytes.length) return out;
  // Of the kind of a head, with its length behind, which is short.
  const [kind, length = 0] = from.take(2);
  if (kind !== 0x0a || length < 1 || length > 0x7f) return undefined;
  const head = from.take(length);
  // A decoder would take for a unit what stands behind it.
  return from.at === bytes.length && isSequence(head) ? [...out, kind, length, ...head] : undefined;
}

/** Whether a head of a sequence (AV1, 5.5) ends where its bytes do. */
function isSequence(bytes: Uint8Array): boolean {
  const from = new Bits(bytes);
  const profile = from.take(3);
  from.take(1);
  const reduced = from.isSet();
  if (reduced) from.take(5);
  else operatingPoints(from);
  const [across, down] = [from.take(4), from.take(4)];
  from.take(across + 1);
  from.take(down + 1);
  if (!reduced && from.isSet()) from.take(7);
  from.take(3);
  if (!reduced) tools(from);
  from.take(3);
  colours(from, profile);
  from.take(1);
  // A one, and zeros to the end of its byte.
  return from.isSet() && from.rest < 8 && from.isEmpty();
}

function operatingPoints(from: Bits): void {
  let model = 0;
  if (from.isSet()) {
    from.take(32);
    from.take(32);
    if (from.isSet()) long(from);
    if (from.isSet()) {
      model = from.take(5) + 1;
      from.take(32);
      from.take(10);
    }
  }
  const delays = from.isSet();
  for (let left = from.take(5); left >= 0; left -= 1) {
    from.take(12);
    if (from.take(5) > 7) from.take(1);
    if (model > 0 && from.isSet()) {
      from.take(model);
      from.take(model);
      from.take(1);
    }
    if (delays && from.isSet()) from.take(4);
  }
}

/** A number as long as its zeros say. */
function long(from: Bits): void {
  let zeros = 0;
  while (!from.isSet()) zeros += 1;
  if (zeros < 32) from.take(zeros);
}

function tools(from: Bits): void {
  from.take(4);
  const order = from.isSet();
  if (order) from.take(2);
  const screen = from.isSet() ? 2 : from.take(1);
  if (screen > 0 && !from.isSet()) from.take(1);
  if (order) from.take(3);
}

function colours(from: Bits, profile: number): void {
  const deep = from.isSet();
  const deeper = profile === 2 && deep && from.isSet();
  const grey = profile !== 1 && from.isSet();
  const described = from.isSet() ? from.take(24) : 0x2_0202;
  if (grey) {
    from.take(1);
    return;
  }
  // sRGB has every point of each colour.
  if (described !== 0x1_0d00) {
    from.take(1);
    const halved = profile === 0 || (profile !== 1 && (!deeper || from.isSet()));
    const both = profile === 0 || (deeper && halved && from.isSet());
    if (halved && both) from.take(2);
  }
  from.take(1);
}
