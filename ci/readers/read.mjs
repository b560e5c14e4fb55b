// Opens one of our files with what people open it with, and prints what that saw as JSON.
//
//   node read.mjs pprof|heapsnapshot|sarif FILE
//   node read.mjs speedscope FILE
//   node read.mjs page FILE [FOLDER NAME]     screenshots of the page into FOLDER, as NAME-WIDTH-SCHEME.png
//   node read.mjs opened FILE     milliseconds until the page is there, twelve times
//   node read.mjs part FILE PNG SELECTOR [WIDTH [HEIGHT]]     a screenshot of what SELECTOR finds first, HEIGHT of it at most
//
// `npm ci --ignore-scripts` brings the programs; Chromium is the system's.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';

// A machine that has a lot to do takes its time; what hangs is ended by whoever called us.
const PATIENCE = 180000;
const require = createRequire(import.meta.url);
const CHROMIUM = () => execFileSync(path.join(import.meta.dirname, 'chromium'), { encoding: 'utf8' }).trim();
const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
];

function pprof(file) {
  const { Profile } = require('pprof-format');
  const profile = Profile.decode(gunzipSync(readFileSync(file)));
  const text = (index) => profile.stringTable.strings[Number(index)];
  const functions = new Map(profile.function.map((one) => [Number(one.id), one]));
  const locations = new Map(profile.location.map((one) => [Number(one.id), one]));
  const named = (id) => {
    const line = locations.get(Number(id)).line[0];
    return `${text(functions.get(Number(line.functionId)).name)}:${line.line}`;
  };
  const most = profile.sample.reduce((a, b) => (Number(b.value[0]) > Number(a.value[0]) ? b : a));
  return {
    types: profile.sampleType.map((one) => `${text(one.type)}/${text(one.unit)}`),
    samples: profile.sample.reduce((sum, one) => sum + Number(one.value[0]), 0),
    labels: [...new Set(profile.sample.flatMap((one) => one.label.map((label) => text(label.key))))],
    most: most.locationId.map(named),
  };
}

async function heapsnapshot(file) {
  const { getFullHeapFromFile } = require('@memlab/heap-analysis');
  const quiet = console.log;
  console.log = () => {};
  const heap = await getFullHeapFromFile(file);
  console.log = quiet;
  const byName = new Map();
  let [edges, strings, unreached, bytes] = [0, 0, 0, 0];
  heap.nodes.forEach((node) => {
    byName.set(node.name, (byName.get(node.name) ?? 0) + 1);
    edges += node.edge_count;
    bytes += node.self_size;
    strings += node.type === 'string' ? 1 : 0;
    unreached += node.pathEdge == null ? 1 : 0;
  });
  const asked = process.argv[4];
  let way = [];
  heap.nodes.forEach((node) => {
    if (way.length === 0 && node.name === asked && node.pathEdge) {
      for (let at = node; at && at.pathEdge && way.length < 40; at = at.pathEdge.fromNode) {
        way.unshift(String(at.pathEdge.name_or_index));
      }
    }
  });
  return { nodes: heap.nodes.length, edges, bytes, strings, unreached, asked: byName.get(asked) ?? 0, way };
}

