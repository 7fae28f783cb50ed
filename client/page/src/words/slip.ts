/** A word that stands in no list, and what it may have been. */
import { type List, WORDS } from './list.ts';

/** Words that differ in more letters are not taken for slips of each other. */
const MOST_SLIPS = 2;
/** Where fewer words stand in one list, it is not known which list is meant, and none is searched: that would take long. */
const LEAST_KNOWN = 7;
/** So many words are named as what was meant. */
const MOST_NAMED = 3;
/** More letters than any word has are no slip. */
const MOST_LETTERS = 24;

export interface Slip {
  /** Its place among the words, from 1. */
  readonly place: number;
  readonly typed: string;
  /** What it may have been, the likeliest first. */
  readonly mayBe: readonly string[];
}

/** What stands in a list of what was typed. */
export interface Found {
  readonly list: List;
  readonly places: readonly (number | undefined)[];
}

type Right = (places: readonly number[]) => unknown;

/** Looks in the lists in which most of the words stand for what the others may have been. */
export function slips(typed: readonly string[], found: readonly Found[], right: Right): Slip[] {
  const most = Math.max(...found.map(known));
  const nearest = found.filter((found) => known(found) === most);
  const isMissing = (place: number): boolean => nearest.some(({ places }) => places[place] === undefined);
  return typed.flatMap((word, place) =>
    isMissing(place) ? [{ place: place + 1, typed: word, mayBe: most < LEAST_KNOWN ? [] : mayBe(place, word, nearest, right) }] : [],
  );
}

function known({ places }: Found): number {
  return places.filter((place) => place !== undefined).length;
}

/** First what makes all the words right, then what looks like it. */
function mayBe(place: number, typed: string, nearest: readonly Found[], right: Right): string[] {
  const named: { fits: boolean; like: number; word: string }[] = [];
  for (const found of nearest) {
    if (found.places[place] !== undefined) continue;
    found.list.words.forEach((word, index) => {
      const like = found.list.isAlphabetic ? distance(typed, found.list.bare[index] ?? '') : Infinity;
      const fits = isRightWith(found, place, index, right);
      if (fits || like < [...typed].length) named.push({ fits, like, word });
    });
  }
  named.sort((one, other) => Number(other.fits) - Number(one.fits) || one.like - other.like);
  return [...new Set(named.map(({ word }) => word))].slice(0, MOST_NAMED);
}

/** Whether all the words are right with this one in the one place that is open. */
function isRightWith(found: Found, place: number, index: number, right: Right): boolean {
  if (found.places.length !== WORDS || known(found) + 1 !== WORDS) return false;
  const places = found.places.map((known, at) => (at === place ? index : (known ?? 0)));
  return right(places) !== undefined;
}

/** How many letters are wrong, missing, too many, or exchanged with the next one; infinite when these are too many. */
function distance(typed: string, word: string): number {
  const [one, other] = [[...typed], [...word]];
  if (one.length > MOST_LETTERS || Math.abs(one.length - other.length) > MOST_SLIPS) return Infinity;
  // Row by row: each cell is the distance of the beginnings that end there.
  let before: number[] = [];
  let row = Array.from({ length: other.length + 1 }, (_, at) => at);
  one.forEach((letter, at) => {
    const next = [at + 1];
    other.forEach((wanted, column) => {
      const cell = (row: readonly number[], place: number): number => row[place] ?? Infinity;
      let least = Math.min(
        cell(row, column) + Number(letter !== wanted),
        cell(row, column + 1) + 1,
        cell(next, column) + 1,
      );
      if (at > 0 && column > 0 && one[at - 1] === wanted && other[column - 1] === letter) {
        least = Math.min(least, cell(before, column - 1) + 1);
      }
      next.push(least);
    });
    [before, row] = [row, next];
  });
  const count = row.at(-1) ?? Infinity;
  return count <= MOST_SLIPS ? count : Infinity;
}
