import { existsSync, readFileSync } from 'node:fs'

// package.json stands two folders up from dist/src, three from the program's parts in dist/src/cli, one from src.
const file = ['../package.json', '../../package.json', '../../../package.json'].map((path) => new URL(path, import.meta.url)).find((url) => existsSync(url))

/** The version of this package. */
export const version: string = file === undefined ? '0.0.0' : JSON.parse(readFileSync(file, 'utf8')).version
