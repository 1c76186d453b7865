import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../..', import.meta.url));

/** A page of documentation, its path relative to the root. */
export interface Document {
  readonly path: string;
  readonly text: string;
  readonly codeBlocks: readonly CodeBlock[];
  /** The text without its code blocks. */
  readonly prose: string;
}

export interface CodeBlock {
  readonly language: string;
  readonly code: string;
}

/** Every page: those of docs/, and the Markdown files at the root. */
export function documents(): Document[] {
  return [...markdownIn('.'), ...markdownIn('docs')].map((path) => {
    const text = readFileSync(join(root, path), 'utf8');
    const fence = /^```(\w*)\n([\s\S]*?)^```$/gm;
    const codeBlocks = [...text.matchAll(fence)].map(([, language = '', code = '']) => ({
      language,
      code,
    }));
    return { path, text, codeBlocks, prose: text.replace(fence, '') };
  });
}

export function document(path: string): Document {
  const found = documents().find((page) => page.path === path);
  if (found === undefined) throw new Error(`there is no page ${path}`);
  return found;
}

/** What a page shows as code: its blocks (lines continued with a backslash joined), and what stands between backticks. */
export function codeOf({ codeBlocks, prose }: Document): string[] {
  const blocks = codeBlocks.flatMap(({ code }) => code.replace(/\\\n\s*/g, ' ').split('\n'));
  const inline = [...prose.matchAll(/`([^`]+)`/g)].map(([, code = '']) =>
    code.replace(/\s+/g, ' '),
  );
  return [...blocks, ...inline];
}

function markdownIn(folder: string): string[] {
  return readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .sort()
    .map((name) => join(folder, name));
}
