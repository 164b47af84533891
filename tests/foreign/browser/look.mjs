// Opens pages in Chromium, one question a line: JSON in, JSON out.
//
// In:  {"file": path, "width": px, "scheme": "light" | "dark", "media": "screen" | "print", "script": bool,
//      "screenshot": path | null, "ask": expression | null}
// Out: {"overflow": px, "console": [text…], "requests": [url…], "violations": [text…], "answer": value}
//
// Modules are found from the folder in BROWSER_MODULES; Chromium is unpacked into the system's folder for temporary
// files, which the caller sets. The checker is licensed under the MPL, and only ever runs in tests.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'

const require = createRequire(`${process.env.BROWSER_MODULES}/x.js`)
const load = (name) => import(pathToFileURL(require.resolve(name)))
const packed = (await load('@sparticuz/chromium')).default
const { chromium } = (await load('playwright-core')).default
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8')

packed.setGraphicsMode = false
const browser = await chromium.launch({
  executablePath: await packed.executablePath(),
  args: ['--no-sandbox', '--disable-gpu', '--font-render-hinting=none', '--hide-scrollbars'],
  headless: true,
})

// On a busy machine Chromium sometimes answers "Unable to capture screenshot", and draws the page when asked again.
async function draw(page, path, attempts = 3) {
  try {
    await page.screenshot({ path })
  } catch (error) {
    if (attempts === 1) throw error
    await draw(page, path, attempts - 1)
  }
}

async function look({ file, width, scheme, media, script, screenshot, ask }) {
  const options = { viewport: { width, height: 900 }, colorScheme: scheme, javaScriptEnabled: script ?? true }
  const context = await browser.newContext(options)
  try {
    const page = await context.newPage()
    const told = []
    const requests = []
    page.on('console', (it) => told.push(`${it.type()}: ${it.text()}`))
    page.on('pageerror', (it) => told.push(`error: ${it.message}`))
    page.on('request', (it) => requests.push(it.url()))
    await page.emulateMedia({ media: media ?? 'screen', colorScheme: scheme })
    await page.goto(pathToFileURL(file).href)
    const overflow = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    )
    const answer = ask ? await page.evaluate(ask) : null
    if (screenshot) await draw(page, screenshot)
    let violations = []
    if (script ?? true) {
      // Evaluated by the debugger, which the content policy of the page does not bind.
      await page.evaluate(axe)
      const found = await page.evaluate(() => axe.run(document, { resultTypes: ['violations'] }))
      violations = found.violations.map(
        (it) => `${it.id}: ${it.help}: ${it.nodes.slice(0, 5).map((node) => node.html.slice(0, 160)).join(' | ')}`,
      )
    }
    return { overflow, console: told, requests, violations, answer }
  } finally {
    await context.close()
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  let answer
  try {
    answer = await look(JSON.parse(line))
  } catch (error) {
    answer = { error: String(error) }
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`)
}
await browser.close()