function sarif(file) {
  const folder = mkdtempSync(path.join(tmpdir(), 'bloathound-sarif-'));
  try {
    const out = path.join(folder, 'validated.sarif');
    const program = path.join(path.dirname(require.resolve('@microsoft/sarif-multitool-linux/package.json')), 'Sarif.Multitool');
    let told = '';
    try {
      const environment = { ...process.env, DOTNET_SYSTEM_GLOBALIZATION_INVARIANT: '1' };
      told = execFileSync(program, ['validate', file, '--output', out, '--log', 'ForceOverwrite'], { env: environment, encoding: 'utf8' });
    } catch (error) {
      told = `${error.stdout}${error.stderr}`;
    }
    const log = JSON.parse(readFileSync(out, 'utf8').replace(/^\uFEFF/, ''));
    const results = log.runs.flatMap((run) => run.results ?? []);
    const errors = results.filter((one) => (one.level ?? 'warning') === 'error');
    return { errors: errors.map((one) => `${one.ruleId}: ${JSON.stringify(one.message)}`), told: told.slice(0, 400) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function withBrowser(work) {
  const { chromium } = require('playwright-core');
  const browser = await chromium.launch({ executablePath: CHROMIUM(), args: FLAGS, headless: true, timeout: PATIENCE });
  try {
    return await work(browser);
  } finally {
    await browser.close();
  }
}

async function speedscope(file) {
  // As the package's own command does it: its page, with a script that hands it the file.
  const page_of = path.join(path.dirname(require.resolve('speedscope/package.json')), 'dist/release/index.html');
  const folder = mkdtempSync(path.join(tmpdir(), 'bloathound-speedscope-'));
  try {
    const script = path.join(folder, 'profile.js');
    const content = readFileSync(file).toString('base64');
    writeFileSync(script, `speedscope.loadFileFromBase64(${JSON.stringify(path.basename(file))}, ${JSON.stringify(content)})`);
    return await withBrowser(async (browser) => {
      const page = await browser.newPage({ viewport: { width: 1200, height: 800 } });
      const errors = [];
      page.on('pageerror', (error) => errors.push(String(error)));
      await page.goto(`${pathToFileURL(page_of)}#localProfilePath=${script}`);
      await page.waitForFunction(() => /Sandwich/.test(document.body.innerText), null, { timeout: PATIENCE });
      await page.keyboard.press('3');
      await page.waitForSelector('table tbody tr, table tr', { timeout: PATIENCE });
      return { errors, text: (await page.evaluate(() => document.body.innerText)).slice(0, 4000) };
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function page(file, folder, name) {
  return withBrowser(async (browser) => {
    const seen = { console: [], dialogs: [], requests: [], wide: [], load_ms: 0, ran: false, title: '' };
    for (const [width, scheme] of [[390, 'light'], [390, 'dark'], [1280, 'light'], [1280, 'dark'], [1600, 'light']]) {
      const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: scheme });
      const page = await context.newPage();
      page.setDefaultTimeout(PATIENCE);
      page.on('console', (message) => seen.console.push(message.text()));
      page.on('pageerror', (error) => seen.console.push(String(error)));
      page.on('dialog', async (dialog) => { seen.dialogs.push(dialog.message()); await dialog.dismiss(); });
      page.on('request', (request) => seen.requests.push(request.url().slice(0, 200)));
      const begun = performance.now();
      await page.goto(String(pathToFileURL(file)));
      seen.load_ms = Math.max(seen.load_ms, Math.round(performance.now() - begun));
      seen.title = await page.title();
      const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      if (over > 0) seen.wide.push(`${width}: ${over}`);
      seen.ran ||= await page.evaluate(() => Boolean(window.bloathoundRan) || document.querySelectorAll('script').length > 0);
      if (folder) await page.screenshot({ path: path.join(folder, `${name}-${width}-${scheme}.png`), fullPage: true });
      await context.close();
    }
    // By keyboard: the first thing that Tab reaches is the way past the head, and levels of a treemap open by Enter.
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    await page.goto(String(pathToFileURL(file)));
    await page.keyboard.press('Tab');
    seen.first = await page.evaluate(() => document.activeElement?.className ?? '');
    const tile = page.locator('.level.first svg a').first();
    if (await tile.count()) {
      await tile.focus();
      await page.keyboard.press('Enter');
      seen.opened = await page.evaluate(() => [location.hash, ...[...document.querySelectorAll('.level')]
        .filter((one) => getComputedStyle(one).display !== 'none').map((one) => one.id)]);
    }
    return seen;
  });
}

async function opened(file) {
  return withBrowser(async (browser) => {
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    page.setDefaultTimeout(PATIENCE);
    const all = [];
    for (let times = 0; times < 12; times += 1) {
      const begun = performance.now();
      await page.goto(String(pathToFileURL(file)));
      all.push(Math.round(performance.now() - begun));
    }
    return { opened_ms: all.sort((a, b) => a - b) };
  });
}

async function part(file, png, selector, width = '760', height = '2000') {
  return withBrowser(async (browser) => {
    const page = await browser.newPage({ viewport: { width: Number(width), height: 900 } });
    await page.goto(String(pathToFileURL(file)));
    const box = await page.locator(selector).first().boundingBox();
    await page.screenshot({ path: png, fullPage: true, clip: { ...box, height: Math.min(box.height, Number(height)) } });
    return { png };
  });
}

const [kind, file, ...rest] = process.argv.slice(2);
const kinds = { pprof, heapsnapshot, sarif, speedscope, page, opened, part };
console.log(JSON.stringify(await kinds[kind](path.resolve(file), ...rest)));
process.exit(0);
