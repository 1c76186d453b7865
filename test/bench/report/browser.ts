/** A browser of this machine, to look at a page with. */

import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

import { launch, type Browser, type Page } from 'puppeteer-core';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** Null: none is installed. */
export function browserPath(): string | null {
  const folders = (process.env['PATH'] ?? '').split(':').filter((folder) => folder !== '');
  const paths = folders.flatMap((folder) => names.map((name) => join(folder, name)));
  return paths.find(isExecutable) ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export function openBrowser(executablePath: string): Promise<Browser> {
  return launch({
    executablePath,
    timeout: 60_000,
    protocolTimeout: 60_000,
    // Its sandbox does not work for root.
    args: ['--disable-gpu', ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])],
  });
}

export type ColorScheme = 'light' | 'dark';

export async function lookAs(page: Page, scheme: ColorScheme, widthPx: number): Promise<void> {
  await page.setViewport({ width: widthPx, height: 900 });
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
}

/** What a person could not read or would have to search for, each in a line. Runs in the page. */
export const flawsOfPage = `(() => {
  const flaws = [];
  const channels = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const luminance = ([red, green, blue]) => {
    const linear = (value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    };
    return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
  };
  const contrast = (one, other) => {
    const [bright, dim] = [luminance(one), luminance(other)].sort((a, b) => b - a);
    return (bright + 0.05) / (dim + 0.05);
  };
  const ground = (element) => {
    for (let at = element; at !== null; at = at.parentElement) {
      const colour = channels(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const visible = (element) => {
    const box = element.getBoundingClientRect();
    return box.width > 1 && box.height > 1;
  };
  const view = document.documentElement;
  if (view.scrollWidth > view.clientWidth) flaws.push('the page scrolls sideways: ' + view.scrollWidth);
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim();
    const element = walker.currentNode.parentElement;
    if (text === '' || element.closest('title') !== null || !visible(element)) continue;
    const { color, fill, fontSize } = getComputedStyle(element);
    const drawn = element.closest('svg');
    const scale = drawn === null ? 1 : drawn.getBoundingClientRect().width / drawn.viewBox.baseVal.width;
    const sizePx = parseFloat(fontSize) * scale;
    if (sizePx < 10.5) flaws.push(sizePx.toFixed(1) + ' px is small: ' + text);
    const ratio = contrast(channels(drawn === null ? color : fill), ground(element));
    if (ratio < 4.5) flaws.push('contrast ' + ratio.toFixed(1) + ': ' + text);
  }
  for (const figure of document.querySelectorAll('figure')) {
    const drawings = [...figure.querySelectorAll('svg')].filter(visible);
    if (drawings.length !== 1) flaws.push(drawings.length + ' drawings: ' + figure.innerText);
    for (const drawing of drawings) {
      const frame = drawing.getBoundingClientRect();
      const texts = [...drawing.querySelectorAll('text')].map((text) => ({
        box: text.getBoundingClientRect(),
        text: text.textContent,
      }));
      for (const { box, text } of texts) {
        if (box.left < frame.left - 1 || box.right > frame.right + 1 || box.bottom > frame.bottom + 1) {
          flaws.push('cut off: ' + text);
        }
      }
      texts.forEach((one, index) => {
        for (const other of texts.slice(index + 1)) {
          const across = Math.min(one.box.right, other.box.right) - Math.max(one.box.left, other.box.left);
          const down = Math.min(one.box.bottom, other.box.bottom) - Math.max(one.box.top, other.box.top);
          if (across > 1 && down > 3) flaws.push('on top of each other: ' + one.text + ', ' + other.text);
        }
      });
    }
  }
  return flaws;
})()`;
