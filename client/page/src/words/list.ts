/** The lists of words, and how a typed word is found in one. */

import { wellFormed } from '../envelope/text.ts';

/** How many words there are: twelve of a list, and one that shows a slip. */
export const WORDS = 13;
/** So many first letters say which word it is, in the lists whose makers saw to that. */
const TELLING_LETTERS = 4;

/** The ten official lists, in the order of words.txt. Each language by its own name. */
export const TONGUES = [
  ['english', 'English'],
  ['simplified-chinese', '简体中文'],
  ['traditional-chinese', '繁體中文'],
  ['czech', 'Čeština'],
  ['french', 'Français'],
  ['italian', 'Italiano'],
  ['japanese', '日本語'],
  ['korean', '한국어'],
  ['portuguese', 'Português'],
  ['spanish', 'Español'],
] as const;

export type Tongue = (typeof TONGUES)[number][0];

/** In these lists a word is more than letters, or its beginning says nothing. */
const WITHOUT_LETTERS: readonly Tongue[] = ['simplified-chinese', 'traditional-chinese'];
const WITHOUT_BEGINNINGS: readonly Tongue[] = [...WITHOUT_LETTERS, 'japanese', 'korean'];

/** One list, ready to be searched. */
export class List {
  readonly tongue: Tongue;
  readonly words: readonly string[];
  /** Each word without its accents. */
  readonly bare: readonly string[];
  readonly #folded: ReadonlyMap<string, number>;

  constructor(tongue: Tongue, words: readonly string[]) {
    this.tongue = tongue;
    this.words = words;
    const folds = words.map(folded);
    this.#folded = new Map(folds.map((word, place) => [word, place]));
    this.bare = folds.map(withoutAccents);
  }

  get isAlphabetic(): boolean {
    return !WITHOUT_LETTERS.includes(this.tongue);
  }

  /** Which word was typed: as it is, else without its accents, else by its first letters. */
  placeOf(typed: string): number | undefined {
    const exact = this.#folded.get(typed);
    if (exact !== undefined) return exact;
    const bare = withoutAccents(typed);
    return this.#only((word) => word === bare) ?? this.#byFirstLetters(bare);
  }

  #byFirstLetters(typed: string): number | undefined {
    const isPromised = !WITHOUT_BEGINNINGS.includes(this.tongue) && [...typed].length >= TELLING_LETTERS;
    return isPromised ? this.#only((word) => word.startsWith(typed)) : undefined;
  }

  /** The place of the one word for which this is true. */
  #only(fits: (word: string) => boolean): number | undefined {
    const first = this.bare.findIndex(fits);
    if (first < 0 || this.bare.findLastIndex(fits) !== first) return undefined;
    return first;
  }
}

/** All lists, out of words.txt: a word a line, an empty line between two lists. */
export function readLists(text: string): List[] {
  const lists = text.trim().split('\n\n');
  return TONGUES.map(([tongue], at) => {
    const words = lists[at]?.split('\n') ?? [];
    if (words.length !== 2_048) throw new Error('the lists of words are not whole');
    return new List(tongue, words);
  });
}

/**
 * The words of a text, as they are compared. Whatever is no letter stands between words, so that numbers, commas and any
 * kind of blank do no harm; a Chinese character is a word.
 */
export function tokens(text: string): string[] {
  const pattern = /[\u3400-\u4dbf\u4e00-\u9fff\u{20000}-\u{3ffff}]|(?:(?![\u3400-\u4dbf\u4e00-\u9fff\u{20000}-\u{3ffff}])[\p{Alphabetic}\u0300-\u036f\u3099\u309a])+/gu;
  return folded(text).match(pattern) ?? [];
}

/** Decomposed (NFKD), in small letters, and katakana as hiragana. */
function folded(text: string): string {
  const small = Array.from(wellFormed(text).normalize('NFKD'), (letter) => letter.toLowerCase()).join('');
  return small.replace(/[\u30a1-\u30f6]/g, (letter) => String.fromCharCode(letter.charCodeAt(0) - 0x60));
}

function withoutAccents(word: string): string {
  return word.replace(/[\u0300-\u036f]/g, '');
}
