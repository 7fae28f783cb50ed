/** One chosen file: what it is, what it says about the source, and whether a copy without that is sealed. */
import { button, element, fill } from './element.ts';
import { size } from './numbers.ts';
import type { Chosen } from './parcelling.ts';
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
    name === file.name ? undefined : element('p', { class: 'hint' }, fill(texts.compose.renamed, { name: shown(name) })),
    about,
  );
  void lookAt(stage, chosen, about, changed);
  return item;
}

async function lookAt(stage: Stage, chosen: Chosen, about: HTMLElement, changed: () => void): Promise<void> {
  const says = stage.texts.inspect;
  if (chosen.file.size === 0) {
    about.textContent = stage.texts.compose.empty;
    return;
  }
  about.textContent = says.looking;
  // It is large, and whoever writes words only does not need it.
  const { clean, look } = await import('../inspect/index.ts');
  chosen.report ??= await look(chosen.file);
  const { kind, findings, limits, cleanable } = chosen.report;
  const lines = findings.map(({ what, value }) =>
    element('li', {}, says.whats[what], value === undefined ? undefined : ': ', value === undefined ? undefined : element('bdi', {}, shown(value))),
  );
  const copy = element('p', { class: 'hint' });
  about.replaceChildren(
    element('p', {}, fill(says.is, { kind: says.kinds[kind] })),
    ...(lines.length > 0 ? [element('p', {}, says.says), element('ul', {}, ...lines)] : []),
    ...(lines.length === 0 && limits.length === 0 ? [element('p', {}, says.saysNothing)] : []),
    ...limits.map((limit) => element('p', { class: 'hint' }, says.limits[limit])),
  );
  if (findings.length === 0) return;
  if (!cleanable) {
    copy.textContent = says.cannotClean;
    about.append(copy);
    return;
  }
  const box = element('input', { type: 'checkbox' });
  box.checked = chosen.cleaned !== undefined;
  box.addEventListener('change', () => {
    void (async () => {
      const cleaned = box.checked ? await clean(chosen.file) : undefined;
      chosen.cleaned = cleaned instanceof Blob ? cleaned : undefined;
      box.checked = chosen.cleaned !== undefined;
      copy.textContent = cleaned === undefined ? '' : cleaned instanceof Blob ? says.cleaned : says.cannotClean;
      changed();
    })();
  });
  about.append(element('p', {}, element('label', {}, box, ` ${says.clean}`)), copy);
}

/**
 * What moves the writing around or hides becomes U+FFFD, and only the beginning is shown. The joiners U+200C and U+200D are
 * part of Persian and Indic spelling.
 */
export function shown(text: string): string {
  const visible = text.replace(/[\p{Cc}\p{Zl}\p{Zp}\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu, '\ufffd');
  const letters = [...visible];
  return letters.length <= 120 ? visible : `${letters.slice(0, 119).join('')}…`;
}
