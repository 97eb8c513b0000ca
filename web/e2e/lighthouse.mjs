// What Lighthouse says of the album and of the upload: `node e2e/lighthouse.mjs ADDRESS EMAIL
// PASSWORD` uploads painted photos and prints one figure a line; it fails where one is too low.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import lighthouse from 'lighthouse';
import { signIn } from './account.mjs';
import { openBrowser } from './household.mjs';
import { landscapes } from './landscapes.mjs';

const [base, email, password] = process.argv.slice(2);
const profile = mkdtempSync(join(tmpdir(), 'cloudalbum-lighthouse-'));
// Lighthouse opens tabs of its own, which share the session of this profile alone.
const context = await openBrowser(profile, ['--remote-debugging-port=0']);
const least = 95;
const longest = 2500;
const onlyCategories = ['performance', 'accessibility', 'best-practices'];
const low = [];

function figure(name, value, unit, good) {
  console.log(`figure web.lighthouse.${name} ${value} ${unit}`);
  if (!good) low.push(name);
}

async function look(page, address) {
  const lhr = await lookOnce(address, 1);
  for (const name of onlyCategories) {
    const score = Math.round(lhr.categories[name].score * 100);
    figure(`${page}.${name.replace('-', '_')}`, score, 'points', score >= least);
    for (const { id } of lhr.categories[name].auditRefs) {
      const { score, scoreDisplayMode, title } = lhr.audits[id];
      if (scoreDisplayMode === 'binary' && score === 0) console.error(`${page}: ${title} (${id})`);
    }
  }
  const slow = await lookOnce(address, 4);
  const paint = Math.round(slow.audits['largest-contentful-paint'].numericValue);
  figure(`${page}.slow.largest_paint`, paint, 'ms', paint <= longest);
  const score = Math.round(slow.categories.performance.score * 100);
  figure(`${page}.slow.performance`, score, 'points', true);
}

/** As Lighthouse's own desktop preset, on a processor that is slowed down so many times. */
async function lookOnce(address, cpuSlowdownMultiplier) {
  const port = Number(readFileSync(join(profile, 'DevToolsActivePort'), 'utf8').split('\n')[0]);
  const settings = {
    formFactor: 'desktop',
    throttling: { rttMs: 40, throughputKbps: 10_240, cpuSlowdownMultiplier },
    screenEmulation: { mobile: false, width: 1350, height: 940, deviceScaleFactor: 1 },
    disableStorageReset: true,
  };
  const { lhr } = await lighthouse(
    address,
    { port, logLevel: 'error' },
    { extends: 'lighthouse:default', settings: { ...settings, onlyCategories } },
  );
  return lhr;
}

try {
  const page = await context.newPage();
  await page.goto(base);
  await page.getByRole('link', { name: 'Sign in or sign up' }).click();
  await signIn(page, email, password);
  // An album without photos is the page that uploads begin from.
  await page.getByRole('heading', { name: 'Your album is empty' }).waitFor();
  await look('upload', base);
  await page.setInputFiles('#file-picker', await landscapes(page, 36));
  await page.getByRole('button', { name: 'Upload 36 photos' }).click();
  await page.getByRole('heading', { name: 'All done' }).waitFor({ timeout: 300_000 });
  await page.goto('about:blank');
  await look('album', base);
} finally {
  await context.close();
  rmSync(profile, { recursive: true, force: true });
}
if (low.length > 0) {
  console.error(`too low: ${low.join(', ')}`);
  process.exitCode = 1;
}
