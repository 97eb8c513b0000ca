// How an album of a lifetime is in a browser: `node e2e/library.mjs ADDRESS EMAIL PASSWORD` signs in,
// scrolls, searches and looks at the map, and prints one figure a line.
import { signIn } from './account.mjs';
import { startBrowser } from './household.mjs';

const [base, email, password] = process.argv.slice(2);
const browser = await startBrowser();
const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
page.setDefaultTimeout(60_000);
const figure = (name, value, unit) =>
  console.log(`figure web.library.${name} ${Number(value).toFixed(unit === 'ms' ? 0 : 2)} ${unit}`);

/** Milliseconds until `done`. */
async function timed(act, done) {
  const begin = performance.now();
  await act();
  await done();
  return performance.now() - begin;
}
const tile = () => page.locator('[data-photo]').first().waitFor();

await page.goto(base);
await page.getByRole('link', { name: 'Sign in or sign up' }).click();
await signIn(page, email, password);
await tile();
figure('first_photos', await timed(() => page.goto(base), tile), 'ms');
const paint = await page.evaluate(
  () => performance.getEntriesByName('first-contentful-paint')[0].startTime,
);
figure('first_paint', paint, 'ms');

// Frames as they come while the page is rolled down for ten seconds, a screen every ten frames.
const frames = await page.evaluate(
  () =>
    new Promise((resolve) => {
      const gaps = [];
      let last = performance.now();
      const begin = last;
      const step = (now) => {
        gaps.push(now - last);
        last = now;
        window.scrollBy(0, innerHeight / 10);
        if (now - begin < 10_000) requestAnimationFrame(step);
        else resolve(gaps.slice(1));
      };
      requestAnimationFrame(step);
    }),
);
frames.sort((one, other) => one - other);
figure('scroll_frames', frames.length, 'frames');
figure('scroll_frame_p50', frames[Math.floor(frames.length * 0.5)], 'ms');
figure('scroll_frame_p95', frames[Math.floor(frames.length * 0.95)], 'ms');
figure('scroll_frames_over_50_ms', frames.filter((gap) => gap > 50).length, 'frames');

// To the very end, which loads every page of the album.
const end = await timed(
  () => {},
  () =>
    page.waitForFunction(
      () => {
        window.scrollTo(0, document.documentElement.scrollHeight);
        const years = [...document.querySelectorAll('h2')].map((each) => each.textContent);
        const height = document.documentElement.scrollHeight;
        window.seen = window.seen?.height === height ? window.seen : { height, at: Date.now() };
        return years.length > 0 && Date.now() - window.seen.at > 3000;
      },
      undefined,
      { timeout: 300_000, polling: 100 },
    ),
);
figure('to_the_end', end / 1000 - 3, 's');
figure('tiles_in_the_page', await page.locator('[data-photo]').count(), 'tiles');
const session = await page.context().newCDPSession(page);
await session.send('HeapProfiler.collectGarbage');
const { usedSize } = await session.send('Runtime.getHeapUsage');
figure('script_memory', usedSize / 2 ** 20, 'MiB');
const { metrics } = await session
  .send('Performance.enable')
  .then(() => session.send('Performance.getMetrics'));
figure('nodes', metrics.find(({ name }) => name === 'Nodes').value, 'nodes');

await page.goto(base);
await tile();
const found = page.getByRole('heading', { name: /^Photos matching/ });
figure(
  'search',
  await timed(
    () => page.getByRole('searchbox').fill('wedding'),
    () => found.waitFor(),
  ),
  'ms',
);
figure(
  'map',
  await timed(
    () => page.goto(`${base}map`),
    () => page.locator('.map-face').first().waitFor(),
  ),
  'ms',
);
await browser.close();
