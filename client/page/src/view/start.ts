/** The first screen: whom one would write to, what this page can do, and what it cannot. All its words are there. */
import { groupedFingerprint, readAddress, readFingerprint } from '../envelope/address.ts';
import { equal } from '../envelope/bytes.ts';
import type { DropBox } from '../dropbox/wire.ts';
import { element, fill } from './element.ts';
import { day } from './numbers.ts';
import { endsSoon, PapersError, readNewsroom, type Trouble } from './papers.ts';
import type { Newsroom } from './stage.ts';
import { dangers, type Danger } from './surroundings.ts';
import { leaveTo } from './leave.ts';
import { isolated } from './shown.ts';
import { isMarked, unmark } from './tab.ts';

/** More letters of a newsroom's name are not shown in the heading. */
const MOST_NAME = 60;

type Said = Trouble | Danger | 'unfinished' | 'used' | 'epoch' | 'recovered' | 'loading' | 'coming' | 'of' | 'same' | 'different' | 'unreadable';

export async function start(box: DropBox): Promise<void> {
  byId('plain').hidden = true;
  const found = dangers();
  for (const danger of found) say(danger);
  if (isMarked('unfinished')) say('unfinished');
  unmark('unfinished');
  if (isMarked('used')) say('used');
  // Said now, and not when all was written and chosen. Who goes on by a gateway shows it who they are.
  if (found.includes('cannotSeal') || found.includes('gateway')) return;
  const again = byId('again');
  again.querySelector('button')?.addEventListener('click', () => (lacksScripts ? location.reload() : void ask(box)));
  await ask(box);
}

async function ask(box: DropBox): Promise<void> {
  byId('again').hidden = true;
  for (const trouble of ['unreachable', 'no-keys', 'untrusted', 'changed'] as const) say(trouble, false);
  say('loading');
  try {
    welcome(box, await readNewsroom(box));
  } catch (error) {
    if (!(error instanceof PapersError)) throw error;
    say(error.trouble);
    byId('again').hidden = false;
  } finally {
    say('loading', false);
  }
}

function welcome(box: DropBox, newsroom: Newsroom): void {
  const { name, words, chain, sheet } = newsroom;
  leaveTo(newsroom.leave);
  if (name !== '') {
    // Isolated, and short: nothing in it can pose as this page's own words.
    const title = fill(byId('says-of').textContent ?? '', { name: isolated(name, MOST_NAME) });
    byId('title').textContent = title;
    document.title = title;
  }
  if (words !== '') theirs(words);
  if (chain.isRecovered) say('recovered');
  if (sheet === undefined) {
    say('no-keys');
    byId('send').hidden = true;
  } else if (endsSoon(sheet)) {
    const warning = say('epoch');
    warning.textContent = fill(warning.textContent ?? '', { day: day(document.documentElement.lang, sheet.last) });
  }
  comparison(newsroom);
  byId('scripted').hidden = false;
  byId('choices').hidden = false;
  for (const way of ['send', 'read'] as const) {
    // What comes next is loaded when it is wanted: the first screen comes sooner.
    byId(way).addEventListener('click', () => void goOn(way, box, newsroom));
  }
}

/** A browser that did not get a script once does not ask for it again before the page is loaded again. */
let lacksScripts = false;
let isComing = false;

async function goOn(way: 'send' | 'read', box: DropBox, newsroom: Newsroom): Promise<void> {
  if (lacksScripts) return location.reload();
  // A second press does nothing.
  if (isComing) return;
  isComing = true;
  say('unreachable', false);
  say('coming');
  try {
    const { later } = await import('./later.ts');
    await later(way, box, newsroom);
  } catch {
    isComing = false;
    say('coming', false);
    lacksScripts = true;
    byId('again').hidden = false;
    say('unreachable').scrollIntoView();
  }
}

/** The operator's own words: set apart, so that none of them can pose as this page's. */
function theirs(words: string): void {
  const lines = words.split(/\n+/).map((line) => element('p', { dir: 'auto' }, line));
  byId('theirs').querySelector('div')?.replaceChildren(...lines);
  byId('theirs').hidden = false;
}

function comparison({ chain }: Newsroom): void {
  byId('fingerprint').textContent = groupedFingerprint(chain.fingerprint);
  const typed = byId('typed') as HTMLInputElement;
  typed.addEventListener('input', () => {
    const read = fingerprintIn(typed.value);
    const isSame = read !== undefined && equal(read.fingerprint, chain.fingerprint) && isHere(read.onion);
    const verdict = typed.value.trim() === '' ? undefined : read === undefined ? 'unreadable' : isSame ? 'same' : 'different';
    for (const said of ['same', 'different', 'unreadable'] as const) say(said, said === verdict);
    byId('choices').hidden = verdict === 'different';
  });
}

/** Whether an address that was typed is that of this page. */
function isHere(onion: string | undefined): boolean {
  return onion === undefined || !location.hostname.endsWith('.onion') || onion === location.hostname;
}

function fingerprintIn(text: string): { fingerprint: Uint8Array; onion?: string } | undefined {
  // An address stands on the poster in four rows.
  for (const read of [(text: string) => ({ fingerprint: readFingerprint(text) }), (text: string) => readAddress(text.replace(/\s/g, ''))]) {
    try {
      return read(text);
    } catch {
      // It may be the other one.
    }
  }
  return undefined;
}

function say(said: Said, isSaid = true): HTMLElement {
  const sentence = byId(`says-${said}`);
  sentence.hidden = !isSaid;
  return sentence;
}

function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no ${id}`);
  return found;
}
