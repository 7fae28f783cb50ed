// What was chosen, and what became of it on the disk.
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { appendFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isolated } from './visitor.mjs'

const hashOf = (content) => createHash('sha256').update(content).digest('hex')
const UNSEEN = '\ufffd'

/** Made letters: what turns the writing around, and what no printer prints. */
const RLO = '\u202e'

export const cases = {
  'an empty file arrives, alone and among others': async (scene) => {
    const house = await scene.house()
    const folder = scene.folder()
    writeFileSync(join(folder, 'empty.txt'), '')
    writeFileSync(join(folder, 'full.txt'), 'words')
    for (const names of [['empty.txt'], ['full.txt', 'empty.txt']]) {
      const visitor = await scene.visitor(house)
      await visitor.compose()
      await visitor.choose(...names.map((name) => join(folder, name)))
      await visitor.sees(scene.texts.compose.empty)
      await visitor.sendNow()
    }
    const [alone, among] = await house.drops()
    const empty = { name: 'empty.txt', size: 0, hash: hashOf('') }
    assert.deepEqual(alone.files, [empty])
    assert.deepEqual(among.files, [{ name: 'full.txt', size: 5, hash: hashOf('words') }, empty])
  },

  'hostile names are shown harmlessly, and arrive as they are where a name may be so, and as it is told where not': async (scene) => {
    const house = await scene.house()
    const visitor = await scene.visitor(house)
    const { compose } = scene.texts
    const long = `${'n'.repeat(3_996)}.txt`
    const turned = `invoice${RLO}fdp.exe`
    const names = ['../../etc/passwd', '..', turned, 'line\nbreak\u0007\u0000.txt', '<b>bold.html', long, `${'ü'.repeat(200)}.jpeg`]
    await visitor.compose()
    await visitor.chooseMade(names.map((name) => [name, name]))
    await visitor.page.waitForFunction((count) => document.querySelectorAll('.files > li').length === count, {}, names.length)
    await visitor.next()
    await visitor.page.waitForSelector('input[value=none]')
    await visitor.press(scene.texts.common.back)
    const items = await visitor.items()
    const sentences = [
      [compose.renamed, '.._.._etc_passwd'],
      [compose.renamed, '_'],
      [compose.unseen, UNSEEN],
      [compose.renamed, `line${UNSEEN}break${UNSEEN}_.txt`],
      [undefined],
      [compose.renamed, `${'n'.repeat(119)}…`],
      [compose.renamed, `${'ü'.repeat(119)}…`],
    ]
    sentences.forEach(([text, value], at) => {
      const item = items[at]
      assert.ok(!/[\u202a-\u202e\u0007]/.test(item), item)
      const told = [compose.renamed, compose.unseen].filter((one) => item.includes(one.split('{')[0]))
      assert.deepEqual(told, text === undefined ? [] : at === 3 ? [compose.renamed, compose.unseen] : [text], item)
      if (text === undefined) return
      const wanted = text.replace('{name}', isolated(value)).replace('{mark}', value)
      assert.ok(item.includes(wanted), `${wanted}\n${item}`)
    })
    assert.equal(await visitor.page.$('.files b'), null, 'nothing of a name is markup')
    await visitor.sendNow()
    const [{ files }] = await house.drops()
    assert.deepEqual(
      files.map(({ name }) => name),
      ['.._.._etc_passwd', '_', turned, 'line\nbreak\u0007_.txt', '<b>bold.html', `${'n'.repeat(251)}.txt`, `${'ü'.repeat(125)}.jpeg`],
    )
    assert.deepEqual(files.map(({ hash }) => hash), names.map((name) => hashOf(name)), 'each has its own bytes')
  },

  'the 501st file stays out, and 500 arrive': async (scene) => {
    const house = await scene.house()
    const visitor = await scene.visitor(house)
    await visitor.compose()
    const made = Array.from({ length: 501 }, (_, at) => [`file-${at + 1}.txt`, `words of ${at + 1}`])
    await visitor.chooseMade(made)
    await visitor.sees(scene.texts.compose.tooManyFiles)
    assert.equal((await visitor.items()).length, 500)
    await visitor.sendNow()
    const [{ files }] = await house.drops()
    assert.deepEqual(files.map(({ name, hash }) => [name, hash]), made.slice(0, 500).map(([name, text]) => [name, hashOf(text)]))
  },

  'exactly 500 files arrive without a word about too many': async (scene) => {
    const house = await scene.house()
    const visitor = await scene.visitor(house)
    await visitor.compose()
    await visitor.chooseMade(Array.from({ length: 500 }, (_, at) => [`${at}`, '']))
    await visitor.page.waitForFunction(() => document.querySelectorAll('.files > li').length === 500)
    await visitor.doesNotSee(scene.texts.compose.tooManyFiles)
    await visitor.sendNow()
    assert.equal((await house.drops())[0].files.length, 500)
  },

  'a message that is one byte too long goes nowhere until it is shorter': async (scene) => {
    const house = await scene.house()
    const visitor = await scene.visitor(house)
    await visitor.compose()
    // Two bytes each: letters are not bytes.
    const write = (text) =>
      visitor.page.$eval(
        'textarea',
        (field, text) => {
          field.value = text
          field.dispatchEvent(new Event('input', { bubbles: true }))
        },
        text,
      )
    await write(`${'ß'.repeat(16_384)}!`)
    await visitor.sees(scene.texts.compose.messageTooLong, { n: '1 bytes' })
    await visitor.next()
    assert.equal(await visitor.heading(), scene.texts.compose.title)
    assert.ok(await visitor.page.$eval('textarea', (field) => field === document.activeElement), 'it is where to shorten')
    assert.deepEqual(await house.drops(), [])
    await write('ß'.repeat(16_384))
    await visitor.sendNow()
    assert.equal((await house.drops())[0].message, 'ß'.repeat(16_384))
  },

  'nothing to send is said, and nothing is sent': async (scene) => {
    const house = await scene.house()
    const visitor = await scene.visitor(house)
    await visitor.compose()
    await visitor.next()
    await visitor.sees(scene.texts.compose.nothing)
    assert.deepEqual(await house.drops(), [])
  },

  'a file that is gone before it was looked at is named, and nobody goes on with it': async (scene) => {
    const house = await scene.house()
    const folder = scene.folder()
    const [gone, here] = ['gone.txt', 'here.txt'].map((name) => join(folder, name))
    writeFileSync(gone, 'gone')
    writeFileSync(here, 'here')
    const visitor = await scene.visitor(house)
    await visitor.compose()
    // Chosen in a field of its own first, so that it is gone before the page sees it.
    const field = await visitor.page.evaluateHandle(() => {
      const field = document.body.appendChild(document.createElement('input'))
      field.type = 'file'
      return field
    })
    await field.uploadFile(gone)
    rmSync(gone)
    await field.evaluate((field) => {
      const picker = document.querySelector('main input[type=file]')
      picker.files = field.files
      picker.dispatchEvent(new Event('change', { bubbles: true }))
      field.remove()
    })
    await visitor.sees(scene.texts.compose.unreadable, { name: 'gone.txt' })
    await visitor.choose(here)
    await visitor.next()
    await visitor.page.waitForFunction(() => document.querySelector('[role=alert]'))
    assert.equal(await visitor.heading(), scene.texts.compose.title)
    await visitor.press(scene.texts.common.remove)
    await visitor.sendNow()
    const [{ files }] = await house.drops()
    assert.deepEqual(files.map(({ name }) => name), ['here.txt'])
  },
}

