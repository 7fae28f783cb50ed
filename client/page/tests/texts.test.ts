import assert from 'node:assert/strict';
import { test } from 'node:test';
import { en } from '../src/texts/en.ts';
import { LANGUAGES, textsOf } from '../src/texts/languages.ts';

/** Every string by its path. */
function strings(value: unknown, path = ''): [string, string][] {
  if (typeof value === 'string') return [[path, value]];
  return Object.entries(value as object).flatMap(([key, inside]) => strings(inside, `${path}.${key}`));
}

/** What has to stand in a string of every language: places that are filled, and words that are typed. */
function fixed(text: string): string[] {
  return [...(text.match(/\{\w+\}|`[^`]+`/g) ?? [])].sort();
}

const english = new Map(strings(en));
/** What is the same in other languages as well. */
const SHARED = /^\.(language|direction|common\.bytes|common\.minutes|common\.hours|common\.days|plain\.sealCommand)/;

test('no language lacks a string or has one more', async () => {
  for (const [language] of LANGUAGES) {
    const own = new Map(strings(await textsOf(language)));
    assert.deepEqual([...own.keys()], [...english.keys()], language);
    for (const [path, text] of own) assert.ok(text.trim() !== '' && text === text.trim(), `${language}${path}`);
  }
});

test('no string was left in English', async () => {
  for (const [language] of LANGUAGES) {
    if (language === 'en') continue;
    const same = strings(await textsOf(language)).filter(([path, text]) => english.get(path) === text && !SHARED.test(path));
    // "Message" and "Stop" are French words too.
    assert.ok(same.length <= 6, `${language}: ${same.map(([path]) => path).join(' ')}`);
  }
});

test('what is filled in and what is typed stands in every language', async () => {
  for (const [language] of LANGUAGES) {
    for (const [path, text] of strings(await textsOf(language))) {
      assert.deepEqual(fixed(text), fixed(english.get(path) ?? ''), `${language}${path}`);
    }
  }
});

test('no string has markup, a mark that turns the writing around, or an address', async () => {
  for (const [language] of LANGUAGES) {
    for (const [path, text] of strings(await textsOf(language))) {
      assert.doesNotMatch(text, /[<>]|https?:|[\u202a-\u202e\u2066-\u2069]/, `${language}${path}`);
    }
  }
});
