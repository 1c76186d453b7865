import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** This file runs as dist/src/cli/project-paths.js. */
export const projectRoot = fileURLToPath(new URL('../../..', import.meta.url));
export const mainScript = fileURLToPath(new URL('./main.js', import.meta.url));
export const imagesFolder = join(projectRoot, '.cache', 'images');
