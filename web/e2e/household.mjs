// An album of its own for one test file: the real process on free ports, its data in a folder
// that goes with it, and a browser.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { chromium } from 'playwright-core';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** The album's program; the others of the workspace are beside it. */
export const binary = process.env.CLOUDALBUM_LOCAL ?? join(root, 'target/debug/cloudalbum-local');

/** The process, and where it is reached. */
export async function startAlbum(environment = {}) {
  const data = mkdtempSync(join(tmpdir(), 'cloudalbum-e2e-'));
  const child = spawn(binary, {
    cwd: root,
    env: {
      ...process.env,
      AWS_EC2_METADATA_DISABLED: 'true',
      CLOUDALBUM_DATA: data,
      CLOUDALBUM_ADDR: '127.0.0.1:0',
      CLOUDALBUM_AWS_ADDR: '127.0.0.1:0',
      WEB_DIR: join(root, 'web/dist'),
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = [];
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const ready = new Promise((resolve, reject) => {
    let base = '';
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (coloured) => {
        const line = stripVTControlCharacters(coloured);
        said.push(line);
        base ||= /the album is at (\S+)/.exec(line)?.[1] ?? '';
        const aws = /the AWS endpoint is at (\S+)/.exec(line)?.[1];
        if (base && aws) resolve({ base, aws });
      });
    }
    child.once('error', reject);
    void ended.then((code) => reject(new Error(`ended with ${code}: ${said.join('\n')}`)));
  });
  const addresses = await ready;
  return {
    ...addresses,
    data,
    said,
    async stop() {
      child.kill('SIGTERM');
      await ended;
      rmSync(data, { recursive: true, force: true });
    },
  };
}

/** The browser of this machine, which may reach nothing but this machine unless `args` say so. */
export const startBrowser = (args = []) => chromium.launch(program(args));

/** The same, with one profile that all its tabs share. */
export const openBrowser = (profile, args) =>
  chromium.launchPersistentContext(profile, program(args));

function program(args) {
  const candidates = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser'];
  const executablePath = candidates.find((path) => path && existsSync(path));
  if (!executablePath) throw new Error('no Chromium: install it, or name it in CHROMIUM');
  return {
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-background-networking',
      '--enable-unsafe-swiftshader',
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost',
      ...args,
    ],
  };
}
