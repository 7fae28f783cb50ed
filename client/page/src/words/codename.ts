/** A codename as words: twelve of a BIP39 list, and a thirteenth that shows a slip. */
import { entropyToMnemonic } from '@scure/bip39';
import { type Bytes, fromHex } from '../envelope/bytes.ts';
import { checkWord, ENTROPY } from '../envelope/codename.ts';
import { sha256 } from '../envelope/digest.ts';
import { type List, type Tongue, tokens, WORDS } from './list.ts';
import { type Found, slips, type Slip } from './slip.ts';

/** What typed words lead to. Words that are right in two lists lead to two codenames. */
export type Reading =
  | { readonly kind: 'right'; readonly entropies: readonly Bytes[] }
  | { readonly kind: 'none' }
  | { readonly kind: 'count'; readonly count: number }
  | { readonly kind: 'no-thirteenth' }
  | { readonly kind: 'slips'; readonly slips: readonly Slip[] }
  /** Each word stands in a list, but they do not belong together. */
  | { readonly kind: 'together' };

/** The words of a codename in this language, in their order. */
export function spelled(entropy: Bytes, lists: readonly List[], tongue: Tongue): string[] {
  const list = lists.find((list) => list.tongue === tongue);
  if (list === undefined || entropy.length !== ENTROPY) throw new Error('no such list, or no codename');
  const twelve = entropyToMnemonic(entropy, [...list.words]).split(/[ \u3000]/u);
  return [...twelve, list.words[checkWord(entropy)] ?? ''];
}

/** Reads words back, however they are spelled. */
export function readWords(text: string, lists: readonly List[]): Reading {
  const typed = tokens(text);
  if (typed.length === 0) return { kind: 'none' };
  if (typed.length > WORDS || typed.length < WORDS - 1) return { kind: 'count', count: typed.length };
  const found: Found[] = lists.map((list) => ({ list, places: typed.map((word) => list.placeOf(word)) }));
  const whole = found.filter(({ places }) => !places.includes(undefined));
  if (whole.length === 0) return { kind: 'slips', slips: slips(typed, found, right) };
  if (typed.length < WORDS) return { kind: 'no-thirteenth' };
  const entropies = whole
    .map(({ places }) => right(places.map((place) => place ?? 0)))
    .filter((entropy) => entropy !== undefined);
  return entropies.length === 0 ? { kind: 'together' } : { kind: 'right', entropies };
}

/**
 * The codename of thirteen words, if BIP39's checksum and the thirteenth word are right. Not by the package that spells
 * them: to find one wrong word this is asked two thousand times, without a just-in-time compiler.
 */
function right(places: readonly number[]): Bytes | undefined {
  // Twelve words are 132 bits: the entropy, and the first four bits of its hash.
  const bits = places.slice(0, WORDS - 1).reduce((bits, place) => bits * 2_048n + BigInt(place), 0n);
  const entropy = fromHex((bits / 16n).toString(16).padStart(2 * ENTROPY, '0'));
  if (entropy === undefined || Math.floor((sha256(entropy)[0] ?? 0) / 16) !== Number(bits % 16n)) return undefined;
  return checkWord(entropy) === places[WORDS - 1] ? entropy : undefined;
}
