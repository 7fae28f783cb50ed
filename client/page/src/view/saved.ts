/** The page as one file, on the source's own disk: the address comes from the source, and no server can change the page. */
import { type Address, readAddress } from '../envelope/address.ts';
import { dropBox } from '../dropbox/fetching.ts';
import type { Texts } from '../texts/en.ts';
import { LANGUAGES, textsOf } from '../texts/languages.ts';
import { button, element, labelled, list, paragraph, warning } from './element.ts';
import { later } from './later.ts';
import { leave, leaveByButtonAndKey, leaveTo } from './leave.ts';
import { PapersError, readNewsroom } from './papers.ts';
import type { Newsroom } from './stage.ts';
import { dangers } from './surroundings.ts';

leaveTo('');
leaveByButtonAndKey();
void show('en');

async function show(language: string): Promise<void> {
  const texts = await textsOf(language);
  const { saved, start } = texts;
  document.documentElement.lang = texts.language;
  document.documentElement.dir = texts.direction;
  const languages = element('select', {}, ...LANGUAGES.map(([name, own]) => element('option', { value: name }, own)));
  languages.value = texts.language;
  languages.addEventListener('change', () => void show(languages.value).then(() => document.querySelector('select')?.focus()));
  const typed = element('textarea', { rows: 4, dir: 'ltr', autocomplete: 'off', spellcheck: 'false' });
  const problems = element('div', { role: 'status' });
  const ask = (): void => {
    const address = addressIn(typed.value);
    if (address === undefined) problems.replaceChildren(warning(saved.unreadable));
    else void open(texts, address, problems, asks);
  };
  const asks = button(saved.open, ask, { class: 'main' });
  // What was said is of another address then.
  typed.addEventListener('input', () => {
    problems.replaceChildren();
    asks.className = 'main';
  });
  const found = dangers();
  asks.hidden = found.includes('cannotSeal');
  document.querySelector('header')?.replaceChildren(
    button(texts.common.leave, leave, { class: 'leave', title: texts.common.leaveKey }),
    labelled(texts.common.languages, languages),
  );
  document.title = saved.title;
  document.querySelector('main')?.replaceChildren(
    element('h1', {}, saved.title),
    ...found.filter((danger) => danger !== 'gateway').map((danger) => warning(texts.warnings[danger])),
    paragraph(saved.intro),
    labelled(saved.address, typed),
    element('p', { class: 'choices' }, asks),
    problems,
    element('h2', {}, start.safely),
    list(start.advice),
  );
}

async function open(texts: Texts, { onion, fingerprint }: Address, problems: HTMLElement, asks: HTMLButtonElement): Promise<void> {
  const { trouble, saved, start } = texts;
  const box = dropBox(`http://${onion}`);
  problems.replaceChildren(paragraph(start.loading));
  try {
    const newsroom: Newsroom = await readNewsroom(box, fingerprint);
    leaveTo(newsroom.leave);
    // Now another button is the one that goes on.
    asks.className = '';
    problems.replaceChildren(
      paragraph(saved.same, { class: 'good' }),
      element(
        'p',
        { class: 'choices' },
        button(start.send, () => void later('send', box, newsroom), { class: 'main' }),
        button(start.read, () => void later('read', box, newsroom)),
      ),
    );
  } catch (error) {
    if (!(error instanceof PapersError)) throw error;
    problems.replaceChildren(warning(error.trouble === 'untrusted' ? saved.wrong : trouble[error.trouble]));
  }
}

/** Typed off a poster, where it stands in four rows. */
function addressIn(text: string): Address | undefined {
  try {
    return readAddress(text.replace(/\s/g, ''));
  } catch {
    return undefined;
  }
}
