// Debian's Firefox with the preferences of Tor Browser, at each of its three security levels.
import { launch } from 'puppeteer-core'

const torBrowser = {
  'privacy.resistFingerprinting': true,
  'browser.privatebrowsing.autostart': true,
  'dom.serviceWorkers.enabled': false,
  'beacon.enabled': false,
}

/** By Tor Browser's own names for them. */
export const levels = {
  standard: torBrowser,
  safer: {
    ...torBrowser,
    'javascript.options.ion': false,
    'javascript.options.baselinejit': false,
    'javascript.options.native_regexp': false,
    'javascript.options.asmjs': false,
    'javascript.options.wasm': false,
    'mathml.disabled': true,
    'gfx.font_rendering.graphite.enabled': false,
    'gfx.font_rendering.opentype_svg.enabled': false,
  },
  safest: {
    ...torBrowser,
    'javascript.enabled': false,
    'svg.disabled': true,
    'mathml.disabled': true,
    'gfx.font_rendering.graphite.enabled': false,
    'gfx.font_rendering.opentype_svg.enabled': false,
  },
}

/** What leads everything through a Tor client's SOCKS port, and lets pages of onions do what those of https may. */
export function throughTor(socks, onion) {
  const [host, port] = socks.split(':')
  return {
    'network.proxy.type': 1,
    'network.proxy.socks': host,
    'network.proxy.socks_port': Number(port),
    'network.proxy.socks_version': 5,
    'network.proxy.socks_remote_dns': true,
    'network.proxy.no_proxies_on': '',
    'network.proxy.allow_hijacking_localhost': true,
    'network.dns.blockDotOnion': false,
    'dom.securecontext.allowlist_onions': true,
    'dom.securecontext.allowlist': onion,
  }
}

/** Where else than at `origin` this tab asks for anything, from now on. */
export function strangersOf(page, origin) {
  const strangers = []
  page.on('request', (request) => {
    const url = request.url()
    // Firefox draws its own things with fonts that it holds as data: URLs.
    if (!url.startsWith(`${origin}/`) && !url.startsWith('data:') && !url.startsWith('blob:')) strangers.push(url)
  })
  return strangers
}

/**
 * Runs `steps` in a tab of a browser with these preferences; it is gone afterwards. The tab asks nobody but `origin` for
 * anything; for others that are opened see to it where they are.
 */
export async function withBrowser({ firefox, preferences, profile, origin, args = [], env = {} }, steps) {
  const browser = await launch({
    browser: 'firefox',
    executablePath: firefox,
    headless: true,
    args,
    extraPrefsFirefox: preferences,
    env: { ...process.env, ...env },
    // On a machine that does much else it may take more than the half minute that is given otherwise.
    timeout: 300_000,
    protocolTimeout: 600_000,
    ...(profile === undefined ? {} : { userDataDir: profile }),
  })
  try {
    const page = await browser.newPage()
    page.setDefaultTimeout(300_000)
    const strangers = strangersOf(page, origin)
    await steps(page)
    if (strangers.length > 0) throw new Error(`the page asked others: ${strangers}`)
  } finally {
    await browser.close()
  }
}
