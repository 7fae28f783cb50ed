/** One chosen file: what it is, what it says about the source, and whether a copy without that is sealed. */
import type { Finding } from '../inspect/report.ts';
import { button, element, fill } from './element.ts';
import { size } from './numbers.ts';
import { lacksCopy, makeCopy } from './copies.ts';
import { type Chosen, glimpse } from './parcelling.ts';
import { hidesLetters, isolated, shown, UNSEEN } from './shown.ts';
import type { Stage } from './stage.ts';

export function fileItem(stage: Stage, chosen: Chosen, changed: () => void, remove: () => void): HTMLLIElement {
  const { texts } = stage;
  const { file, name } = chosen;
  const about = element('div', { role: 'status' });
  const item = element(
    'li',
    {},
    element('p', {}, element('bdi', { class: 'name' }, shown(name)), ` (${size(texts, file.size)}) `,
      button(texts.common.remove, remove, { 'aria-label': `${texts.common.remove}: ${shown(name)}` })),
    name === file.name ? undefined : element('p', { class: 'hint' }, fill(texts.compose.renamed, { name: isolated(name) })),
    hidesLetters(name) ? element('p', { class: 'hint' }, fill(texts.compose.unseen, { mark: UNSEEN })) : undefined,
    about,
  );
  chosen.looked = oneByOne(() => lookAt(stage, chosen, about, changed)).catch(() => {
    about.replaceChildren(element('p', { class: 'warning' }, texts.inspect.failed));
  });
  return item;
}

/** One look after the other: hundreds at once would fill the memory. */
function oneByOne(look: () => Promise<void>): Promise<void> {
  const next = looks.then(look);
  looks = next.catch(() => undefined);
  return next;
}

let looks: Promise<void> = Promise.resolve();

async function lookAt(stage: Stage, chosen: Chosen, about: HTMLElement, changed: () => void): Promise<void> {
  const says = stage.texts.inspect;
  if (chosen.isRemoved) return;
  chosen.glimpse ??= await glimpse(chosen.file).catch(() => undefined);
  if (chosen.glimpse === undefined) {
    about.replaceChildren(element('p', { class: 'warning' }, fill(stage.texts.compose.unreadable, { name: isolated(chosen.name) })));
    return;
  }
  if (chosen.file.size === 0) {
    about.textContent = stage.texts.compose.empty;
    return;
  }
  about.textContent = says.looking;
  // It is large, and whoever writes words only does not need it.
  const { look } = await import('../inspect/index.ts');
  chosen.report ??= await look(chosen.file);
  const { kind, findings, limits, cleanable } = chosen.report;
  const lines = byWhat(findings).map(([what, values]) => element('li', {}, says.whats[what], ...told(values)));
  const copy = element('p', { class: 'hint' });
  about.replaceChildren(
    element('p', {}, fill(says.is, { kind: says.kinds[kind] })),
    ...(lines.length > 0 ? [element('p', {}, says.says), element('ul', {}, ...lines)] : []),
    ...(lines.length === 0 && limits.length === 0 ? [element('p', {}, says.saysNothing)] : []),
    ...limits.map((limit) => element('p', { class: 'hint' }, says.limits[limit])),
  );
  // Whoever wants a copy of a file that changed since sees the box, and can take the tick away.
  if (findings.length === 0 && !chosen.wantsClean) return;
  if (!cleanable && !chosen.wantsClean) {
    copy.textContent = says.cannotClean;
    about.append(copy);
    return;
  }
  const box = element('input', { type: 'checkbox' });
  box.checked = chosen.wantsClean;
  const tell = (): void => {
    const none = fill(says.noCopy, { name: isolated(chosen.name) });
    copy.textContent = !chosen.wantsClean ? '' : lacksCopy(chosen) ? none : says.cleaned;
    changed();
  };
  chosen.copied = async () => {
    copy.textContent = chosen.wantsClean ? says.cleaned : '';
    changed();
    if (!lacksCopy(chosen)) return;
    await makeCopy(chosen);
    tell();
  };
  box.addEventListener('change', () => {
    chosen.wantsClean = box.checked;
    void chosen.copied();
  });
  about.append(element('p', {}, element('label', {}, box, says.clean)), copy);
  if (chosen.wantsClean) void chosen.copied();
}

/** The findings that say the same thing together, in the order of the first of each: a telephone writes a name often. */
function byWhat(findings: readonly Finding[]): [Finding['what'], string[]][] {
  // What cannot be shown keeps a line of its own.
  const all = new Map<string, [Finding['what'], string[]]>();
  for (const { what, value } of findings) {
    const key = `${what} ${value !== undefined}`;
    const [, values] = all.get(key) ?? [what, []];
    if (value !== undefined && !values.includes(shown(value))) values.push(shown(value));
    all.set(key, [what, values]);
  }
  return [...all.values()];
}

/** Each isolated: one in another direction does not turn the next around. */
function told(values: readonly string[]): (Node | string)[] {
  return values.flatMap((value, at) => [at === 0 ? ': ' : ' · ', element('bdi', {}, value)]);
}
