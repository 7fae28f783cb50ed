// The golden vectors in Debian's Firefox with the settings of Tor Browser at Safer: the tests of client/page that Node
// runs, with what they ask of Node put in its place.
//
//   node vectors.mjs FIREFOX PAGE VECTORS [LEVEL]
//
// PAGE is the folder client/page, VECTORS the folder tests/vectors/v1.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { levels, withBrowser } from './browser.mjs'

const [firefox, page, vectors, level = 'safer'] = process.argv.slice(2)

/** What all pages of the drop-box are held to. */
const POLICY = "default-src 'none'; script-src 'self'; connect-src 'self'"
const HERE = '/tests/vectors/v1'

/** What the tests take from Node, as a browser has it. What is not here they may not use. */
const stands = {
  'node:test': 'export const test = (name, run) => globalThis.tests.push({ name, run })',
  'node:fs': `
    export const readFileSync = (path) => {
      const content = globalThis.files.get(path)
      if (content === undefined) throw new Error('there is no ' + path)
      return content
    }
    export const readdirSync = (path) =>
      [...globalThis.files.keys()].filter((file) => file.startsWith(path + '/')).map((file) => file.slice(path.length + 1))`,
  'node:path': `
    export const join = (...parts) => new URL(parts.filter((part) => part !== '').join('/'), 'file:///').pathname`,
  'node:assert/strict': `
    const not = (wrong, message) => { if (wrong) throw new Error(message) }
    export default {
      ok: (value, message) => not(!value, message ?? 'not ok'),
      equal: (one, other, message) => not(!Object.is(one, other), (message ?? '') + ': ' + one + ' is not ' + other),
      notEqual: (one, other, message) => not(Object.is(one, other), message ?? 'equal'),
    }`,
}

/** The entry: all files first, then the tests, then what became of them. */
const ENTRY = `
  const answer = await fetch('/files')
  globalThis.files = new Map(Object.entries(await answer.json()).map(([path, digits]) => [path, Uint8Array.fromBase64(digits)]))
  globalThis.tests = []
  await import('./tests/vectors.test.ts')
  const told = []
  for (const { name, run } of globalThis.tests) {
    try {
      await run()
      told.push({ name })
    } catch (error) {
      told.push({ name, error: error.name + ': ' + error.message })
    }
  }
  globalThis.told = told
`

async function script() {
  const { build } = createRequire(join(page, 'package.json'))('esbuild')
  const plugin = {
    name: 'stands',
    setup(build) {
      build.onResolve({ filter: /^node:/ }, ({ path }) => ({ path, namespace: 'stands' }))
      build.onLoad({ filter: /.*/, namespace: 'stands' }, ({ path }) => ({ contents: stands[path] }))
    },
  }
  const { outputFiles } = await build({
    stdin: { contents: ENTRY, resolveDir: page },
    bundle: true,
    format: 'esm',
    target: 'firefox128',
    write: false,
    plugins: [plugin],
    // The way to the vectors is ../../../tests/vectors/v1 from there.
    define: { TESTS: JSON.stringify('/client/page/tests') },
  })
  return outputFiles[0].text
}

function files(folder, under) {
  return readdirSync(folder).flatMap((name) => {
    const [path, place] = [join(folder, name), `${under}/${name}`]
    return statSync(path).isDirectory() ? files(path, place) : [[place, readFileSync(path).toString('base64')]]
  })
}

const answers = {
  '/': ['text/html', '<!DOCTYPE html><title>vectors</title><script type="module" src="/script.js"></script>'],
  '/script.js': ['text/javascript', await script()],
  '/files': ['application/json', JSON.stringify(Object.fromEntries(files(vectors, HERE)))],
}
const server = createServer(({ url }, response) => {
  const [type, content] = answers[url] ?? []
  response.writeHead(type === undefined ? 404 : 200, { 'content-type': type ?? 'text/plain', 'content-security-policy': POLICY })
  response.end(content)
})
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
const origin = `http://127.0.0.1:${server.address().port}`

try {
  await withBrowser({ firefox, preferences: levels[level], origin }, async (tab) => {
    const begun = performance.now()
    tab.on('pageerror', (error) => String(error).includes('favicon.ico') || console.log(error))
    await tab.goto(`${origin}/`)
    await tab.waitForFunction(() => globalThis.told !== undefined, { polling: 200 })
    const told = await tab.evaluate(() => globalThis.told)
    for (const { name, error } of told) console.log(error === undefined ? `ok ${name}` : `FAILED ${name}\n${error}`)
    const expected = readFileSync(join(page, 'tests/vectors.test.ts'), 'utf8').match(/^test\(/gm).length
    assert.equal(told.length, expected, 'all tests that Node runs')
    assert.ok(told.every(({ error }) => error === undefined))
    console.log(`${told.length} tests at ${level} (${((performance.now() - begun) / 1_000).toFixed(1)} s)`)
  })
} finally {
  server.close()
}
