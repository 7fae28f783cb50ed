/** Whether the newsroom may answer, and the words that lead to its answers. */
import { equal } from '../envelope/bytes.ts';
import type { Bytes } from '../envelope/bytes.ts';
import { ENTROPY, replyBlock, wayBack } from '../envelope/codename.ts';
import { systemRandom } from '../envelope/seal.ts';
import type { Texts } from '../texts/en.ts';
import { type Reading, readWords, spelled } from '../words/codename.ts';
import { type List, type Tongue, TONGUES } from '../words/list.ts';
import { button, element, fill, labelled, paragraph, warning } from './element.ts';
import { compose } from './compose.ts';
import type { Order } from './parcelling.ts';
import { count } from './numbers.ts';
import { isolated } from './shown.ts';
import { ready } from './ready.ts';
import type { OpenNewsroom, Stage } from './stage.ts';

/** More letters of a word that was typed are not shown. */
const MOST_WORD = 60;

/** Which list a language of the page offers first. */
const FIRST: Readonly<Record<string, Tongue>> = {
  'zh-hans': 'simplified-chinese',
  'zh-hant': 'traditional-chinese',
  es: 'spanish',
  fr: 'french',
};

export function wordsChoice(stage: Stage, newsroom: OpenNewsroom, order: Order): void {
  const { texts } = stage;
  const says = texts.words;
  const problems = element('div');
  const tongue = element('select', {}, ...TONGUES.map(([name, own]) => element('option', { value: name }, own)));
  tongue.value = FIRST[texts.language] ?? 'english';
  const { way } = stage;
  // Words of an earlier drop tie two drops together: that is never what happens by pressing on.
  const choices = (['same', 'fresh', 'earlier', 'none'] as const).map((choice) => {
    const radio = element('input', { type: 'radio', name: 'way', value: choice, checked: choice === 'fresh' });
    return { choice, radio, row: element('p', {}, element('label', {}, radio, says[choice])) };
  });
  const go = async (): Promise<void> => {
    const chosen = choices.find(({ radio }) => radio.checked)?.choice;
    if (chosen === 'none' || chosen === 'same') {
      order.way = chosen === 'same' ? way : undefined;
      return ready(stage, newsroom, order);
    }
    if (chosen === undefined) return;
    problems.replaceChildren(element('p', { role: 'status' }, says.loading));
    const lists = await stage.lists().catch(() => undefined);
    // Another screen may be there by now.
    if (!problems.isConnected) return;
    if (lists === undefined) return problems.replaceChildren(warning(says.failed));
    if (chosen === 'earlier') return earlierWords(stage, newsroom, order, lists);
    newWords(stage, newsroom, order, lists, TONGUES.find(([name]) => name === tongue.value)?.[0] ?? 'english');
  };
  stage.show(
    says.title,
    paragraph(says.intro),
    element(
      'fieldset',
      {},
      element('legend', { class: 'unseen' }, says.title),
      way === undefined ? undefined : choices[0]?.row,
      choices[1]?.row,
      labelled(says.language, tongue, says.languageHint),
      choices[2]?.row,
      choices[3]?.row,
    ),
    problems,
    element(
      'p',
      { class: 'choices' },
      button(texts.common.back, () => compose(stage, newsroom, order)),
      button(texts.common.next, () => void go(), { class: 'main' }),
    ),
  );
}

function newWords(stage: Stage, newsroom: OpenNewsroom, order: Order, lists: List[], tongue: Tongue): void {
  const entropy = systemRandom(ENTROPY);
  const words = spelled(entropy, lists, tongue);
  const show = (): void => {
    const says = stage.texts.words;
    stage.show(
      says.shownTitle,
      paragraph(says.write),
      element('ol', { class: 'words' }, ...words.map((word) => element('li', {}, element('bdi', {}, word)))),
      paragraph(says.finds),
      element(
        'p',
        { class: 'choices' },
        button(stage.texts.common.back, () => wordsChoice(stage, newsroom, order)),
        button(says.written, type, { class: 'main' }),
      ),
    );
  };
  const type = (): void => {
    askForWords(stage, lists, stage.texts.words.typedTitle, stage.texts.words.check, (found, problem) => {
      if (!found.some((one) => equal(one, entropy))) return problem(stage.texts.words.others);
      leadBack(stage, newsroom, order, entropy);
      entropy.fill(0);
      ready(stage, newsroom, order);
    }, { before: button(stage.texts.words.again, show) });
  };
  show();
}

function earlierWords(stage: Stage, newsroom: OpenNewsroom, order: Order, lists: List[]): void {
  const back = button(stage.texts.common.back, () => wordsChoice(stage, newsroom, order));
  askForWords(stage, lists, stage.texts.words.typedTitle, stage.texts.words.check, ([first]) => {
    // Words that are right in two lists: whoever comes back looks into both mailboxes.
    if (first === undefined) return;
    leadBack(stage, newsroom, order, first);
    ready(stage, newsroom, order);
  }, { before: back });
}

function leadBack(stage: Stage, newsroom: OpenNewsroom, order: Order, entropy: Bytes): void {
  order.way = stage.way = replyBlock(wayBack(entropy, newsroom.chain.fingerprint));
}

/** A screen on which words are typed, until they are right. */
export function askForWords(
  stage: Stage,
  lists: readonly List[],
  title: string,
  action: string,
  right: (entropies: readonly Bytes[], problem: (text: string) => void) => void,
  { intro, before }: { readonly intro?: string; readonly before?: HTMLButtonElement },
): void {
  const says = stage.texts.words;
  const typed = element('textarea', { rows: 4, dir: 'auto', autocomplete: 'off', spellcheck: 'false', autocapitalize: 'none' });
  const problems = element('div');
  const problem = (...texts: readonly string[]): void => problems.replaceChildren(...texts.map(warning));
  const check = (): void => {
    const reading = readWords(typed.value, lists);
    if (reading.kind === 'right') right(reading.entropies, problem);
    else problem(...sentences(stage.texts, reading));
  };
  stage.show(
    title,
    intro === undefined ? undefined : paragraph(intro),
    labelled(says.typedLabel, typed, says.typedHint),
    problems,
    element('p', { class: 'choices' }, before, button(action, check, { class: 'main' })),
  );
}

function sentences(texts: Texts, reading: Exclude<Reading, { kind: 'right' }>): string[] {
  const says = texts.words;
  if (reading.kind === 'none') return [says.emptyWords];
  if (reading.kind === 'count') return [fill(says.count, { n: count(texts, reading.count) })];
  if (reading.kind === 'no-thirteenth') return [says.thirteenth];
  if (reading.kind === 'together') return [says.together];
  return reading.slips.map(({ place, typed, mayBe }) => {
    const slip = fill(says.slip, { n: count(texts, place), typed: isolated(typed, MOST_WORD) });
    return mayBe.length === 0 ? slip : `${slip} ${fill(says.maybe, { words: mayBe.map((word) => isolated(word)).join(', ') })}`;
  });
}

