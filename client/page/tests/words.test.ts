import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wordlist as czech } from '@scure/bip39/wordlists/czech.js';
import { wordlist as english } from '@scure/bip39/wordlists/english.js';
import { wordlist as french } from '@scure/bip39/wordlists/french.js';
import { wordlist as italian } from '@scure/bip39/wordlists/italian.js';
import { wordlist as japanese } from '@scure/bip39/wordlists/japanese.js';
import { wordlist as korean } from '@scure/bip39/wordlists/korean.js';
import { wordlist as portuguese } from '@scure/bip39/wordlists/portuguese.js';
import { wordlist as simplified } from '@scure/bip39/wordlists/simplified-chinese.js';
import { wordlist as spanish } from '@scure/bip39/wordlists/spanish.js';
import { wordlist as traditional } from '@scure/bip39/wordlists/traditional-chinese.js';
import { hex } from '../src/envelope/bytes.ts';
import { readWords, spelled } from '../src/words/codename.ts';
import { readLists, TONGUES, tokens, WORDS } from '../src/words/list.ts';
import { stream } from './vectors/files.ts';

const all = [english, simplified, traditional, czech, french, italian, japanese, korean, portuguese, spanish];
const lists = readLists(`${all.map((list) => list.join('\n')).join('\n\n')}\n\n\n`);
const entropy = (name: string): Uint8Array<ArrayBuffer> => stream(name)(16);

const replaced = (words: readonly string[], place: number, word: string): string[] =>
  words.map((one, at) => (at === place ? word : one));

const isReadAs = (text: string, name: string): boolean => {
  const reading = readWords(text, lists);
  return reading.kind === 'right' && reading.entropies.some((found) => hex(found) === hex(entropy(name)));
};

test('words are those of BIP39, and the check word comes last', () => {
  const words = spelled(new Uint8Array(16), lists, 'english');
  assert.equal(words.length, WORDS);
  assert.deepEqual(words.slice(0, 12), [...Array.from({ length: 11 }, () => 'abandon'), 'about']);
});

test('words of every language are read back however they are spelled', () => {
  for (const between of [' ', '\n', '\u3000', ', ', ' 7. ', '\u00a0', '  -  ']) {
    for (const [tongue] of TONGUES) {
      const text = spelled(entropy(tongue + between), lists, tongue).join(between);
      for (const typed of [text, text.toUpperCase(), text.normalize('NFC'), text.normalize('NFKD')]) {
        assert.ok(isReadAs(typed, tongue + between), `${tongue}: ${typed}`);
      }
    }
  }
});

test('accents may be left out, and four letters say which word it is where the list promises it', () => {
  for (const tongue of ['english', 'czech', 'french', 'italian', 'portuguese', 'spanish'] as const) {
    const bare = spelled(entropy(tongue), lists, tongue).map((word) => word.normalize('NFKD').replace(/[\u0300-\u036f]/g, ''));
    assert.ok(isReadAs(bare.join(' '), tongue), tongue);
    assert.ok(isReadAs(bare.map((word) => word.slice(0, 4)).join(' '), tongue), tongue);
  }
});

test('Chinese needs no blanks, and Japanese takes either kana', () => {
  for (const tongue of ['simplified-chinese', 'traditional-chinese'] as const) {
    assert.ok(isReadAs(spelled(entropy(tongue), lists, tongue).join(''), tongue));
  }
  const hiragana = spelled(entropy('kana'), lists, 'japanese').join('\u3000');
  const katakana = hiragana.replace(/[\u3041-\u3096]/g, (kana) => String.fromCharCode(kana.charCodeAt(0) + 0x60));
  assert.notEqual(hiragana, katakana);
  assert.ok(isReadAs(katakana, 'kana'));
});

test('words that are whole in both Chinese lists are tried in both', () => {
  const shared = traditional.flatMap((word, place) => (simplified.includes(word) ? [place] : []));
  const seeds = Array.from({ length: 400 }, (_, seed) => {
    const places = Array.from({ length: 11 }, (_, step) => BigInt(shared[(seed + 7 * step) % shared.length] ?? 0));
    const bits = (places.reduce((bits, place) => bits * 2_048n + place, 0n) * 128n + 5n).toString(16).padStart(32, '0');
    return Uint8Array.from({ length: 16 }, (_, at) => Number.parseInt(bits.slice(2 * at, 2 * at + 2), 16));
  });
  const chosen = seeds.find((seed) => spelled(seed, lists, 'traditional-chinese').every((word) => simplified.includes(word)));
  assert.ok(chosen !== undefined);
  const reading = readWords(spelled(chosen, lists, 'traditional-chinese').join(''), lists);
  assert.ok(reading.kind === 'right' && reading.entropies.some((found) => hex(found) === hex(chosen)));
});

test('too few and too many words are counted, and the thirteenth is asked for', () => {
  assert.deepEqual(readWords(' , 1. ', lists), { kind: 'none' });
  assert.deepEqual(readWords('abandon', lists), { kind: 'count', count: 1 });
  assert.deepEqual(readWords('about '.repeat(14), lists), { kind: 'count', count: 14 });
  const twelve = spelled(entropy('twelve'), lists, 'english').slice(0, 12).join(' ');
  assert.deepEqual(readWords(twelve, lists), { kind: 'no-thirteenth' });
});

test('a slip is named by its place with what it may have been', () => {
  for (const [tongue] of TONGUES) {
    const words = spelled(entropy(tongue), lists, tongue);
    const meant = words[4];
    const reading = readWords(replaced(words, 4, 'xqzxqz').join(' '), lists);
    assert.ok(reading.kind === 'slips', tongue);
    assert.equal(reading.slips[0]?.place, 5);
    assert.ok(reading.slips[0]?.mayBe.includes(meant ?? ''), tongue);
  }
});

test('where hardly a word is in a list each is named, and what it may have been is not searched for', () => {
  const words = Array.from({ length: 13 }, (_, at) => `xqzxqz${at}`);
  const reading = readWords(words.join(' '), lists);
  assert.ok(reading.kind === 'slips');
  assert.deepEqual(reading.slips.map(({ place, mayBe }) => [place, mayBe]), words.map((_, at) => [at + 1, []]));
});

test('right words in a wrong order are noticed and not called wrong words', () => {
  const words = spelled(entropy('order'), lists, 'korean');
  const [third = '', tenth = ''] = [words[2], words[9]];
  assert.deepEqual(readWords(replaced(replaced(words, 2, tenth), 9, third).join(' '), lists), { kind: 'together' });
});

test('a word in the place of another is noticed', () => {
  let passed = 0;
  for (let seed = 0; seed < 40; seed += 1) {
    const words = spelled(entropy(`${seed}`), lists, 'english');
    for (let place = 0; place < WORDS; place += 1) {
      const other = english[(english.indexOf(words[place] ?? '') + seed + 1) % 2_048] ?? '';
      if (readWords(replaced(words, place, other).join(' '), lists).kind !== 'together') passed += 1;
    }
  }
  // One in 32,768 passes, and these are 520.
  assert.ok(passed < 2, String(passed));
});

test('whatever is typed, it ends in an answer', () => {
  for (const text of ['\ud800', '\u{1f600}'.repeat(20), 'ß ﬁ İ ŉ', '\u0301\u0301', 'x'.repeat(5_000), '的'.repeat(13)]) {
    assert.notEqual(readWords(text, lists).kind, 'right');
    assert.ok(tokens(text).length <= text.length);
  }
});
