import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';

import type { Browser, Page } from 'puppeteer-core';

import { htmlReport } from '../../../src/bench/report/report.js';
import { browserPath, flawsOfPage, lookAs, openBrowser } from './browser.js';
import { resultOf } from './fixture.js';

const path = browserPath();
const skip = path === null ? 'no Chromium is installed' : false;

/** What only a browser can tell. */
describe('the report in a browser', { skip, timeout: 120_000 }, () => {
  let folder: string;
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];
  const requests: string[] = [];

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'vmft-report-'));
    const file = join(folder, 'report.html');
    writeFileSync(file, await htmlReport(resultOf(1)));
    browser = await openBrowser(path ?? '');
    page = await browser.newPage();
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('request', (request) => requests.push(request.url().slice(0, 80)));
    await page.goto(pathToFileURL(file).href);
  });

  after(async () => {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('complains of nothing and fetches nothing', () => {
    assert.deepEqual(complaints, []);
    assert.deepEqual(
      requests.filter((url) => !url.startsWith('data:')),
      [pathToFileURL(join(folder, 'report.html')).href.slice(0, 80)],
    );
  });

  for (const scheme of ['light', 'dark'] as const) {
    for (const widthPx of [1280, 800, 360]) {
      test(`can be read in ${scheme}, ${widthPx} pixels wide`, async () => {
        await lookAs(page, scheme, widthPx);
        assert.deepEqual(await page.evaluate(flawsOfPage), []);
      });
    }
  }

  test('is another page in the dark', async () => {
    const ground = (): Promise<unknown> =>
      page.evaluate('getComputedStyle(document.body).backgroundColor');
    await lookAs(page, 'light', 1280);
    const light = await ground();
    await lookAs(page, 'dark', 1280);
    assert.notEqual(await ground(), light);
  });

  test('its check finds what cannot be read', async () => {
    await lookAs(page, 'light', 360);
    await page.evaluate(`(() => {
      const bad = document.createElement('p');
      bad.id = 'bad';
      bad.style = 'color:#ccc;font-size:6px;width:50rem;max-width:none';
      bad.textContent = 'pale, small and wide';
      document.body.append(bad);
    })()`);
    const flaws = (await page.evaluate(flawsOfPage)) as string[];
    await page.evaluate(`document.getElementById('bad').remove()`);
    assert.deepEqual(
      flaws.map((flaw) => flaw.replace(/[\d.]+/g, 'N')),
      [
        'the page scrolls sideways: N',
        'N px is small: pale, small and wide',
        'contrast N: pale, small and wide',
      ],
    );
  });

  test('can be printed', async () => {
    const pdf = await page.pdf({ preferCSSPageSize: true });
    assert.equal(Buffer.from(pdf.subarray(0, 5)).toString(), '%PDF-');
    await page.emulateMediaType('print');
    const ground: unknown = await page.evaluate('getComputedStyle(document.body).backgroundColor');
    await page.emulateMediaType('screen');
    assert.equal(ground, 'rgb(255, 255, 255)');
  });
});
