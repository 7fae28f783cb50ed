// The page without scripts in Debian's Firefox, set as Tor Browser at its level Safest:
//
//   node page.mjs FIREFOX ADDRESS FOLDER
//
// FOLDER holds the files `sealed`, `damaged` and `unsealed`; pictures of what a source sees go there.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { levels, withBrowser } from './browser.mjs'

const [firefox, address, folder] = process.argv.slice(2)
const origin = `http://${address}`

// Tor Browser shows every page light; Firefox shows it as the system is.
const dark = { 'javascript.enabled': false, 'layout.css.prefers-color-scheme.content-override': 0 }

const picture = (page, name) => page.screenshot({ path: join(folder, `${name}.png`), fullPage: true })

const words = (page) => page.$eval('main', (main) => main.innerText)

async function fitsItsWidth(page) {
  const [content, window] = await page.evaluate(() => [
    document.documentElement.scrollWidth,
    document.documentElement.clientWidth,
  ])
  assert.ok(content <= window, `${page.url()} is ${content} wide in ${window}`)
}

/** Chooses a file in the form and hands it in, by the keyboard; gives the words of the answer. */
async function handIn(page, file, path) {
  await page.goto(`${origin}/`)
  if (file) {
    const field = await page.$('input[type=file]')
    await field.uploadFile(join(folder, file))
  }
  const answer = page.waitForNavigation()
  await page.focus('form button')
  await page.keyboard.press('Enter')
  await answer
  assert.equal(page.url(), origin + path, `${file} is answered by ${path}`)
  await fitsItsWidth(page)
  return words(page)
}

await withBrowser({ firefox, preferences: levels.safest, origin }, async (page) => {
  for (const width of [320, 1000]) {
    await page.setViewport({ width, height: 700 })
    const answer = await page.goto(`${origin}/`)
    assert.equal(answer.status(), 200)
    await fitsItsWidth(page)
    await picture(page, `front-${width}`)
  }
  const front = await words(page)
  assert.match(front, /can change this page/)
  assert.ok(
    front.indexOf('can change this page') < front.indexOf('Hand in a sealed file'),
    'the page says its own limit first',
  )
  await page.setViewport({ width: 320, height: 700 })

  assert.match(await handIn(page, 'unsealed', '/unsealed'), /not sealed[^]*Nothing of it was kept/)
  await picture(page, 'unsealed')
  assert.match(await handIn(page, 'damaged', '/damaged'), /not whole[^]*Nothing of it was kept/)
  assert.match(await handIn(page, 'sealed', '/arrived'), /arrived whole/)
  await picture(page, 'arrived')
  // The address is an ordinary page: to load it again sends nothing again.
  await page.reload()
  assert.equal(page.url(), `${origin}/arrived`)
})

await withBrowser({ firefox, preferences: dark, origin }, async (page) => {
  await page.setViewport({ width: 320, height: 700 })
  await page.goto(`${origin}/`)
  await fitsItsWidth(page)
  const [paper, ink] = await page.evaluate(() => [
    matchMedia('(prefers-color-scheme: dark)').matches,
    getComputedStyle(document.querySelector('main')).color,
  ])
  assert.ok(paper, 'the browser is dark')
  assert.equal(ink, 'rgb(236, 236, 236)', 'the words are light on dark')
  await picture(page, 'front-dark')
})
