// The page by the keyboard alone.
import assert from 'node:assert/strict'
import { withVisit } from './states.mjs'

/** What can be done in a state, each once and in its order, as the tabulator key comes to it. */
const REACHABLE = `a[href], button, input:not([type=radio]), input[type=radio]:checked, select, textarea, [tabindex="0"]`

/** Gives what cannot be reached, or not be seen when it is. */
export async function byKeyboard(page) {
  const count = await page.evaluate((reachable) => {
    globalThis.reachable = [...document.querySelectorAll(reachable)].filter((one) => one.checkVisibility())
    globalThis.reachable[0]?.focus()
    return globalThis.reachable.length
  }, REACHABLE)
  const wrong = []
  for (let at = 1; at < Math.min(count, MOST); at += 1) {
    await page.keyboard.press('Tab')
    const said = await page.evaluate((at) => {
      const [there, wanted] = [document.activeElement, globalThis.reachable[at]]
      if (there !== wanted) return `the keyboard comes to ${there.outerHTML.slice(0, 80)} in place of ${wanted.outerHTML.slice(0, 80)}`
      const { outlineStyle, outlineWidth } = getComputedStyle(there)
      // The browser goes to where it lies; that must be a place that can be gone to.
      const { left, right, top, width, height } = there.getBoundingClientRect()
      const isSomewhere = width > 1 && height > 1 && left >= 0 && right <= innerWidth && top + scrollY >= 0
      if (!isSomewhere) return `what has the focus cannot be seen: ${there.outerHTML.slice(0, 80)}`
      return outlineStyle === 'none' || parseFloat(outlineWidth) < 2 ? `the focus cannot be seen on ${there.outerHTML.slice(0, 80)}` : undefined
    }, at)
    if (said === undefined) continue
    wrong.push(said)
    break
  }
  return wrong
}

/** Of hundreds of files one is like the other. */
const MOST = 40

/** A whole drop, and its words typed again, without a mouse. Gives what went wrong. */
export function sendByKeyboard(around) {
  return withVisit(around, async function sendingByKeyboard(visit) {
    const { page, texts } = visit
    const press = async (selector, key = 'Enter') => {
      await reach(page, selector)
      await page.keyboard.press(key)
    }
    await visit.front()
    await press('#send')
    await visit.on(texts.compose.title)
    await reach(page, 'textarea')
    await page.keyboard.type('Hear me.')
    await press('button.main')
    await visit.on(texts.words.title)
    // From making new words to those of an earlier drop, to no way back, and around again.
    await reach(page, 'input[type=radio]')
    for (const chosen of ['earlier', 'none', 'fresh']) {
      await page.keyboard.press('ArrowDown')
      assert.equal(await page.$eval('input:checked', (radio) => radio.value), chosen)
    }
    await press('button.main')
    await visit.on(texts.words.shownTitle)
    const words = await page.$$eval('.words li', (all) => all.map((one) => one.innerText))
    await press('button.main')
    await visit.on(texts.words.typedTitle)
    await reach(page, 'textarea')
    await page.keyboard.type(words.join(' '))
    await press('button.main')
    await visit.on(texts.ready.title)
    await press('button.main')
    await visit.on(texts.done.title)
    await visit.sees(texts.done.words)
  })
}

/** Goes on from where the focus is, until this has it. */
async function reach(page, selector) {
  for (let presses = 0; presses < 60; presses += 1) {
    await page.keyboard.press('Tab')
    if (await page.evaluate((selector) => document.activeElement.matches(selector), selector)) return
  }
  throw new Error(`the keyboard does not come to ${selector}`)
}