/** What can happen to a file of a disk. */
const happens = {
  vanishes: (path) => rmSync(path),
  shrinks: (path, content) => truncateSync(path, content.length - 1),
  'is replaced by one of the same size': (path, content) => {
    writeFileSync(`${path}.new`, randomBytes(content.length))
    renameSync(`${path}.new`, path)
  },
  'is overwritten in its place': (path, content) => writeFileSync(path, randomBytes(content.length)),
}

/** Two parts: one is stored while the other is not sealed yet. */
const LONG = 40_000_000

for (const [what, happen] of Object.entries(happens)) {
  cases[`a file that ${what} before Continue, and one between Continue and Send, is named, and nothing arrives`] = async (scene) => {
    const house = await scene.house()
    const folder = scene.folder()
    const content = randomBytes(200_000)
    for (const when of ['before', 'between']) {
      const path = join(folder, `${when}.bin`)
      writeFileSync(path, content)
      const visitor = await scene.visitor(house)
      await visitor.compose('words')
      await visitor.choose(path)
      await visitor.sees(scene.texts.inspect.limits.unknown)
      if (when === 'before') happen(path, content)
      await visitor.toReady()
      if (when === 'between') happen(path, content)
      await visitor.send()
      await visitor.sees(scene.texts.ends.changed, { name: `${when}.bin` })
      // What to do is done.
      await visitor.press(scene.texts.ends.begin)
      await visitor.press(scene.texts.common.remove)
      writeFileSync(path, content)
      await visitor.choose(path)
      await visitor.sendNow()
    }
    const drops = await house.drops()
    assert.deepEqual(drops.map(({ files }) => files.map(({ hash }) => hash)), [[hashOf(content)], [hashOf(content)]])
  }

  cases[`a file that ${what} during the upload is named, and nothing arrives`] = async (scene) => {
    const house = await scene.house()
    const path = join(scene.folder(), 'film.bin')
    const content = randomBytes(LONG)
    writeFileSync(path, content)
    const visitor = await scene.visitor(house)
    await visitor.compose()
    await visitor.choose(path)
    await visitor.toReady()
    // The line holds everything back from the third part on, until it has happened.
    const { released, isHeld } = house.line.holdBack(8_000_000)
    await visitor.send()
    await isHeld
    happen(path, content)
    released()
    await visitor.sees(scene.texts.ends.changed, { name: 'film.bin' })
    assert.deepEqual(await house.drops(), [])
  }
}

cases['a file that grows arrives as long as it was when it was chosen'] = async (scene) => {
  const house = await scene.house()
  const path = join(scene.folder(), 'log.txt')
  const content = randomBytes(LONG)
  writeFileSync(path, content)
  const visitor = await scene.visitor(house)
  await visitor.compose()
  await visitor.choose(path)
  await visitor.toReady()
  const { released, isHeld } = house.line.holdBack(8_000_000)
  await visitor.send()
  await isHeld
  appendFileSync(path, randomBytes(1_000))
  released()
  await visitor.sees(scene.texts.done.text)
  const [{ files }] = await house.drops()
  assert.deepEqual(files, [{ name: 'log.txt', size: LONG, hash: hashOf(content) }])
}
