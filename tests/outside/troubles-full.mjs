// A drop-box without room.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** What a store keeps for the newsroom's papers, replies and messages: files get what is beyond. */
const KEPT = 64 * 1_048_576 + 256 * 1_048_576 + 256 * 1_048_576
const HEADER = 12_288

export const cases = {
  'a full drop-box says so before the first byte, and a message alone gets through': async (scene) => {
    const house = await scene.house({ most: KEPT + 1_000_000 })
    const path = join(scene.folder(), 'film.bin')
    writeFileSync(path, randomBytes(3_000_000))
    const visitor = await scene.visitor(house)
    await visitor.compose('the short of it')
    await visitor.choose(path)
    await visitor.toReady()
    await visitor.send()
    await visitor.sees(scene.texts.ends.full)
    assert.ok(house.line.up < 100_000, `${house.line.up}`)
    assert.deepEqual([await house.drops(), house.unfinished], [[], 0])
    // What the sentence advises.
    await visitor.press(scene.texts.ends.begin)
    await visitor.press(scene.texts.common.remove)
    await visitor.sendNow()
    assert.deepEqual((await house.drops()).map(({ message, files }) => [message, files]), [['the short of it', []]])
  },

  'a drop-box that fills up in the middle is waited for, and it goes on by itself': async (scene) => {
    const house = await scene.house({ most: KEPT + 101_000_000, size: 80_000_000 })
    const path = join(scene.folder(), 'film.bin')
    const content = randomBytes(40_000_000)
    writeFileSync(path, content)
    const visitor = await scene.visitor(house)
    await visitor.compose()
    await visitor.choose(path)
    await visitor.toReady()
    const { released, isHeld } = house.line.holdBack(8_000_000)
    await visitor.send()
    await isHeld
    const other = await otherUpload(house)
    released()
    await visitor.sees(scene.texts.sending.full)
    const stored = await visitor.stored()
    assert.ok(stored > 0 && stored < content.length, `${stored}`)
    await other.goes()
    await visitor.sees(scene.texts.done.text)
    const [{ files }] = await house.drops()
    assert.deepEqual(files.map(({ name, size }) => [name, size]), [['film.bin', content.length]])
  },
}

/** Another source's upload, which takes what room there is, never ends, and goes when it is told to. */
async function otherUpload(house) {
  const sealed = readFileSync(house.sealed)
  const url = `http://127.0.0.1:${house.line.port}`
  const tus = { 'Tus-Resumable': '1.0.0', 'Content-Type': 'application/offset+octet-stream' }
  const made = await fetch(`${url}/drops`, {
    method: 'POST',
    headers: { ...tus, 'Upload-Length': String(sealed.length) },
    body: sealed.subarray(0, HEADER),
  })
  assert.equal(made.status, 201)
  const place = url + made.headers.get('location')
  const sent = await fetch(place, {
    method: 'PATCH',
    headers: { ...tus, 'Upload-Offset': String(HEADER) },
    body: sealed.subarray(HEADER, -1),
  })
  assert.equal(sent.status, 204)
  return { goes: async () => assert.equal((await fetch(place, { method: 'DELETE', headers: { 'Tus-Resumable': '1.0.0' } })).status, 204) }
}
